"""What is well-formed in what people send. Whether it is allowed now is for the services to say."""

import datetime as dt
from typing import Any

from django import forms

from approvals.delegation_forms import MomentField
from catalog.models import Service, User
from incidents.models import LONGEST_TEXT, LONGEST_TITLE, Incident
from incidents.states import MOVES, OPEN, IncidentRole, Phase, Severity, Source
from runbooks.definitions.typed import BadText, text_of, typed_text
from runbooks.engine.model import Definition, Input, ValueType

LONGEST_REASON = 2_000
INPUT = "input_"
NEXT_DUE = [("15", "15 minutes"), ("30", "30 minutes"), ("60", "1 hour"), ("120", "2 hours"), ("240", "4 hours"),
            ("", "No further update is owed")]  # fmt: skip


def reason_field(*, required: bool, hint: str = "Kept as evidence, with your name.") -> forms.CharField:
    """A sentence of reason."""
    return forms.CharField(
        label="Reason",
        required=required,
        max_length=LONGEST_REASON,
        help_text=hint,
        error_messages={"required": "Say why in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class DeclareForm(forms.Form):
    """Four fields; twenty seconds."""

    title = forms.CharField(
        label="What is wrong",
        max_length=LONGEST_TITLE,
        help_text="As you would say it on the phone: “Card payments fail in the EU”.",
        error_messages={"required": "Say what is wrong, in a few words."},
    )
    severity = forms.ChoiceField(
        choices=Severity.choices,
        initial=Severity.SEV2,
        help_text="SEV1: customers can't work. It can be changed later.",
    )
    service = forms.ModelChoiceField(
        Service.objects.none(),
        label="Which service",
        to_field_name="slug",
        empty_label="Choose a service",
        help_text="The one that hurts. Its team sees the incident.",
        error_messages={"required": "Name the service that hurts."},
    )
    commander = forms.ModelChoiceField(
        User.objects.none(), to_field_name="username", required=False, empty_label="Nobody yet", help_text="Who leads."
    )

    def __init__(self, *args: Any, services: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["service"].queryset = services  # type: ignore[attr-defined]
        self.fields["commander"].queryset = people  # type: ignore[attr-defined]


class MoveForm(forms.Form):
    """A move to another phase, decided on the phase that the page showed."""

    target = forms.ChoiceField(label="To", widget=forms.RadioSelect, error_messages={"required": "Choose a phase."})
    reason = reason_field(required=False, hint="Kept as evidence. Needed for a step back.")
    force = forms.BooleanField(required=False, label="Resolve although a probe is red (needs a reason)")
    seen_phase = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, incident: Incident, may_force: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        targets = [phase for phase in Phase if phase in MOVES[incident.phase]]
        known = [(phase.value, phase.label) for phase in (targets if not self.is_bound else Phase)]
        self.fields["target"].choices = known  # type: ignore[attr-defined]
        if not may_force:
            del self.fields["force"]


class SeverityForm(forms.Form):
    """Another severity, and why."""

    severity = forms.ChoiceField(choices=Severity.choices, widget=forms.RadioSelect)
    reason = reason_field(required=True)
    seen_severity = forms.CharField(widget=forms.HiddenInput)


class RoleForm(forms.Form):
    """Who is what."""

    role = forms.ChoiceField(choices=IncidentRole.choices)
    user = forms.ModelChoiceField(
        User.objects.none(),
        label="Who",
        to_field_name="username",
        empty_label="Choose a person",
        error_messages={"required": "Choose a person."},
    )

    def __init__(self, *args: Any, people: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["user"].queryset = people  # type: ignore[attr-defined]


class UpdateForm(forms.Form):
    """A status update and when the next one is due."""

    text = forms.CharField(
        label="What is known",
        max_length=LONGEST_TEXT,
        help_text="What is broken, who feels it, what we do, when we speak again.",
        error_messages={"required": "Say what is known, in a few sentences."},
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    next_due = forms.ChoiceField(label="Next update in", choices=NEXT_DUE, initial="30", required=False)

    def due(self, now: dt.datetime) -> dt.datetime | None:
        """When the next update is due; None when none is owed."""
        minutes = self.cleaned_data["next_due"]
        return now + dt.timedelta(minutes=int(minutes)) if minutes else None


class EarlierForm(forms.Form):
    """What happened earlier and is written down now."""

    kind = forms.ChoiceField(choices=[("note", "Note"), ("decision", "Decision")], initial="note", label="What it is")
    text = forms.CharField(
        label="What happened, or what was decided and why",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write what happened, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    occurred_at = MomentField(label="When it happened", error_messages={"required": "Say when it happened."})
    source = forms.ChoiceField(choices=Source.choices, label="Where it stood until now")

    def __init__(self, *args: Any, user: User, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["occurred_at"]
        assert isinstance(field, MomentField)
        field.in_zone(user, now)


class CorrectForm(forms.Form):
    """What is right instead of what an entry says. The wrong one stays readable."""

    text = forms.CharField(
        label="What is right",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write what is right, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class WriteForm(forms.Form):
    """A note or a decision of the composer."""

    kind = forms.ChoiceField(choices=[("note", "Note"), ("decision", "Decision")])
    text = forms.CharField(max_length=LONGEST_TEXT, error_messages={"required": "Write what happened, in a sentence."})


class InputsForm(forms.Form):
    """The inputs of a runbook, one field each, as its definition declares them."""

    def __init__(self, *args: Any, definition: Definition, guesses: dict[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.definition = definition
        for given in definition.inputs:
            self.fields[INPUT + given.name] = _input_field(given, guesses.get(given.name, text_of(given.default)))

    def clean(self) -> dict[str, Any]:
        """Each text as the declared type; one that is left empty isn't given."""
        found = super().clean() or {}
        values: dict[str, Any] = {}
        for given in self.definition.inputs:
            raw = found.get(INPUT + given.name, "")
            if raw == "" and not (given.required and given.type == ValueType.STRING):
                continue
            try:
                values[given.name] = typed_text(raw, given.type)
            except BadText as error:
                self.add_error(INPUT + given.name, str(error))
        return {"inputs": values}


def _input_field(given: Input, default: str) -> forms.Field:
    """A choice where the author lists choices, else a text."""
    hint = given.description or ("One item a line, or with commas." if given.type == ValueType.LIST else "")
    about: dict[str, Any] = {"label": given.name, "help_text": hint, "required": given.required, "initial": default}
    if given.choices and given.type != ValueType.LIST:
        options = [(text_of(choice), text_of(choice)) for choice in given.choices]
        return forms.ChoiceField(choices=options if given.required else [("", "Not given"), *options], **about)
    return forms.CharField(max_length=2_000, **about)


class IncidentFilter(forms.Form):
    """The filter row of the list; its state is in the URL."""

    q = forms.CharField(label="Words", required=False, max_length=100, widget=forms.TextInput(attrs={"type": "search"}))
    severity = forms.ChoiceField(choices=[("", "Any"), *Severity.choices], required=False)
    phase = forms.ChoiceField(
        choices=[("", "Any"), ("open", "Open"), *[(phase.value, phase.label) for phase in Phase]], required=False
    )

    def phases(self) -> frozenset[str]:
        """The phases asked for; none for all."""
        phase = self.cleaned_data["phase"]
        return frozenset(OPEN) if phase == "open" else frozenset({phase} - {""})
