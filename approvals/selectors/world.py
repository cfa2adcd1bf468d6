"""The catalog of one moment as the rules of routing see it: people, parts, roles, absences, delegations."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence

from django.db.models import Q

from approvals.models import Delegation as DelegationRow
from approvals.policies import fitness
from approvals.policies.fitness import LONGEST_LINE, Delegation, Person, Touched, World
from approvals.policies.model import Conflict, Seat, Who
from approvals.policies.strictest import Demand
from catalog.models import Absence, Membership, Service, User
from catalog.permissions import Right, holds
from catalog.states import UserKind


def world_at(
    *, services: Sequence[Service], seats: Iterable[Seat], exclude: Iterable[str], class_: str, now: dt.datetime,
    requester: User | None, executor: User | None = None, author: User | None = None, shapers: Iterable[User] = (),
    also: Iterable[User] = (),
) -> World:  # fmt: skip
    """Everything that routing may look at. seats: of the demand, and those it may escalate to. also: who decides."""
    wanted = list(seats)
    members = _members(wanted, {service.team.slug for service in services})
    users = _users(services, wanted, {pk for pks in members.values() for pk in pks}, also)
    delegations = _delegations(users, now)
    _load(users, {row.taker_id for row in delegations})
    if requester is not None:
        users.setdefault(requester.pk, requester)
    if any(seat.who is Who.MANAGER for seat in wanted) or Conflict.REPORTING_LINE in set(exclude):
        _load_managers(users)
    people = _people(users, now)
    actor = {pk: user.actor_id for pk, user in users.items()}
    return World(
        people=people,
        services=tuple(
            Touched(one.slug, one.team.slug, actor.get(one.owner_id or 0), actor.get(one.deputy_id or 0))
            for one in services
        ),
        members={key: tuple(actor[pk] for pk in pks) for key, pks in members.items()},
        approvers=_approvers(services, users),
        usernames={user.username: user.actor_id for user in users.values()},
        delegations=tuple(_delegation(row) for row in delegations),
        excluded=_excluded(people, exclude, requester, executor, author, shapers),
        class_=class_,
    )


def demanded_seats(demand: Demand) -> list[Seat]:
    """Everybody whom a demand may mean, now or later."""
    return [*demand.seats, *(link.to for link in demand.escalate)]


def _members(seats: Iterable[Seat], teams: set[str]) -> dict[tuple[str, str], list[int]]:
    """(team, role) -> primary keys of who has it, for every role that a seat names."""
    wanted = {
        (team, seat.role) for seat in seats if seat.who is Who.ROLE for team in ([seat.team] if seat.team else teams)
    }
    if not wanted:
        return {}
    found: dict[tuple[str, str], list[int]] = {key: [] for key in wanted}
    rows = Membership.objects.filter(team__slug__in={team for team, _ in wanted}, role__in={role for _, role in wanted})
    for team, role, pk in rows.order_by("user__username").values_list("team__slug", "role", "user_id"):
        if (team, role) in found:
            found[team, role].append(pk)
    return found


def _users(services: Iterable[Service], seats: Iterable[Seat], pks: set[int], also: Iterable[User]) -> dict[int, User]:
    parts = {pk for service in services for pk in (service.owner_id, service.deputy_id) if pk}
    named = {seat.person for seat in seats if seat.who is Who.PERSON}
    found = User.objects.filter(Q(pk__in=parts | pks) | Q(username__in=named)) if parts | pks or named else ()
    return {user.pk: user for user in [*found, *also]}


def _load(users: dict[int, User], pks: set[int]) -> None:
    if missing := pks - users.keys():
        users |= {user.pk: user for user in User.objects.filter(pk__in=missing)}


def _load_managers(users: dict[int, User]) -> None:
    for _ in range(LONGEST_LINE):
        missing = {user.manager_id for user in users.values() if user.manager_id} - users.keys()
        if not missing:
            return
        _load(users, missing)


def _delegations(users: Mapping[int, User], now: dt.datetime) -> list[DelegationRow]:
    running = DelegationRow.objects.filter(since__lte=now, until__gt=now, ended_at=None, giver__in=list(users))
    return list(running.select_related("giver", "taker").prefetch_related("services").order_by("pk"))


def _delegation(row: DelegationRow) -> Delegation:
    services = frozenset(service.slug for service in row.services.all())
    until = row.until.astimezone(dt.UTC).strftime("%-d %b %H:%M UTC")
    return Delegation(
        row.pk, row.giver.actor_id, row.taker.actor_id, until, row.reason, services or None,
        frozenset(row.classes) or None,
    )  # fmt: skip


def _people(users: Mapping[int, User], now: dt.datetime) -> dict[str, Person]:
    away, managers = dict[int, str](), {pk: user.actor_id for pk, user in users.items()}
    for row in Absence.objects.filter(user__in=list(users), since__lte=now, until__gt=now).order_by("until"):
        until = row.until.astimezone(dt.UTC).strftime("%-d %b %H:%M UTC")
        away[row.user_id] = f"away until {until}" + (f" ({row.reason})" if row.reason else "")
    return {
        user.actor_id: Person(
            actor_id=user.actor_id, name=str(user), is_active=user.is_active, is_machine=user.kind == UserKind.MACHINE,
            is_superuser=user.is_superuser, absent=away.get(user.pk, ""),
            manager=managers.get(user.manager_id or 0),
        )
        for user in users.values()
    }  # fmt: skip


def _approvers(services: Iterable[Service], users: Mapping[int, User]) -> dict[str, frozenset[str]]:
    """team -> who of these people may approve there. Only owners, deputies and whoever decides need the right."""
    teams = {service.team.slug: service.team for service in services}
    return {
        slug: frozenset(user.actor_id for user in users.values() if holds(user, Right.APPROVE, [team]))
        for slug, team in teams.items()
    }


def _excluded(
    people: Mapping[str, Person], exclude: Iterable[str], requester: User | None, executor: User | None,
    author: User | None, shapers: Iterable[User],
) -> dict[str, str]:  # fmt: skip
    conflicts = set(exclude)
    found: dict[str, str] = {}
    if requester is not None and Conflict.REPORTING_LINE in conflicts:
        found |= fitness.of_same_line(requester.actor_id, people)
    if author is not None and Conflict.AUTHOR in conflicts:
        found[author.actor_id] = fitness.AUTHOR
    asks, acts = (user.actor_id if user else None for user in (requester, executor))
    return found | fitness.exclusions(asks, acts, [user.actor_id for user in shapers])
