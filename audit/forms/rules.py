"""What is well-formed about legal entities and an institution's own regimes."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from audit.forms.regimes import YES_NO, Codes
from audit.models import Nis2Status
from audit.regimes import shipped
from audit.regimes.errors import RegimeRefused


class EntityForm(forms.Form):
    """A legal entity. `seen` is the version that the reader saw, 0 for a new one."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    name = forms.CharField(max_length=200, label="Legal name")
    lei = forms.CharField(max_length=20, required=False, label="LEI", help_text="20 characters, ISO 17442.")
    types = forms.MultipleChoiceField(required=False, label="Kinds and licences", widget=forms.CheckboxSelectMultiple)
    home_state = forms.CharField(max_length=2, required=False, label="Home state", help_text="Code of two letters: DE.")
    other_states = Codes(
        max_length=300, required=False, label="Other states", help_text="Where it also does business: FR, IT."
    )
    zone = forms.CharField(
        max_length=64,
        label="Time zone",
        help_text="In whose days its limits end: Europe/Berlin.",
        initial="Europe/Berlin",
    )
    country = forms.CharField(
        max_length=2, label="Public holidays of", help_text="Code of the country: DE.", initial="DE"
    )
    subdivision = forms.CharField(
        max_length=10, required=False, label="Region of the holidays", help_text="As BE for Berlin."
    )
    days_off = Codes(max_length=2_000, required=False, label="Further days off", help_text="Dates such as 2026-12-24.")
    currency = forms.CharField(max_length=3, label="Reporting currency", initial="EUR")
    nis2 = forms.ChoiceField(required=False, choices=Nis2Status.choices, label="NIS2")
    significant = forms.ChoiceField(
        required=False, choices=YES_NO, widget=forms.RadioSelect, label="Designated as significant or systemic?"
    )
    count_home_state = forms.BooleanField(
        required=False, initial=True, label="The home Member State counts for the geographical spread",
        help_text="The text leaves it open; to count it is the careful reading.",
    )  # fmt: skip
    parent_name = forms.CharField(max_length=200, required=False, label="Ultimate parent")
    parent_lei = forms.CharField(max_length=20, required=False, label="LEI of the ultimate parent")
    services = forms.MultipleChoiceField(required=False, label="Its services", widget=forms.CheckboxSelectMultiple)
    teams = forms.MultipleChoiceField(
        required=False, label="Teams whose services are its", widget=forms.CheckboxSelectMultiple
    )
    is_active = forms.BooleanField(required=False, initial=True, label="In use")

    def __init__(self, data: Any, *, initial: dict[str, Any], catalog: Mapping[str, Mapping[str, str]]) -> None:
        super().__init__(data, initial=initial)
        self.fields["types"].choices = list(shipped.terms().types.items())  # type: ignore[attr-defined]
        for name in ("services", "teams"):
            there = {**{slug: f"{slug} (gone)" for slug in initial.get(name, [])}, **catalog[name]}
            self.fields[name].choices = sorted(there.items(), key=lambda pair: pair[1].lower())  # type: ignore[attr-defined]

    def clean_home_state(self) -> str:
        return str(self.cleaned_data["home_state"]).upper()

    def clean_other_states(self) -> list[str]:
        return [code.upper() for code in self.cleaned_data["other_states"]]

    def clean_significant(self) -> bool | None:
        return {"yes": True, "no": False}.get(self.cleaned_data["significant"])

    @property
    def said(self) -> dict[str, Any]:
        """What the service takes."""
        return {name: value for name, value in self.cleaned_data.items() if name != "seen"}


class AppliesForm(forms.Form):
    """A person's word on whether a regime applies."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    answer = forms.ChoiceField(
        choices=[("yes", "It applies"), ("no", "It doesn’t apply"), ("rule", "As the rule says")],
        widget=forms.RadioSelect, label="Your decision",
    )  # fmt: skip
    reason = forms.CharField(
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Reason",
        error_messages={"required": "Give the reason, in a sentence."},
    )


class ProposalForm(forms.Form):
    """The text of an own regime, and why it is changed."""

    text = forms.CharField(
        label="Text", strip=False, max_length=40_000, error_messages={"required": "Write what the regime says."},
        widget=forms.Textarea(attrs={"rows": 24, "class": "mono", "spellcheck": "false", "wrap": "off"}),
    )  # fmt: skip
    note = forms.CharField(
        max_length=500, widget=forms.Textarea(attrs={"rows": 2}), label="Why it is changed",
        help_text="The second person reads this first.", error_messages={"required": "Say why, in a sentence."},
    )  # fmt: skip

    def refuse_text(self, error: RegimeRefused) -> None:
        """Every mistake of the text, with its line."""
        self.add_error("text", ValidationError(error.problems))


class RulingForm(forms.Form):
    """A second person's word on a version."""

    verdict = forms.ChoiceField(
        choices=[("accept", "Put it in force"), ("refuse", "Refuse it")],
        widget=forms.RadioSelect,
        label="Your decision",
    )
    reason = forms.CharField(
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Reason",
        help_text="Needed to refuse it.",
    )
