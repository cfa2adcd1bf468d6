"""What is well-formed in filings: a section of the report as a form, and what a sender says."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from audit.filings.editing import COMPUTED, LONGEST_REASON
from audit.filings.errors import BadValue
from audit.filings.exports.report import SCALES
from audit.filings.model import Fact, Field, Form, Kind, name_of
from audit.filings.moving import LONGEST_LINE
from audit.filings.values import as_typed, parse, parse_fact

ANSWERS = [("", "Not known"), ("yes", "Yes"), ("no", "No")]
REASON_HINT = "Kept as evidence, with your name."
HINTS = {
    Kind.DATETIME: "In UTC, such as 2026-11-21T09:30:00Z.",
    Kind.DURATION: "Days:hours:minutes, such as 0:03:16.",
    Kind.PERCENT: "A number with one decimal, such as 12.5.",
    Kind.MONEY: "In whole units of the reporting currency, such as 180000.50; the files turn it into thousands.",
    Kind.STRINGS: "One a line.",
    Kind.LEIS: "One a line, in the order of the names.",
    Kind.PHONE: "With its international prefix, such as +49 69 1234567.",
}


class SectionForm(forms.Form):
    """One section of a report. After is_valid(), `said` is key -> value for editing.change()."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    reason = forms.CharField(
        label="Where these values come from",
        required=False,
        max_length=LONGEST_REASON,
        help_text=f"Needed when you change one. {REASON_HINT}",
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    supports = forms.CharField(
        label="Entries that bear them out",
        required=False,
        max_length=400,
        help_text="Numbers of entries of the incident's evidence stream, such as 3, 17.",
    )

    def __init__(
        self, *args: Any, form: Form, fields: Sequence[Field], facts: Sequence[Fact], values: dict[str, Any],
        **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.form, self.asked, self.facts = form, fields, facts
        self.said: dict[str, Any] = {}
        own: dict[str, forms.Field] = {}
        for fact in facts:
            answer = {True: "yes", False: "no"}.get(values.get(fact.key), "")  # type: ignore[arg-type]
            own[name_of(fact.key)] = _choice(fact.name, ANSWERS, initial=answer)
        for one in fields:
            own[name_of(one.id)] = _field(form, one, as_typed(one, values.get(one.id)))
        self.fields = {**own, **self.fields}

    def clean(self) -> dict[str, Any]:
        """Every value as it would be stored; one that can't be is an error of its field."""
        cleaned = super().clean() or {}
        for fact in self.facts:
            self._take(fact.key, lambda said, key=fact.key: parse_fact(key, said), cleaned)
        for one in self.asked:
            self._take(one.id, lambda said, one=one: parse(self.form, one, said), cleaned)
        return cleaned

    def _take(self, key: str, read: Any, cleaned: dict[str, Any]) -> None:
        name = name_of(key)
        if name not in cleaned:
            return  # refused already
        try:
            self.said[key] = read(cleaned[name])
        except BadValue as error:
            self.add_error(name, f"{error.message[:1].upper()}{error.message[1:]}.")

    def clean_supports(self) -> list[int]:
        """The numbers of the entries."""
        text = self.cleaned_data["supports"].strip()
        if not re.fullmatch(r"(\d{1,9}([\s,]+\d{1,9})*)?", text):
            raise forms.ValidationError("Numbers are expected, such as 3, 17.")
        return [int(part) for part in re.split(r"[\s,]+", text) if part]


def _choice(label: str, choices: Iterable[tuple[str, str]], *, initial: Any, hint: str = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=list(choices), initial=initial, required=False, widget=forms.RadioSelect, help_text=hint
    )


def _field(form: Form, one: Field, initial: Any) -> forms.Field:
    """The widget that the kind of the field asks for."""
    label, hint = f"{one.id} {one.name}", " ".join(part for part in (one.description, HINTS.get(one.kind, "")) if part)
    if one.id.startswith("c"):
        label = one.name
    codes = [(code.code, code.label) for code in form.choices(one)]
    told: dict[str, Any] = {"label": label, "help_text": hint, "initial": initial, "required": False}
    match one.kind:
        case Kind.BOOLEAN:
            return _choice(label, [("", "Not filled in"), *ANSWERS[1:]], initial=initial, hint=hint)
        case Kind.CHOICE:
            return forms.ChoiceField(choices=[("", "Not filled in"), *codes], disabled=one.id in COMPUTED, **told)
        case Kind.MULTICHOICE:
            return forms.MultipleChoiceField(choices=codes, widget=forms.CheckboxSelectMultiple, **told)
        case Kind.TEXT | Kind.STRINGS | Kind.LEIS:
            return forms.CharField(widget=forms.Textarea(attrs={"rows": 4 if one.kind == Kind.TEXT else 3}), **told)
    return forms.CharField(**told)


class NewFilingForm(forms.Form):
    """Which report, of whom, about what."""

    stream = forms.ChoiceField(label="About", error_messages={"required": "Choose what the report is about."})
    report = forms.ChoiceField(label="Report", error_messages={"required": "Choose a report."})
    entity = forms.ChoiceField(
        label="Entity",
        help_text="Whose duty it is.",
        error_messages={"required": "Choose the entity that owes the report."},
    )

    def __init__(self, *args: Any, streams: Any, reports: Any, entities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("stream", streams), ("report", reports), ("entity", entities)):
            self.fields[name].choices = [("", "Choose"), *choices]  # type: ignore[attr-defined]


class ReasonForm(forms.Form):
    """A sentence of reason."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        help_text=REASON_HINT,
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class FilesForm(forms.Form):
    """How the files are written."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    scale = forms.ChoiceField(label="Amounts", choices=list(SCALES.items()), widget=forms.RadioSelect)
    schema = forms.ChoiceField(label="Version of the authority's schema", required=False)

    def __init__(self, *args: Any, schemas: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["schema"].choices = [(each, each) for each in schemas or ("",)]  # type: ignore[attr-defined]


class SeenForm(forms.Form):
    """The version that was read."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class SubmitForm(forms.Form):
    """What the sender says, once it was sent."""

    at = forms.DateTimeField(
        label="Sent at",
        help_text="In UTC, such as 2026-11-21 09:30.",
        error_messages={"required": "Say when it was sent.", "invalid": "A time such as 2026-11-21 09:30 is expected."},
    )
    channel = forms.CharField(
        label="Where and how",
        max_length=LONGEST_LINE,
        help_text="Such as: portal of the authority, form DORA incident.",
        error_messages={"required": "Say where and how it was sent."},
    )
    file = forms.ChoiceField(label="Which file", required=False, help_text="Its SHA-256 is put on record.")
    reference = forms.CharField(
        label="Reference of the authority",
        required=False,
        max_length=LONGEST_LINE,
        help_text="As the authority writes it; it can be added with the acknowledgement.",
    )

    def __init__(self, *args: Any, files: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [*((form, form.upper()) for form in files), ("", "None of them: it was typed in")]
        self.fields["file"].choices = choices  # type: ignore[attr-defined]


class AcknowledgeForm(forms.Form):
    """What the authority answered."""

    at = forms.DateTimeField(
        label="Acknowledged at",
        help_text="In UTC, such as 2026-11-21 09:45.",
        error_messages={"required": "Say when.", "invalid": "A time such as 2026-11-21 09:45 is expected."},
    )
    reference = forms.CharField(label="Reference of the authority", required=False, max_length=LONGEST_LINE)
