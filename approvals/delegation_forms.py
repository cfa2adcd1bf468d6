"""What is well-formed: a delegation, an absence, the ending of one, a question to the dry run."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils import timezone

from approvals import selectors
from approvals.selectors.covering import colleagues, services_to_give
from catalog.models import Service, User
from plumbing import clock

LONGEST_REASON = 500
INPUT_FORMAT = "%Y-%m-%dT%H:%M"


class MomentField(forms.DateTimeField):
    """A moment as people type it, in one zone; clean() gives UTC. `in_zone` says which, and what time it is there."""

    widget = forms.DateTimeInput(format=INPUT_FORMAT, attrs={"type": "datetime-local"})
    zone: dt.tzinfo = dt.UTC

    def in_zone(self, user: User, now: dt.datetime) -> None:
        self.zone = zone_of(user)
        here = now.astimezone(self.zone)
        hint = f"In the time of {self.zone}, where it is {here:%H:%M} now ({now:%H:%M} UTC)."
        self.help_text = f"{self.help_text} {hint}".strip()

    def clean(self, value: Any) -> dt.datetime | None:
        with timezone.override(self.zone):  # an hour that a change of clocks skips or repeats is refused
            found: dt.datetime | None = super().clean(value)
        try:
            return found.astimezone(dt.UTC) if found else None
        except OverflowError:
            raise forms.ValidationError("No calendar has this day. Give one of this year or the next.") from None

    def prepare_value(self, value: Any) -> Any:
        return value.astimezone(self.zone).strftime(INPUT_FORMAT) if isinstance(value, dt.datetime) else value


def zone_of(user: User) -> dt.tzinfo:
    """Where somebody is; UTC where this machine knows no zone of that name."""
    try:
        return ZoneInfo(user.time_zone)
    except (KeyError, ValueError, OSError):  # none like that; a name that leads out of the folder; a folder
        return dt.UTC


class Timed(forms.Form):
    """A form with a beginning and an end, in the zone of who fills it in."""

    since = MomentField(label="From", required=False, help_text="Empty: from now on.")
    until = MomentField(label="Until", error_messages={"required": "Say until when: it ends by itself then."})

    def __init__(self, *args: Any, user: User, now: dt.datetime | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now = now or clock.now()
        for name in ("since", "until"):
            field = self.fields[name]
            assert isinstance(field, MomentField)
            field.in_zone(user, self.now)

    def clean_since(self) -> dt.datetime:
        return self.cleaned_data["since"] or self.now


class DelegationForm(Timed):
    """Who stands in for the person who fills it in: where, how long, why."""

    taker = forms.ModelChoiceField(
        User.objects.none(),
        label="Who stands in for you",
        to_field_name="username",
        empty_label="Choose a person",
        help_text="Somebody of your teams. They decide in your place and can’t pass it on.",
        error_messages={
            "required": "Choose who stands in for you.",
            "invalid_choice": "Choose somebody else of one of your teams.",
        },
    )
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label="For which services",
        required=False,
        to_field_name="slug",
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: for everything that is asked of you.",
    )
    classes = forms.MultipleChoiceField(
        label="For which classes of acts",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: for all of them.",
    )
    reason = forms.CharField(
        label="Why",
        max_length=LONGEST_REASON,
        help_text="It is shown on every request that goes this way. For example: On leave until Monday.",
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    field_order = ("taker", "services", "classes", "since", "until", "reason")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["taker"].queryset = colleagues(user)  # type: ignore[attr-defined]
        self.fields["services"].queryset = services_to_give(user)  # type: ignore[attr-defined]
        self.fields["classes"].choices = [  # type: ignore[attr-defined]
            (name, f"{name}: {', '.join(titles)}") for name, titles in selectors.classes().items()
        ]


class AbsenceForm(Timed):
    """When somebody is away."""

    reason = forms.CharField(
        label="Why",
        required=False,
        max_length=200,
        help_text="Shown where you are passed over, for example: On leave. Leave out what is nobody’s business.",
    )


class EndForm(forms.Form):
    """Why a delegation ends before its time."""

    reason = forms.CharField(
        label="Why it ends",
        max_length=LONGEST_REASON,
        error_messages={"required": "Say why, in a sentence."},
        widget=forms.Textarea(attrs={"rows": 2}),
    )
