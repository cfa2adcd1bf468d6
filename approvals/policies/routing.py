"""Whom a request is asked of, and why that person: rules on one moment's catalog. Pure; it always ends.

A seat of a policy becomes positions: one for each touched service, team or person. Each position is filled by whoever
is accountable; who can't be asked is passed over with the reason, and where nobody is left the chain of the policy
goes on at once. A delegation is followed once, never twice.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from approvals.policies.fitness import (
    COUNTS_ONCE,
    DELEGATE,
    NOBODY,
    Delegation,
    Person,
    Touched,
    World,
    lacks_right,
    unfit,
)
from approvals.policies.model import Escalation, Seat, Who

AS_DELEGATE = "delegate of the "


@dataclass(frozen=True, slots=True)
class Position:
    """One part that somebody must decide from. key: stable name of it. count: how many of those asked must agree."""

    key: str
    who: Who
    label: str
    service: str = ""
    team: str = ""
    role: str = ""
    person: str = ""
    count: int = 1


@dataclass(frozen=True, slots=True)
class Basis:
    """On what somebody's say rests, so that it can be asked again when they decide. delegation: id, 0 for none."""

    who: Who
    service: str = ""
    team: str = ""
    role: str = ""
    giver: str = ""
    delegation: int = 0


@dataclass(frozen=True, slots=True)
class Asking:
    """Somebody who is asked. because: "accountable owner of store". path: how the request came to this person."""

    actor_id: str
    because: str
    path: tuple[str, ...]
    basis: Basis


@dataclass(frozen=True, slots=True)
class Skip:
    """Somebody who was not asked, and why. actor_id: None where the part is filled by nobody."""

    part: str
    actor_id: str | None
    because: str


@dataclass(frozen=True, slots=True)
class Route:
    """Whom a position goes to. levels: how many links of the chain it took; asked is shorter than the count when too
    few people can be found."""

    position: Position
    asked: tuple[Asking, ...]
    skipped: tuple[Skip, ...]
    levels: int = 0

    @property
    def lacks(self) -> int:
        """How many people are missing, so that it can't be decided."""
        return max(0, self.position.count - len(self.asked))


def positions(seats: Iterable[Seat], world: World) -> tuple[Position, ...]:
    """The seats, each as often as the touched services demand: an owner's seat once for each service. Of seats
    that are the same, the larger count holds."""
    found: dict[str, Position] = {}
    for seat in seats:
        for position in _positions(seat, world):
            known = found.setdefault(position.key, position)
            if known.count < position.count:
                found[position.key] = position
    return tuple(found.values())


def _positions(seat: Seat, world: World) -> Iterator[Position]:
    if seat.who is Who.PERSON:
        yield Position(f"person:{seat.person}", seat.who, f"{seat.person}, named by the policy", person=seat.person)
    elif seat.who is Who.ROLE:
        # one seat, whichever of the touched services' teams its people come from
        where = " or ".join(_teams(seat.team, world)) or "the team of a service that the catalog knows"
        label = f"{seat.count} times {seat.role} in {where}" if seat.count > 1 else f"{seat.role} in {where}"
        key = f"role:{seat.role}:{seat.team}"
        yield Position(key, seat.who, label, team=seat.team, role=seat.role, count=seat.count)
    else:
        for service in world.services or (Touched("", ""),):
            label = f"accountable owner of {service.slug or 'a service that the catalog knows'}"
            yield Position(f"owner:{service.slug}", Who.OWNER, label, service=service.slug, team=service.team)


def _teams(named: str, world: World) -> list[str]:
    """The team that a policy names, else those of the touched services."""
    return [named] if named else sorted({service.team for service in world.services}) or [""]


def route(
    position: Position, world: World, chain: Iterable[Escalation] = (), *, elsewhere: Collection[str] = ()
) -> Route:
    """Whom the position is asked of first. Where that leaves too few, the chain is followed at once, link by link.

    elsewhere: who answers for a seat of another kind, and so can't for this one: two seats are two people."""
    found = _without(Route(position, *_fill(position, world)), elsewhere)
    for level, link in enumerate(sorted(chain), 1):
        if not found.lacks:
            break
        more = escalate(position, link.to, world, already={*elsewhere, *(asking.actor_id for asking in found.asked)})
        skipped = tuple(dict.fromkeys(found.skipped + more.skipped))
        found = Route(position, found.asked + more.asked, skipped, level)
    return found


def _without(found: Route, elsewhere: Collection[str]) -> Route:
    twice = tuple(Skip(one.because, one.actor_id, TWICE) for one in found.asked if one.actor_id in elsewhere)
    asked = tuple(one for one in found.asked if one.actor_id not in elsewhere)
    return Route(found.position, asked, found.skipped + twice, found.levels)


def escalate(position: Position, to: Seat, world: World, *, already: Iterable[str]) -> Route:
    """Whom the position is asked of next, besides those who were asked `already`."""
    known, found = set(already), [*_targets(position, to, world)]
    asked, skipped = _ask([one for one in found if one[1] not in known], world, known)
    return Route(position, tuple(asked), tuple(skipped))


TWICE = "answers for another seat already; it takes two people"
Target = tuple[str, str | None, Basis]  # (part, actor id, on what the say rests)


def _fill(position: Position, world: World) -> tuple[tuple[Asking, ...], tuple[Skip, ...]]:
    targets = list(_first(position, world))
    if position.who is not Who.OWNER:
        asked, skipped = _ask(targets, world)
        return tuple(asked), tuple(skipped)
    passed: list[Skip] = []
    for target in targets:  # the owner, else the deputy
        asked, skipped = _ask([target], world)
        passed += skipped
        if asked:
            return tuple(asked), tuple(passed)
    return (), tuple(passed)


def _first(position: Position, world: World) -> Iterator[Target]:
    if position.who is Who.PERSON:
        yield position.label, world.usernames.get(position.person), Basis(Who.PERSON)
    elif position.who is Who.ROLE:
        yield from _holders(position.role, position.team, world)
    else:
        service = next((one for one in world.services if one.slug == position.service), Touched("", ""))
        yield position.label, service.owner, Basis(Who.OWNER, service.slug, service.team)
        yield f"deputy of the {position.label}", service.deputy, Basis(Who.DEPUTY, service.slug, service.team)


def _targets(position: Position, to: Seat, world: World) -> Iterator[Target]:
    """Whom a link of the chain means, for this position."""
    service = next((one for one in world.services if one.slug == position.service), Touched("", position.team))
    owner = world.people.get(service.owner or "")
    if to.who is Who.DEPUTY and position.who is Who.OWNER:
        yield f"deputy of the {position.label}", service.deputy, Basis(Who.DEPUTY, service.slug, service.team)
    elif to.who is Who.MANAGER and position.who is Who.OWNER:
        yield f"manager of the {position.label}", owner.manager if owner else None, Basis(Who.MANAGER, service.slug)
    elif to.who is Who.ROLE:
        yield from _holders(to.role, to.team or position.team, world)
    elif to.who is Who.PERSON:
        yield f"{to.person}, named by the policy", world.usernames.get(to.person), Basis(Who.PERSON)


def _holders(role: str, team: str, world: World) -> Iterator[Target]:
    found = [(each, actor_id) for each in _teams(team, world) for actor_id in world.members.get((each, role), ())]
    if not found:
        yield f"{role} in {team or 'the team of a touched service'}", None, Basis(Who.ROLE, team=team, role=role)
    for each, actor_id in found:
        yield f"{role} in {each}", actor_id, Basis(Who.ROLE, team=each, role=role)


def _ask(targets: Iterable[Target], world: World, known: Collection[str] = ()) -> tuple[list[Asking], list[Skip]]:
    """Each target, or who stands in; and who was passed over. Nobody is asked twice, nor who is `known`. Who has a say
    of their own isn't asked on that of another, which ends with the delegation."""
    asked: dict[str, Asking] = {}
    skipped: list[Skip] = []
    for part, actor_id, basis in targets:
        person = world.people.get(actor_id or "")
        if person is None:
            skipped.append(Skip(part, None, NOBODY))
            continue
        for one in _person_or_delegate(part, person, basis, world):
            if isinstance(one, Skip):
                skipped.append(one)
                continue
            spare = one if one.actor_id in known else _keep(asked, one)
            if spare is not None and spare.basis.giver:
                skipped.append(Skip(spare.because.removeprefix(AS_DELEGATE), spare.basis.giver, COUNTS_ONCE))
    return list(asked.values()), skipped


def _keep(asked: dict[str, Asking], one: Asking) -> Asking | None:
    """Note that somebody is asked. Which asking is one too many, where they are asked already."""
    other = asked.setdefault(one.actor_id, one)
    if other is one:
        return None
    if other.basis.giver and not one.basis.giver:
        asked[one.actor_id] = one
        return other
    return one


def _person_or_delegate(part: str, person: Person, basis: Basis, world: World) -> Iterator[Asking | Skip]:
    """Who stands in for the person, else the person; with everybody who was passed over on the way."""
    here = f"{person.name or person.actor_id} is {part}"
    barred = unfit(person, world.excluded) or without_say(person, basis, world)
    for delegation in _delegations(person, basis, world):
        taker = world.people.get(delegation.taker)
        as_delegate = AS_DELEGATE + part
        why = NOBODY if taker is None else (DELEGATE if barred else unfit(taker, world.excluded) or taker.absent)
        if taker is None or why:
            yield Skip(as_delegate, taker.actor_id if taker else None, why or NOBODY)
            continue
        path = (here, f"{taker.name or taker.actor_id} stands in until {delegation.until}: {delegation.reason}")
        stands = replace(basis, giver=person.actor_id, delegation=delegation.id)
        yield Asking(taker.actor_id, as_delegate, path, stands)
        return
    if why := barred or person.absent:
        yield Skip(part, person.actor_id, why)
    else:
        yield Asking(person.actor_id, part, (here,), basis)


def _delegations(person: Person, basis: Basis, world: World) -> list[Delegation]:
    """What the person gave on, as far as it holds here, the oldest first."""
    given = [one for one in world.delegations if one.giver == person.actor_id and one.taker != person.actor_id]
    return sorted((one for one in given if one.covers(basis.service, world.class_)), key=lambda one: one.id)


def without_say(person: Person, basis: Basis, world: World) -> str | None:
    """Why the part gives the person no say at this moment; None when it does. A policy that names a role, a person or
    a manager gives the say itself; owner and deputy need the right to approve in the service's team."""
    if basis.who in (Who.OWNER, Who.DEPUTY):
        return lacks_right(person, basis.team, world)
    if basis.who is Who.ROLE and person.actor_id not in world.members.get((basis.team, basis.role), ()):
        return f"the role {basis.role} in {basis.team} is not theirs any more"
    return None


def refusal(actor_id: str, basis: Basis, world: World) -> str | None:
    """Why the decision of somebody who was asked doesn't count now; None when it does."""
    person = world.people[actor_id]
    if why := unfit(person, world.excluded):
        return why
    if not basis.delegation:
        return without_say(person, basis, world)
    giver = world.people.get(basis.giver)
    if giver is None or basis.delegation not in {one.id for one in world.delegations if one.taker == actor_id}:
        return "the delegation is over"
    if unfit(giver, {**world.excluded}) or without_say(giver, basis, world):
        return DELEGATE
    return None
