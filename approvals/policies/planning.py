"""Whom all seats of a demand go to at one moment, and whom the chain would ask later. Pure, so that a dry run and the
real asking are one rule.
"""

from collections.abc import Iterable, Mapping

from approvals.policies.fitness import World
from approvals.policies.model import Escalation, Seat, Who
from approvals.policies.routing import Asking, Position, Route, escalate, positions, route


def plan(seats: Iterable[Seat], chain: Iterable[Escalation], world: World) -> list[Route]:
    """Every position with whom it is asked of, in the order of the seats. Owners and named people are found first, so
    that a role is somebody else's."""
    links, known, routes = list(chain), set[str](), dict[str, Route]()
    wanted = positions(seats, world)
    for position in sorted(wanted, key=lambda one: one.who is Who.ROLE):
        found = route(position, world, links, elsewhere=known if position.who is Who.ROLE else ())
        known |= {asking.actor_id for asking in found.asked}
        routes[position.key] = found
    return [routes[position.key] for position in wanted]


def links_to_come(chain: Iterable[Escalation], routes: Iterable[Route], within_s: int | None) -> list[Escalation]:
    """The links of the chain that fire by timer: those that not every seat took at once, before the time is over."""
    taken = min((found.levels for found in routes), default=0)
    later = list(chain)[taken:]
    return [link for link in later if within_s is None or link.after_s < within_s]


def next_of(
    position: Position, link: Escalation, world: World, asked: Mapping[str, tuple[Position, list[Asking]]]
) -> Route:
    """Whom a link adds to one position. asked: key -> (position, who is asked for it by then)."""
    pairs = ((other, one.actor_id) for other, people in asked.values() for one in people)
    return escalate(position, link.to, world, already=taken_for(position, pairs))


def taken_for(position: Position, asked: Iterable[tuple[Position, str]]) -> set[str]:
    """Who can't be asked for a position any more: asked for it already, or for a seat of another kind.

    asked: (position, actor id) of everybody who was."""
    return {actor_id for other, actor_id in asked if other.key == position.key or other.who is not position.who}
