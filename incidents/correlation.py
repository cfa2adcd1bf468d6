"""Which incident a new signal belongs to. Pure: the rule of docs/how-to/write-an-intake-rule.md, in code.

A signal joins an incident that is not closed and that its rule's team works on when

1. their services are one, or a path of dependencies connects them, and
2. a. it began within the rule's `join_within_s` of one of the incident's signals, by the alerts' own time, or
   b. it fires, is fresh, and the incident still burns: a signal of it fires, or a person declared it
      and no signal came yet.

2a holds in whatever order posts arrive; 2b catches what fails later in the same fault. Whoever isn't joined may open.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

FRESH = dt.timedelta(minutes=15)
CLOCK_SKEW = dt.timedelta(minutes=2)  # how far a sender's clock may be ahead of ours


@dataclass(frozen=True, slots=True)
class Place:
    """Where something fails: a service's id, or the alert's name where no service is known."""

    service: int | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One signal of an incident that is not closed, or the incident's own service, where a person declared it."""

    incident: int
    place: Place
    began_at: dt.datetime
    keeps_open: bool  # the incident burns, and this member proves it


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A signal that belongs to no incident yet."""

    place: Place
    began_at: dt.datetime
    window: dt.timedelta  # its rule's join_within_s


@dataclass(frozen=True, slots=True)
class Joined:
    """The incident chosen, and why, for the reader."""

    incident: int
    because: str


Components = Mapping[int, int]  # service id -> the number of its connected part of the graph


def components(edges: Iterable[tuple[int, int]]) -> dict[int, int]:
    """The connected parts of an undirected graph: two nodes are connected when they have the same number."""
    parent: dict[int, int] = {}

    def root(node: int) -> int:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = node = parent[parent[node]]
        return node

    for one, other in edges:
        parent[root(one)] = root(other)
    return {node: root(node) for node in list(parent)}


def choose(newcomer: Newcomer, members: Iterable[Member], parts: Components, now: dt.datetime | None) -> Joined | None:
    """The incident that the newcomer joins, the closest in time first; None when it belongs to none of them.

    now: None leaves 2b out, for a signal that fires no more or was heard earlier."""
    near = [member for member in members if touch(newcomer.place, member.place, parts)]
    if close := [member for member in near if apart(newcomer, member) <= newcomer.window]:
        best = min(close, key=lambda member: (apart(newcomer, member), member.incident))
        return Joined(best.incident, f"began within {newcomer.window.total_seconds():.0f} s of it")
    if now is None or not -CLOCK_SKEW <= now - newcomer.began_at <= FRESH:
        return None
    if burning := [member for member in near if member.keeps_open]:
        best = min(burning, key=lambda member: (apart(newcomer, member), member.incident))
        return Joined(best.incident, "it still burns, and their services are connected")
    return None


def touch(one: Place, other: Place, parts: Components) -> bool:
    """Whether two places are the same or a path of dependencies connects them."""
    if one.service is None or other.service is None:
        return one.service is other.service and one.name == other.name
    if one.service == other.service:
        return True
    return one.service in parts and parts[one.service] == parts.get(other.service)


def apart(newcomer: Newcomer, member: Member) -> dt.timedelta:
    """How far apart the two began."""
    return abs(newcomer.began_at - member.began_at)
