"""Who may decide at all: facts about people, and what speaks against each. Pure.

Nobody decides what they asked for, carry out or shaped, and being a superuser gives no say. A delegate stands in for
one person in one scope, and for nobody whom the request excludes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

INACTIVE = "the account is not active"
MACHINE = "a machine user never decides"
NO_RIGHT = "there is no right to approve in the service's team"
SUPERUSER = "being a superuser gives no right to approve; it takes a role in the service's team"
NOT_ASKED = "the request was not asked of this person"
NOBODY = "nobody has this part"
SHAPER = "whoever shaped what would be done can't decide it"
EXECUTOR = "whoever carries it out can't decide it"
REQUESTER = "whoever asks for it can't decide it"
AUTHOR = "whoever wrote this version of the runbook can't decide it"
REPORTS = "whoever reports to the requester can't decide it"
LEADS = "whoever the requester reports to can't decide it"
DELEGATE = "this stands in for somebody who can't decide it"
COUNTS_ONCE = "whoever stands in is asked already, and nobody counts twice"
LONGEST_LINE = 50  # people above each other; a circle ends there, too


@dataclass(frozen=True, slots=True)
class Person:
    """What the rules need to know of somebody at the moment of asking or deciding. absent: why they aren't there, ""
    when they are. manager: actor id."""

    actor_id: str
    name: str = ""
    is_active: bool = True
    is_machine: bool = False
    is_superuser: bool = False
    absent: str = ""
    manager: str | None = None


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody stands in for another. services, classes: where it holds; None is everywhere. It can't be passed on."""

    id: int
    giver: str
    taker: str
    until: str
    reason: str
    services: frozenset[str] | None = None
    classes: frozenset[str] | None = None

    def covers(self, service: str, class_: str) -> bool:
        """Whether it holds for this service and class of act. A scope that names services holds for no other."""
        in_services = self.services is None or service in self.services
        return in_services and (self.classes is None or class_ in self.classes)


@dataclass(frozen=True, slots=True)
class Touched:
    """A service that would be touched, with who is accountable for it (actor ids)."""

    slug: str
    team: str
    owner: str | None = None
    deputy: str | None = None


@dataclass(frozen=True)
class World:
    """The catalog at one moment, as far as one request needs it. people: by actor id. members: (team, role) -> actor
    ids. approvers: team -> who may approve there. excluded: actor id -> why this person never decides the request."""

    people: Mapping[str, Person]
    services: tuple[Touched, ...] = ()
    members: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    approvers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    usernames: Mapping[str, str] = field(default_factory=dict)  # -> actor id
    delegations: tuple[Delegation, ...] = ()
    excluded: Mapping[str, str] = field(default_factory=dict)
    class_: str = ""


def unfit(person: Person, excluded: Mapping[str, str]) -> str | None:
    """Why this person decides nothing of the kind, whatever their part; None when nothing speaks against it."""
    if not person.is_active:
        return INACTIVE
    if person.is_machine:
        return MACHINE
    return excluded.get(person.actor_id)


def lacks_right(person: Person, team: str, world: World) -> str | None:
    """Why the person may not approve in this team; None when they may."""
    if person.actor_id in world.approvers.get(team, frozenset()):
        return None
    return SUPERUSER if person.is_superuser else NO_RIGHT


def exclusions(requester: str | None, executor: str | None, shapers: Iterable[str] = ()) -> dict[str, str]:
    """Who never decides a request: the people on whose behalf it is, and those who made it what it is."""
    found = dict.fromkeys(shapers, SHAPER)
    if executor:
        found[executor] = EXECUTOR
    if requester:
        found[requester] = REQUESTER
    return found


def line_of(actor_id: str, people: Mapping[str, Person]) -> tuple[str, ...]:
    """Whom somebody reports to, and whom these report to, as far as it is known. A circle ends."""
    found: list[str] = []
    person = people.get(actor_id)
    while person is not None and person.manager and person.manager not in found and len(found) < LONGEST_LINE:
        found.append(person.manager)
        person = people.get(person.manager)
    return tuple(found)


def of_same_line(requester: str, people: Mapping[str, Person]) -> dict[str, str]:
    """Everybody above or below the requester, and which of the two."""
    above = dict.fromkeys(line_of(requester, people), LEADS)
    below = {actor_id: REPORTS for actor_id in people if requester in line_of(actor_id, people)}
    return {actor_id: why for actor_id, why in (above | below).items() if actor_id != requester}
