"""What is well-formed: a question to the dry run of routing, and the period of the measures."""

import datetime as dt
from typing import Any

from django import forms
from django.db.models import Q

from approvals import selectors
from approvals.delegation_forms import MomentField
from approvals.selectors.covering import colleagues
from approvals.selectors.explaining import Question
from catalog.models import Service, User
from catalog.permissions import Right, services_where

FARTHEST = dt.timedelta(days=366)
MOST_SERVICES = 20
PERIODS = (30, 90, 365)  # days


class ExplainForm(forms.Form):
    """What would be done, on whose behalf, when. Everything may be left out."""

    class_ = forms.ChoiceField(label="Class of the act", required=False, help_text="What the step declares.")
    services = forms.ModelMultipleChoiceField(
        Service.objects.none(),
        label="Services that it touches",
        required=False,
        to_field_name="slug",
        widget=forms.SelectMultiple(attrs={"size": 6}),
        error_messages={"invalid_choice": "There is no service %(value)s that you can see."},
    )
    environment = forms.CharField(required=False, max_length=40, help_text="For example: production.")
    action = forms.CharField(required=False, max_length=60, help_text="What the step uses, for example: http.")
    requester = forms.ModelChoiceField(
        User.objects.none(),
        label="On whose behalf",
        required=False,
        to_field_name="username",
        empty_label="Mine",
        help_text="Nobody decides what they ask for.",
        error_messages={"invalid_choice": "Choose somebody of one of your teams."},
    )
    at = MomentField(label="When", required=False, help_text="Empty: now.")

    def __init__(self, *args: Any, user: User, now: dt.datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user, self.now = user, now
        known = [(name, f"{name}: {', '.join(titles)}") for name, titles in selectors.classes().items()]
        self.fields["class_"].choices = [("", "None of them"), *known]  # type: ignore[attr-defined]
        seen = services_where(user, Right.VIEW).select_related("team", "owner", "deputy")
        self.fields["services"].queryset = seen  # type: ignore[attr-defined]
        people = User.objects.filter(Q(pk=user.pk) | Q(pk__in=colleagues(user).values("pk"))).order_by("name")
        self.fields["requester"].queryset = people  # type: ignore[attr-defined]
        when = self.fields["at"]
        assert isinstance(when, MomentField)
        when.in_zone(user, now)

    def clean_services(self) -> tuple[Service, ...]:
        chosen = tuple(self.cleaned_data["services"])
        if len(chosen) > MOST_SERVICES:
            raise forms.ValidationError(f"{len(chosen)} services were chosen; the most is {MOST_SERVICES}.")
        return chosen

    def clean_at(self) -> dt.datetime:
        at: dt.datetime = self.cleaned_data["at"] or self.now
        if abs(at - self.now) > FARTHEST:
            raise forms.ValidationError("Give a moment within a year of now.")
        return at

    def question(self) -> Question:
        """What was asked, once the form is valid."""
        said = self.cleaned_data
        return Question(
            requester=said["requester"] or self.user, at=said["at"], class_=said["class_"],
            environment=said["environment"], action=said["action"], services=said["services"],
        )  # fmt: skip


def days_of(asked: str) -> int:
    """The period that a reader chose; 90 days where it is none of those offered."""
    return next((days for days in PERIODS if str(days) == asked), 90)
