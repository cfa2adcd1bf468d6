"""Who decides a request, as its page shows it: seats, people with their paths, and what happens when nobody answers."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from approvals.models import Alarm, ApprovalRequest, Asked, Decision, Review, Seat, StandingApproval
from approvals.policies.agreeing import filled
from approvals.selectors.deciding import agreed, chairs
from approvals.selectors.requests import users_of
from approvals.states import AlarmKind, ReviewState, StandingState
from catalog.models import User
from catalog.permissions import Right, teams_where

WHO = {
    "owner": "the accountable owner",
    "deputy": "the deputy",
    "manager": "the manager of the accountable owner",
}


@dataclass(frozen=True)
class PersonAsked:
    """Somebody who was asked, why, and what they said. path: how the request came to them, past the first sentence."""

    row: Asked
    path: tuple[str, ...]
    decision: Decision | None


@dataclass(frozen=True)
class SeatView:
    """One seat, with its people. standing: the yes in advance that fills it."""

    seat: Seat
    people: tuple[PersonAsked, ...]
    is_filled: bool
    standing: StandingApproval | None


@dataclass(frozen=True)
class Coming:
    """What happens by itself when nobody decides before. words: "the deputy is asked, too"."""

    at: dt.datetime
    words: str
    kind: str


def people_of(request: ApprovalRequest) -> dict[str, Any]:
    """Context of the panel "Who decides": seats and what is coming. Five queries."""
    said = {decision.user_id: decision for decision in request.decisions.select_related("user")}
    found = chairs(request)
    done = filled([chair for _, chair in found], agreed(request))
    views = [
        SeatView(
            seat,
            tuple(PersonAsked(row, tuple(row.path[1:]), said.get(row.user_id)) for row in seat.asked.all()),
            done[chair.key],
            seat.standing_use.standing if chair.covered else None,
        )
        for seat, chair in found
    ]
    return {"seats": tuple(views), "coming": coming(request), "passed_over": _passed_over(request)}


def _passed_over(request: ApprovalRequest) -> list[tuple[str, str, str]]:
    """(part, name, because) of everybody who was not asked, each once."""
    users = users_of({skip["who"] for skip in request.skipped if skip["who"]})
    found = [(skip["part"], str(users.get(skip["who"], "")), skip["because"]) for skip in request.skipped]
    return list(dict.fromkeys(found))


def coming(request: ApprovalRequest) -> tuple[Coming, ...]:
    """What the clock of a request still has in store, in the order of its times."""
    alarms = request.alarms.filter(fired_at=None).order_by("due_at")
    if request.held_at is not None:
        alarms = alarms.filter(kind=AlarmKind.RESUME)  # all else moves by as long as the clock stands still
    elif not request.is_pending:
        alarms = alarms.filter(kind=AlarmKind.EXPIRY) if request.state == "approved" else alarms.none()
    return tuple(Coming(alarm.due_at, _words(request, alarm), alarm.kind) for alarm in alarms)


def _words(request: ApprovalRequest, alarm: Alarm) -> str:
    match AlarmKind(alarm.kind):
        case AlarmKind.REMINDER:
            return "whoever hasn't decided is reminded"
        case AlarmKind.ESCALATION:
            return f"{in_words(request.demand['escalate'][alarm.link - 1]['to'])} is asked, too"
        case AlarmKind.DEADLINE:
            return "the time to decide is over: the step fails, and whoever commands says what follows"
        case AlarmKind.RESUME:
            return "the clock goes on, answer or not"
    return "the approval expires"


def in_words(told: Mapping[str, Any]) -> str:
    """Whom a kept seat means: "the deputy", "whoever is approver in payments", "lena"."""
    if told["who"] == "role":
        where = f"in {told['team']}" if told["team"] else "in the service's team"
        return f"whoever is {told['role']} {where}"
    return WHO.get(told["who"]) or told["person"]


def reviews_for(user: User) -> QuerySet[Review]:
    """Open reviews of broken glass that `user` may decide as far as rights go, the oldest first."""
    teams = teams_where(user, Right.REVIEW)
    found = Review.objects.filter(state=ReviewState.OPEN, request__teams__in=teams).exclude(breaker=user)
    return found.select_related("request", "breaker").distinct().order_by("opened_at")


def open_reviews(stream: str) -> QuerySet[Review]:
    """Reviews of broken glass that still have to be decided in one ledger stream, the oldest first."""
    return Review.objects.filter(stream=stream, state=ReviewState.OPEN).select_related("request").order_by("opened_at")


def standing_of(request: ApprovalRequest) -> list[StandingApproval]:
    """Approvals in advance that were given on the strength of this request and still hold."""
    return list(request.standing_approvals.filter(state=StandingState.ACTIVE).select_related("owner", "service"))
