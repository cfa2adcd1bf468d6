"""What the rooms above know, asked through registered functions: this room imports none of them."""

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from audit.regimes.tree import Value


@dataclass(frozen=True, slots=True)
class Touched:
    """What a stream is about: slugs of services and of the teams that own them."""

    services: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Known:
    """A fact that the record gives. words: where from. supports: seqs of the entries that bear it out, at least one."""

    operand: str
    value: Value
    words: str
    supports: tuple[int, ...]
    is_estimate: bool = False


@dataclass(frozen=True, slots=True)
class Presumed:
    """A moment that the record suggests, until somebody states it. seq: the entry it is read from."""

    event: str
    at: dt.datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Telling:
    """A message about a clock. kind: reminder, late. dedupe: names the event, so that it is told once."""

    stream: str
    clock: str
    kind: str
    title: str
    text: str
    path: str
    dedupe: str
    now: dt.datetime


Tell = Callable[[Telling], list[str]]


@dataclass
class Room:
    """What one room answers for the streams whose uid starts with its prefix."""

    touches: Callable[[str], Touched] = field(default=lambda uid: Touched())
    knows: Callable[[str], Iterable[Known]] = field(default=lambda uid: ())
    presumes: Callable[[str], Iterable[Presumed]] = field(default=lambda uid: ())
    tell: Tell = field(default=lambda telling: [])


_rooms: dict[str, Room] = {}
_catalogs: list[Callable[[], Mapping[str, Mapping[str, str]]]] = []


def register(prefix: str, room: Room) -> None:
    """Let a room answer for its streams; from `apps.py: ready()`.

    tell: has people told, in the transaction of the entry that says so; answers the actor ids of whom it told."""
    _rooms[prefix] = room


def register_catalog(known: Callable[[], Mapping[str, Mapping[str, str]]]) -> None:
    """Let the catalog say what there is: known() -> {"services": {slug: name}, "teams": {slug: name}}."""
    _catalogs[:] = [known]


def room_of(stream: str) -> Room:
    """Who answers for a stream; somebody who knows nothing where no room does."""
    return next((room for prefix, room in _rooms.items() if stream.startswith(prefix)), Room())


def is_reportable(stream: str) -> bool:
    """Whether streams of this kind are what authorities are told about."""
    return any(stream.startswith(prefix) for prefix in _rooms)


def catalog() -> Mapping[str, Mapping[str, str]]:
    """Services and teams by slug."""
    return _catalogs[0]() if _catalogs else {"services": {}, "teams": {}}
