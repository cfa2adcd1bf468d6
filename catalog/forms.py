"""What is well-formed: signing in, filtering the services, uploading catalog files."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile

from catalog.models import Team
from catalog.states import Health, ServiceKind
from catalog.yaml_text import LARGEST_FILE

MOST_FILES = 20


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
