"""Who is asked, and who may decide: rules on facts alone. No queries, no clock.

The accountable owner of the touched service is asked, else the deputy. Nobody decides what they asked for or carry out,
and being a superuser gives no say. Every person passed over is named with the reason: that is evidence too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules need to know of somebody, at the moment of asking or deciding.

    may_approve: through a role in the team of the touched service; never by being a superuser."""

    actor_id: str
    is_active: bool
    is_machine: bool
    is_superuser: bool
    may_approve: bool


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody accountable. part: "accountable owner of orders-db"; person: None where the part is not filled."""

    part: str
    person: Person | None


@dataclass(frozen=True, slots=True)
class Skip:
    """A candidate who was not asked, and why."""

    part: str
    actor_id: str | None
    because: str


@dataclass(frozen=True, slots=True)
class Route:
    """Whom a request goes to; `asked` is None when nobody may decide it."""

    asked: Candidate | None
    skipped: tuple[Skip, ...]


INACTIVE = "the account is not active"
MACHINE = "a machine user never decides"
NO_RIGHT = "there is no right to approve in the service's team"
SUPERUSER = "being a superuser gives no right to approve; it takes a role in the service's team"
NOT_ASKED = "the request was not asked of this person"
NOBODY = "nobody has this part"
SHAPER = "whoever shaped what would be done can't decide it"


def route(candidates: Iterable[Candidate], excluded: Mapping[str, str]) -> Route:
    """The first candidate who may decide. excluded: actor_id -> why this person never may ("asked for it")."""
    skipped: list[Skip] = []
    for candidate in candidates:
        person = candidate.person
        because = NOBODY if person is None else unfit(person, excluded)
        if because is None:
            return Route(candidate, tuple(skipped))
        skipped.append(Skip(candidate.part, person.actor_id if person else None, because))
    return Route(None, tuple(skipped))


def unfit(person: Person, excluded: Mapping[str, str]) -> str | None:
    """Why this person may not decide, whoever was asked; None when nothing speaks against it."""
    if not person.is_active:
        return INACTIVE
    if person.is_machine:
        return MACHINE
    if person.actor_id in excluded:
        return excluded[person.actor_id]
    if not person.may_approve:
        return SUPERUSER if person.is_superuser else NO_RIGHT
    return None


def refusal(person: Person, *, excluded: Mapping[str, str], asked: Iterable[str]) -> str | None:
    """Why this person's decision doesn't count; None when it does. asked: actor ids the request went to."""
    because = unfit(person, excluded)
    if because is None and person.actor_id not in set(asked):
        return NOT_ASKED
    return because


def exclusions(requester: str | None, executor: str | None, shapers: Iterable[str] = ()) -> dict[str, str]:
    """Who never decides a request: the people on whose behalf it is, and those who made it what it is."""
    found = dict.fromkeys(shapers, SHAPER)
    if executor:
        found[executor] = "whoever carries it out can't decide it"
    if requester:
        found[requester] = "whoever asks for it can't decide it"
    return found
