"""The dry run of routing: whom an act would be asked of at a moment, why, and who would be next. Writes nothing."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field

from approvals.policies.binding import Act
from approvals.policies.fitness import World
from approvals.policies.model import Escalation, Policy, Seat
from approvals.policies.planning import links_to_come, next_of, plan
from approvals.policies.routing import Asking, Position, Route
from approvals.policies.strictest import Demand, in_sentences
from approvals.policies.wording import holder
from approvals.selectors.policies import ruled
from approvals.selectors.world import demanded_seats, world_at
from catalog.models import Service, User

NOTHING_BOUND = "{}"


@dataclass(frozen=True)
class Question:
    """What would be done, where, on whose behalf, and when it would be asked."""

    requester: User
    at: dt.datetime
    class_: str = ""
    environment: str = ""
    action: str = ""
    services: tuple[Service, ...] = ()


@dataclass(frozen=True)
class Part:
    """One seat: (name, asking) of whom it would be asked, and who would be passed over."""

    label: str
    needs: int
    lacks: int
    asked: list[tuple[str, Asking]]
    skipped: list[tuple[str, str, str]]  # (name, part, because)


@dataclass(frozen=True)
class Next:
    """A link of the chain: when it fires, whom it means, and whom it would ask for which seat."""

    after_s: int
    at: dt.datetime
    to: str
    parts: list[Part] = field(default_factory=list)

    @property
    def asks(self) -> bool:
        return any(part.asked for part in self.parts)


@dataclass(frozen=True)
class Explained:
    """The answer. rules: (what is demanded, which policies say so). seats_from, chain_from: which policies name who
    decides, and who is next."""

    question: Question
    policies: tuple[Policy, ...]
    rules: list[tuple[str, str]]
    seats_from: str
    chain_from: str
    parts: list[Part]
    nexts: list[Next]
    within_s: int | None

    @property
    def due_at(self) -> dt.datetime | None:
        return None if self.within_s is None else self.question.at + dt.timedelta(seconds=self.within_s)

    @property
    def is_unroutable(self) -> bool:
        return any(part.lacks for part in self.parts)


def explain(question: Question) -> Explained:
    """Who would be asked. Policies, owners and roles are those of now; absences and delegations of the moment."""
    act = Act(
        NOTHING_BOUND, tuple(service.slug for service in question.services), class_=question.class_,
        action=question.action, environment=question.environment,
    )  # fmt: skip
    found = ruled(act)
    demand = found.demand
    world = _world(question, demand, question.at)
    routes = plan(demand.seats, demand.escalate, world)
    sources = {rule: ", ".join(names) for rule, names in demand.sources.items()}
    return Explained(
        question=question,
        policies=found.policies,
        rules=in_sentences(demand.as_json()),
        seats_from=sources.get("seats", ""),
        chain_from=sources.get("escalate", ""),
        parts=[_part(one, world) for one in routes],
        nexts=_nexts(question, demand, routes),
        within_s=demand.within_s,
    )


def _world(question: Question, demand: Demand, at: dt.datetime) -> World:
    wanted: list[Seat] = demanded_seats(demand)
    services = sorted(question.services, key=lambda service: (service.tier, service.name))
    return world_at(
        services=services, seats=wanted, exclude=demand.exclude, class_=question.class_, now=at,
        requester=question.requester,
    )  # fmt: skip


def _nexts(question: Question, demand: Demand, routes: Iterable[Route]) -> list[Next]:
    """Each link in the order of time, on the world of its moment, knowing whom those before it asked."""
    routes = list(routes)
    asked: dict[str, tuple[Position, list[Asking]]] = {
        one.position.key: (one.position, list(one.asked)) for one in routes
    }
    return [_next(question, demand, link, asked) for link in links_to_come(demand.escalate, routes, demand.within_s)]


def _next(
    question: Question, demand: Demand, link: Escalation, asked: dict[str, tuple[Position, list[Asking]]]
) -> Next:
    at = question.at + dt.timedelta(seconds=link.after_s)
    world = _world(question, demand, at)
    parts = []
    for position, people in asked.values():
        more = next_of(position, link, world, asked)
        people.extend(more.asked)
        parts.append(_part(more, world))
    return Next(link.after_s, at, holder(link.to), parts)


def _part(found: Route, world: World) -> Part:
    def name(actor_id: str | None) -> str:
        person = world.people.get(actor_id or "")
        return (person.name or person.actor_id) if person else ""

    return Part(
        label=found.position.label,
        needs=found.position.count,
        lacks=found.lacks,
        asked=[(name(one.actor_id), one) for one in found.asked],
        skipped=[(name(skip.actor_id), skip.part, skip.because) for skip in found.skipped],
    )
