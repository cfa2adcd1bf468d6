"""What is well-formed about worksheets, decisions, moments and clocks."""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError

from audit.models import ClockState
from audit.regimes.evaluating import number
from audit.regimes.events import STATABLE
from audit.regimes.model import Operand, Worksheet
from audit.regimes.sheets import Fact, Said
from audit.regimes.tree import Value
from plumbing.errors import BadField

YES_NO = [("yes", "Yes"), ("no", "No"), ("", "Not known")]
WORDS = {True: "yes", False: "no", None: ""}
LOCAL = "%Y-%m-%dT%H:%M"
LARGEST = 10**15
Choices = list[tuple[str, str]]


def refuse(form: forms.Form, error: BadField) -> None:
    """Show what a rule says about a field at that field."""
    form.add_error(error.field if error.field in form.fields else None, error.message)


class Moments(forms.DateTimeField):
    """A local time, read in the reader's zone."""

    def __init__(self, zone: str, **more: Any) -> None:
        widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=LOCAL)
        super().__init__(input_formats=[LOCAL, "%Y-%m-%dT%H:%M:%S"], widget=widget, **more)
        self.zone = ZoneInfo(zone)

    def to_python(self, value: Any) -> dt.datetime | None:
        found = super().to_python(value)
        return found.replace(tzinfo=self.zone) if found else None

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone) if isinstance(value, dt.datetime) else value


class Numbers(forms.CharField):
    """Numbers, separated by commas or spaces: entries of a stream."""

    def to_python(self, value: Any) -> Any:
        words = str(value or "").replace(",", " ").split()
        if not all(word.isdecimal() and len(word) < 10 for word in words):
            raise ValidationError("Give numbers of entries, such as 3, 17.")
        return tuple(int(word) for word in words)


class Codes(forms.CharField):
    """Words, separated by commas or spaces."""

    def to_python(self, value: Any) -> Any:
        return list(dict.fromkeys(str(value or "").replace(",", " ").split()))

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value


class WorksheetForm(forms.Form):
    """The facts of a worksheet: for each operand a value, whether it is an estimate, and what supports it."""

    seen = forms.IntegerField(widget=forms.HiddenInput)

    def __init__(self, data: Any, worksheet: Worksheet, facts: Mapping[str, Fact], seen: int) -> None:
        super().__init__(data, initial={"seen": seen})
        self.worksheet = worksheet
        for name, operand in worksheet.operands.items():
            fact = facts.get(name)
            self.fields[name] = _field(operand, fact.value if fact else None)
            if operand.estimate_allowed:
                initial = bool(fact and fact.is_estimate)
                self.fields[f"{name}__estimate"] = forms.BooleanField(required=False, label="Estimate", initial=initial)
            words, supports = (fact.words, fact.supports) if fact else ("", ())
            self.fields[f"{name}__words"] = forms.CharField(
                required=False, max_length=500, label="Where it is from", initial=words
            )
            self.fields[f"{name}__entries"] = Numbers(
                required=False, max_length=200, label="Entries that support it", initial=", ".join(map(str, supports))
            )

    @property
    def said(self) -> dict[str, Said]:
        """What was stated of each operand."""
        clean = self.cleaned_data
        return {
            name: Said(
                _value(clean[name], operand), bool(clean.get(f"{name}__estimate")), clean[f"{name}__words"].strip(),
                clean[f"{name}__entries"],
            )
            for name, operand in self.worksheet.operands.items()
        }  # fmt: skip


def _field(operand: Operand, value: Value) -> forms.Field:
    told = f"{operand.meaning} {operand.article and f'({operand.article})'}".strip()
    common = {"label": operand.label, "required": False, "help_text": told}
    if operand.type == "boolean":
        first = WORDS[value] if isinstance(value, bool) else ""
        return forms.ChoiceField(choices=YES_NO, widget=forms.RadioSelect, initial=first, **common)  # type: ignore[arg-type]
    if operand.type == "states":
        common["help_text"] = f"{told} Codes of two letters: DE, FR."
        return Codes(max_length=300, initial=value, **common)  # type: ignore[arg-type]
    attrs = {"inputmode": "numeric" if operand.type == "integer" else "decimal"}
    kind = forms.IntegerField if operand.type == "integer" else forms.FloatField
    shown = None if value is None else number(value).replace(",", "")
    return kind(min_value=0, max_value=LARGEST, initial=shown, widget=forms.TextInput(attrs=attrs), **common)  # type: ignore[arg-type]


def _value(clean: Any, operand: Operand) -> Value:
    if operand.type == "boolean":
        return {"yes": True, "no": False}.get(clean)
    if operand.type == "states":
        return [code.upper() for code in clean] or None
    return clean  # type: ignore[no-any-return]


class DecisionForm(forms.Form):
    """A person's word on a worksheet."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        widget=forms.RadioSelect, label="Your decision", error_messages={"required": "Choose one."}
    )
    reason = forms.CharField(
        max_length=2_000, widget=forms.Textarea(attrs={"rows": 4}), label="Reason",
        help_text="Kept as evidence, with your name. Where you decide otherwise than the rule, say why.",
        error_messages={"required": "Give the reason, in a sentence."},
    )  # fmt: skip
    never = forms.BooleanField(
        required=False, label="At no time was the rule met", help_text="A report that was made is taken back by this."
    )

    def __init__(self, data: Any, worksheet: Worksheet, *, seen: int, zone: str, was_yes: bool) -> None:
        super().__init__(data, initial={"seen": seen})
        self.fields["verdict"].choices = [("yes", worksheet.yes), ("no", worksheet.no)]  # type: ignore[attr-defined]
        self.fields["at"] = Moments(
            zone, required=False, label=f"Decided at ({zone})",
            help_text="Leave it empty for now. An earlier time is kept beside the time of the entry.",
        )  # fmt: skip
        if not was_yes:
            del self.fields["never"]


class EventForm(forms.Form):
    """When something happened."""

    event = forms.ChoiceField(label="What happened")
    note = forms.CharField(
        required=False,
        max_length=2_000,
        label="Note",
        help_text="For a report sent elsewhere: where, and its reference.",
    )
    regime = forms.ChoiceField(required=False, label="Only under")
    entity = forms.ChoiceField(required=False, label="Only for")
    supports = Numbers(
        required=False, max_length=200, label="Entries that support it", help_text="Numbers, such as 3, 17."
    )

    def __init__(self, data: Any, *, zone: str, regimes: Iterable[Any], entities: Choices) -> None:
        super().__init__(data)
        known = list(regimes)
        sent = [
            (f"{one.short}: submitted", [(f"{one.id}|submitted:{stage.id}", stage.name) for stage in one.submittable])
            for one in known
        ]
        self.fields["event"].choices = [("", "Choose"), *STATABLE.items(), *sent]  # type: ignore[attr-defined]
        self.fields["regime"].choices = [("", "Every regime"), *((one.id, one.short) for one in known)]  # type: ignore[attr-defined]
        self.fields["entity"].choices = [("", "Every entity"), *entities]  # type: ignore[attr-defined]
        self.fields["at"] = Moments(zone, label=f"When ({zone})", error_messages={"required": "Say when."})
        self.order_fields(["event", "at", "regime", "entity", "note", "supports"])

    def clean(self) -> dict[str, Any]:
        """That a report was submitted names its regime itself."""
        said = super().clean() or self.cleaned_data
        regime, mark, event = str(said.get("event", "")).partition("|")
        return {**said, "regime": regime, "event": event} if mark else said


class ReasonForm(forms.Form):
    """Why a report isn't needed."""

    reason = forms.CharField(
        max_length=2_000, widget=forms.Textarea(attrs={"rows": 3}), label="Why it isn’t needed",
        error_messages={"required": "Give the reason, in a sentence."},
    )  # fmt: skip


class DeadlineFilter(forms.Form):
    """Which clocks are listed."""

    state = forms.ChoiceField(
        required=False, choices=[("", "Open"), ("all", "All"), *ClockState.choices], label="State"
    )
    regime = forms.ChoiceField(required=False, label="Regime")
    entity = forms.ChoiceField(required=False, label="Entity")

    def __init__(self, data: Any, choices: Mapping[str, Choices]) -> None:
        super().__init__(data)
        self.fields["regime"].choices = [("", "All"), *choices["regimes"]]  # type: ignore[attr-defined]
        self.fields["entity"].choices = [("", "All"), *choices["entities"]]  # type: ignore[attr-defined]
