"""What is well-formed in an act on a run. Whether it is allowed now is for the services to say."""

from math import isfinite
from typing import Any

from django import forms

from runbooks.engine.model import Definition, Output, Step, ValueType

LONGEST = 2_000  # characters of a reason, note or value
YES_NO = [("yes", "Yes"), ("no", "No")]


class BadText(ValueError):
    """A text that can't be read as the declared type. str() says what would be right."""


def typed_text(text: str, kind: ValueType) -> Any:
    """What somebody typed, as the declared type. Raises BadText."""
    text = text.strip() if kind != ValueType.STRING else text
    try:
        match kind:
            case ValueType.INTEGER:
                return int(text)
            case ValueType.NUMBER if isfinite(number := float(text)):
                return number
            case ValueType.NUMBER:
                raise ValueError(text)
            case ValueType.BOOLEAN:
                return {"true": True, "yes": True, "false": False, "no": False}[text.lower()]
    except (ValueError, KeyError):
        wanted = {ValueType.INTEGER: "a whole number", ValueType.NUMBER: "a number"}.get(kind, "true or false")
        raise BadText(f"“{text}” is not {wanted}.") from None
    return text


class SeenForm(forms.Form):
    """Every act on a step carries the version of it that the page showed, and where to go back to."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.step = step


class ReasonForm(SeenForm):
    """Retry, skip, take over: with a sentence of reason."""

    reason = forms.CharField(
        max_length=LONGEST,
        label="Reason",
        help_text="Kept as evidence, with your name.",
        error_messages={"required": "Say why in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class FinishForm(SeenForm):
    """How a person's step came out, with a note and the outputs that the step declares."""

    worked = forms.ChoiceField(choices=YES_NO, label="Did it work?", widget=forms.RadioSelect, initial="yes")
    note = forms.CharField(
        required=False,
        max_length=LONGEST,
        label="Note",
        help_text="What you did and saw. Needed when it did not work.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args: Any, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, step=step, **kwargs)
        for output in step.outputs:
            self.fields[f"output_{output.name}"] = _output_field(output)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("worked") == "no":
            if not found.get("note", "").strip():
                self.add_error("note", "Say what went wrong in a sentence.")
            return found
        found["outputs"] = {}
        for output in self.step.outputs:
            self._read(output, found)
        return found

    def _read(self, output: Output, found: dict[str, Any]) -> None:
        name = f"output_{output.name}"
        text = found.get(name) or ""
        if not text:
            if output.required and name not in self.errors:
                self.add_error(name, f"The steps after this one need {output.name}.")
            return
        try:
            found["outputs"][output.name] = typed_text(text, output.type)
        except BadText as error:
            self.add_error(name, str(error))


def _output_field(output: Output) -> forms.CharField:
    needed = " Needed when it worked." if output.required else ""
    hint = f"{output.description or 'Its type'}: {output.type}.{needed}"
    label = output.name.replace("_", " ").capitalize()
    return forms.CharField(required=False, max_length=LONGEST, label=label, help_text=hint)


class SettleForm(SeenForm):
    """What became of a step whose worker was lost."""

    happened = forms.ChoiceField(choices=YES_NO, label="Did it happen?", widget=forms.RadioSelect)
    evidence = forms.CharField(
        max_length=LONGEST,
        label="How you know",
        help_text="What you looked at and what it said. Kept as evidence.",
        error_messages={"required": "Say how you know in a sentence."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class CancelForm(forms.Form):
    """Why a run is stopped."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(
        max_length=LONGEST,
        label="Reason",
        help_text="Kept as evidence, with your name.",
        error_messages={"required": "Say why in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class InputForm(CancelForm):
    """Another value for one input of a running run."""

    field_order = ("name", "value", "reason", "next")
    name = forms.ChoiceField(label="Input")
    value = forms.CharField(required=False, max_length=LONGEST, label="New value")

    def __init__(self, *args: Any, definition: Definition, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.types = {spec.name: spec.type for spec in definition.inputs}
        choices = [(spec.name, f"{spec.name} ({spec.type})") for spec in definition.inputs]
        self.fields["name"] = forms.ChoiceField(label="Input", choices=choices)
        self.order_fields(self.field_order)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if "name" in found:
            try:
                found["value"] = typed_text(found.get("value", ""), self.types[found["name"]])
            except BadText as error:
                self.add_error("value", str(error))
        return found
