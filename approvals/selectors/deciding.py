"""Who may decide a request at this moment, whose turn it is, and who could take it on."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from approvals.models import ApprovalRequest, Asked, Condition, Seat
from approvals.policies.agreeing import Chair, filled, next_turn
from approvals.policies.fitness import NOT_ASKED, World, unfit
from approvals.policies.model import Seat as Wanted
from approvals.policies.model import Who
from approvals.policies.routing import Basis, Position, refusal, without_say
from approvals.selectors.world import world_at
from approvals.states import ConditionKind, Verdict
from catalog.models import User
from plumbing import clock


def wanted_of(demand: Mapping[str, Any]) -> list[Wanted]:
    """Everybody whom a kept demand may mean: its seats, and those it may escalate to."""
    told = [*demand.get("seats", ()), *(link["to"] for link in demand.get("escalate", ()))]
    return [wanted(each) for each in told]


def wanted(told: Mapping[str, Any]) -> Wanted:
    """A seat as it is kept."""
    return Wanted(Who(told["who"]), told["role"], told["team"], told["person"], told["count"])


def world_of(request: ApprovalRequest, now: dt.datetime, *, also: tuple[User, ...] = ()) -> World:
    """The catalog of this moment, for this request."""
    return world_at(
        services=list(request.touches.select_related("team").order_by("tier", "name")),
        seats=wanted_of(request.demand),
        exclude=request.demand.get("exclude", ()),
        class_=request.facts.get("class", ""),
        now=now,
        requester=request.requester,
        executor=request.executor,
        author=request.author,
        shapers=request.shapers.all(),
        also=also,
    )


def why_not(request: ApprovalRequest, user: User, now: dt.datetime | None = None) -> str | None:
    """Why a decision of `user` would not count now; None when it would."""
    world = world_of(request, now or clock.now(), also=(user,))
    if because := unfit(world.people[user.actor_id], world.excluded):
        return because
    rows = list(request.asked.filter(user=user))
    reasons = [refusal(user.actor_id, basis_of(row), world) for row in rows]
    if not rows:
        return _no_say(request, user, world)
    return None if None in reasons else reasons[0]


def _no_say(request: ApprovalRequest, user: User, world: World) -> str:
    """Why somebody who was not asked has no say: that they weren't, or that they couldn't be."""
    person = world.people[user.actor_id]
    teams = {service.team for service in world.services}
    lacking = [without_say(person, Basis(Who.OWNER, team=team), world) for team in sorted(teams)]
    return next((why for why in lacking if why), NOT_ASKED) if teams else NOT_ASKED


def position_of(seat: Seat) -> Position:
    """A kept seat as routing knows it."""
    return Position(
        seat.key, Who(seat.who), seat.label, service=seat.service, team=seat.team, role=seat.role, person=seat.person,
        count=seat.count,
    )  # fmt: skip


def basis_of(row: Asked) -> Basis:
    """On what the say of somebody who was asked rests."""
    return Basis(**{**row.basis, "who": Who(row.basis["who"])})


def chairs(request: ApprovalRequest) -> list[tuple[Seat, Chair]]:
    """The seats in their order, as counting sees them. Two queries."""
    rows = (
        request.seats.prefetch_related("asked__user").select_related("standing_use__standing__owner").order_by("place")
    )
    return [
        (
            row,
            Chair(
                row.key,
                row.count,
                frozenset(one.user.actor_id for one in row.asked.all()),
                getattr(row, "standing_use", None) is not None,
            ),
        )
        for row in rows
    ]


def agreed(request: ApprovalRequest) -> list[str]:
    """Actor ids of those who said yes."""
    said = request.decisions.filter(verdict=Verdict.APPROVE).select_related("user")
    return [decision.user.actor_id for decision in said]


def unfilled(request: ApprovalRequest) -> list[Seat]:
    """The seats that still need somebody's yes."""
    found = chairs(request)
    done = filled([chair for _, chair in found], agreed(request))
    return [seat for seat, chair in found if not done[chair.key]]


def unconfirmed(request: ApprovalRequest) -> list[Condition]:
    """Notes of a yes that whoever carries it out has yet to confirm."""
    return list(
        Condition.objects.filter(decision__request=request, kind=ConditionKind.NOTE, confirmed_at=None).order_by("pk")
    )


def turn_of(request: ApprovalRequest) -> Seat | None:
    """Whose turn it is where seats decide one after the other; None when all are filled."""
    found = chairs(request)
    turn = next_turn([chair for _, chair in found], agreed(request))
    return next((seat for seat, chair in found if chair is turn), None)


def parts_to_cover(
    request: ApprovalRequest, user: User, now: dt.datetime | None = None
) -> list[tuple[Seat, str, dict[str, Any]]]:
    """As what `user` could take on a pending request: (seat, part, basis). Empty when they can't."""
    if not request.is_pending:
        return []
    world = world_of(request, now or clock.now(), also=(user,))
    person = world.people[user.actor_id]
    if unfit(person, world.excluded):
        return []
    parts: dict[str, tuple[str, Basis]] = {}
    for service in world.services:
        for who, holder in ((Who.OWNER, service.owner), (Who.DEPUTY, service.deputy)):
            basis = Basis(who, service.slug, service.team)
            if holder == user.actor_id and not without_say(person, basis, world):
                label = f"accountable owner of {service.slug}"
                parts.setdefault(service.slug, (label if who is Who.OWNER else f"deputy of the {label}", basis))
    mine = set(request.asked.filter(user=user).values_list("seat", flat=True))
    seats = [seat for seat in request.seats.filter(who=Who.OWNER) if seat.pk not in mine and seat.service in parts]
    return [(seat, parts[seat.service][0], asdict(parts[seat.service][1])) for seat in seats]


def part_to_cover(request: ApprovalRequest, user: User) -> str | None:
    """As what `user` could take on a pending request that was not asked of them; None when they can't."""
    if request.asked.filter(user=user).exists():
        return None
    return next((part for _, part, _ in parts_to_cover(request, user)), None)
