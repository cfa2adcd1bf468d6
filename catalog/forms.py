"""What is well-formed: signing in, filtering the services, uploading catalog files."""

import json
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from catalog.models import LONGEST_ADDRESS, Team
from catalog.states import Health, ServiceKind
from catalog.yaml_text import LARGEST_FILE

MOST_FILES = 20
LONGEST_CREDENTIAL = 16_000


class SignInForm(forms.Form):
    """A user name and a password. Whether they belong together is another question."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = forms.CharField(
        label="Password",
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class PasswordForm(forms.Form):
    """One's own password, given again."""

    password = forms.CharField(
        label="Password",
        max_length=1_000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


class CodeField(forms.CharField):
    """Digits as people type them: blanks and dashes are let fall."""

    def __init__(self, **more: Any) -> None:
        wanted = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}
        super().__init__(max_length=40, widget=forms.TextInput(attrs=wanted), **more)

    def clean(self, value: Any) -> str:
        code: str = super().clean(value)
        return "".join(each for each in code if each.isalnum())


class CredentialField(forms.CharField):
    """What the browser answers for a passkey: JSON, put there by factor.js."""

    def __init__(self, **more: Any) -> None:
        super().__init__(max_length=LONGEST_CREDENTIAL, widget=forms.HiddenInput, **more)

    def clean(self, value: Any) -> dict[str, Any]:
        text = super().clean(value)
        try:
            said = json.loads(text) if text else {}
        except (ValueError, RecursionError):
            said = None
        if not isinstance(said, dict):
            raise forms.ValidationError("The browser's answer can't be read. Try again.")
        return said


class FactorForm(forms.Form):
    """A code, or a passkey's answer."""

    code = CodeField(label="Code", required=False)
    credential = CredentialField(required=False)

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        if not self.errors and not said.get("code") and not said.get("credential"):
            self.add_error("code", "Give a code.")
        return said


class AppForm(forms.Form):
    """The first code of an authenticator app."""

    code = CodeField(label="Code that the app shows", error_messages={"required": "Give the six digits."})


class PasskeyForm(forms.Form):
    """A new passkey and what its owner calls it."""

    name = forms.CharField(
        label="What you call it",
        max_length=60,
        help_text="So that you know it again: “Work laptop”, “Blue key”.",
        error_messages={"required": "Give it a name."},
    )
    credential = CredentialField(error_messages={"required": "The browser gave no passkey. Try again."})


class ServiceFilter(forms.Form):
    """The filter row above the services; its state is the query string. What isn't valid filters nothing."""

    q = forms.CharField(label="Name", required=False, max_length=80, widget=forms.TextInput(attrs={"type": "search"}))
    team = forms.ModelChoiceField(Team.objects.none(), required=False, to_field_name="slug", empty_label="All")
    kind = forms.ChoiceField(choices=[("", "All"), *ServiceKind.choices], required=False)
    health = forms.ChoiceField(choices=[("", "All"), *Health.choices], required=False)


class FilesInput(forms.ClearableFileInput):
    """Takes several files at once."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """Several files, each within the limit of the import."""

    widget = FilesInput

    def clean(self, data: Any, initial: Any = None) -> "list[UploadedFile[Any]]":
        files = data if isinstance(data, list) else [data] if data else []
        if len(files) > MOST_FILES:
            raise forms.ValidationError(f"{len(files)} files were sent; at most {MOST_FILES} are taken at once.")
        for each in files:
            if each.size > LARGEST_FILE:
                raise forms.ValidationError(f"{each.name} has {each.size:,} bytes; the limit is {LARGEST_FILE:,}.")
        cleaned: list[UploadedFile[Any]] = [super(FilesField, self).clean(each, initial) for each in files or [None]]
        return cleaned


class ImportForm(forms.Form):
    """Files to import together."""

    catalog_files = FilesField(
        label="Catalog files",
        error_messages={"required": "Choose at least one file."},
        help_text=f"catalog-info.yaml of Backstage, one or several, up to {LARGEST_FILE // 1_048_576} MiB each.",
        widget=FilesInput(attrs={"accept": ".yaml,.yml"}),
    )


class TypedOnce(forms.TextInput):
    """A field whose content is never sent back, also not when the form is shown again with an error."""

    def format_value(self, value: Any) -> None:
        return None


class ContactPointForm(forms.Form):
    """An address at which somebody wants to be reached. Whether it can be one is the channel's question."""

    address = forms.CharField(
        label="Address",
        max_length=LONGEST_ADDRESS,
        help_text="An e-mail address, the webhook of a chat as the service shows it, or an address such as "
        "pagerduty://key@key. It is kept sealed; nobody is shown it again.",
        widget=TypedOnce(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    label = forms.CharField(
        label="Name",
        max_length=60,
        help_text="So that you know it in your list: On-call phone",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
