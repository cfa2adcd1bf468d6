"""What is well-formed in an act on a run. Whether it is allowed now is for the services to say."""

from typing import Any

from django import forms

from catalog.models import User
from runbooks.definitions.typed import BadText, typed_text
from runbooks.engine.model import Definition, Output, Step
from runbooks.states import Found

LONGEST = 2_000  # characters of a reason, note or value
YES_NO = [("yes", "Yes"), ("no", "No")]
ANSWERS = [
    ("retry", "Try the failed steps again"),
    ("skip", "Leave the failed steps out, and go on"),
    ("undo_branch", "Take back the branches that failed, and go on"),
    ("undo_all", "Take all of it back"),
    ("accept", "Accept it as it is, and go on"),
]


class ActForm(forms.Form):
    """An act carries where to go back to. `said` is what the service is told."""

    next = forms.CharField(required=False, widget=forms.HiddenInput)

    def said(self) -> dict[str, Any]:
        """The service's arguments, by name."""
        return {name: value for name, value in self.cleaned_data.items() if name != "next"}


class SeenForm(ActForm):
    """Every act on a step, a group or a run carries the version of it that the page showed."""

    seen = forms.IntegerField(min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, step: Step | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.step = step

    def said(self) -> dict[str, Any]:
        """The service's arguments, by name."""
        found = super().said()
        return {"seen_at": found.pop("seen"), **found}


def _sentence(label: str, hint: str, missing: str, rows: int = 2) -> forms.CharField:
    return forms.CharField(
        max_length=LONGEST,
        label=label,
        help_text=hint,
        error_messages={"required": missing},
        widget=forms.Textarea(attrs={"rows": rows}),
    )


def _reason() -> forms.CharField:
    return _sentence("Reason", "Kept as evidence, with your name.", "Say why in a sentence.")


def _evidence() -> forms.CharField:
    hint = "What you looked at and what it said. Kept as evidence."
    return _sentence("How you know", hint, "Say how you know in a sentence.", rows=3)


class ReasonForm(SeenForm):
    """Retry, skip, pause, take over: with a sentence of reason."""

    reason = _reason()


class EvidenceForm(SeenForm):
    """Done in another way, or undone by hand: with what proves it."""

    evidence = _evidence()


class HoldForm(ReasonForm):
    """Holding and releasing: one step, or its branch."""

    branch = forms.BooleanField(required=False, label="All of its branch that has not begun")


class ReassignForm(ReasonForm):
    """Somebody else does it. people: who may, so that no other name can be given."""

    to = forms.ModelChoiceField(User.objects.none(), label="Who does it", empty_label="Choose somebody")
    field_order = ("to", "reason")

    def __init__(self, *args: Any, people: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if people is not None:
            self.fields["to"].queryset = people  # type: ignore[attr-defined]


class SpeedForm(ReasonForm):
    """How many steps may be live at a time; nothing takes the limit away."""

    width = forms.IntegerField(
        min_value=1, max_value=1_000, required=False, label="Steps at a time", help_text="Empty for no limit."
    )
    field_order = ("width", "reason")


class AssessForm(ReasonForm):
    """What the failures of a group mean."""

    choice = forms.ChoiceField(choices=ANSWERS, label="What now?", widget=forms.RadioSelect)
    field_order = ("choice", "reason")


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
        self.outputs = step.outputs
        for output in step.outputs:
            self.fields[f"output_{output.name}"] = _output_field(output)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("worked") == "no":
            if not found.get("note", "").strip():
                self.add_error("note", "Say what went wrong in a sentence.")
            return found
        found["outputs"] = {}
        for output in self.outputs:
            self._read(output, found)
        return found

    def said(self) -> dict[str, Any]:
        """The service's arguments, by name."""
        found = super().said()
        return {
            "seen_at": found["seen_at"],
            "worked": found["worked"] == "yes",
            "note": found["note"],
            "outputs": found.get("outputs", {}),
        }

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

    found = forms.ChoiceField(choices=Found.choices(), label="Did it happen?", widget=forms.RadioSelect)
    evidence = _evidence()


class CaseForm(ReasonForm):
    """Which way a decision goes that could not decide by itself."""

    case = forms.CharField(max_length=60, label="Which way?", widget=forms.RadioSelect)
    field_order = ("case", "reason")

    def __init__(self, *args: Any, step: Step, **kwargs: Any) -> None:
        super().__init__(*args, step=step, **kwargs)
        cases = step.decide.cases if step.decide else ()
        self.fields["case"].widget.choices = [(case.id, case.say or case.id) for case in cases]


class AttachForm(SeenForm):
    """Whose result a diagnostic uses in place of its own. found: (attempt, who, what and since when) of each."""

    attempt = forms.TypedChoiceField(
        coerce=int,
        label="Whose result?",
        widget=forms.RadioSelect,
        error_messages={"required": "Choose one.", "invalid_choice": "That one is over by now. Choose another."},
    )

    def __init__(self, *args: Any, found: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["attempt"].choices = found  # type: ignore[attr-defined]
        self.fields["attempt"].initial = found[0][0]


class ProposalForm(ActForm):
    """The commander's word on what a watch proposes."""

    reason = _reason()


class UndoForm(ReasonForm):
    """Take back what is listed above the form."""


class RerunForm(ReasonForm):
    """Again from a step; what is not safe to repeat needs a yes of its own. unsafe: (step, sentence) of each."""

    accept = forms.MultipleChoiceField(
        required=False,
        label="Do these a second time, although nobody promised that this is harmless",
        widget=forms.CheckboxSelectMultiple,
    )
    field_order = ("accept", "reason")

    def __init__(self, *args: Any, unsafe: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["accept"].choices = unsafe  # type: ignore[attr-defined]
        if not unsafe:
            del self.fields["accept"]


class MoveForm(ReasonForm):
    """Which version a live run should follow."""

    version = forms.TypedChoiceField(coerce=int, label="Version")
    field_order = ("version", "reason")

    def __init__(self, *args: Any, versions: list[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].choices = versions  # type: ignore[attr-defined]


class VerdictForm(ActForm):
    """A second person's word on a proposed move. digest: of the difference that the page showed."""

    digest = forms.CharField(max_length=64, widget=forms.HiddenInput)
    agree = forms.ChoiceField(
        choices=[("yes", "Agree"), ("no", "Refuse")], label="Your decision", widget=forms.RadioSelect
    )
    reason = _reason()

    def said(self) -> dict[str, Any]:
        """The service's arguments, by name."""
        found = super().said()
        return {**found, "agree": found["agree"] == "yes"}


class DrainForm(ActForm):
    """Why a worker takes nothing more, or takes work again."""

    reason = _reason()


class InputForm(ActForm):
    """Another value for one input of a running run."""

    field_order = ("name", "value", "reason", "next")
    name = forms.ChoiceField(label="Input")
    value = forms.CharField(required=False, max_length=LONGEST, label="New value")
    reason = _reason()

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
