"""What streams and people are called. The ledger only knows ids: the rooms that own them register their words here."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from audit.ledger import SYSTEM


@dataclass(frozen=True, slots=True)
class Label:
    """How a stream is shown to people."""

    title: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Person:
    """Who an actor id is."""

    name: str
    title: str = ""


Describe = Callable[[Iterable[str]], Mapping[str, Label]]
FindPeople = Callable[[Iterable[str]], Mapping[str, Person]]

_describers: dict[str, Describe] = {}
_finders: list[FindPeople] = []


def register_labels(prefix: str, describe: Describe) -> None:
    """Let a room name its streams: describe(uids) -> {uid: Label}."""
    _describers[prefix] = describe


def register_people(find: FindPeople) -> None:
    """Let the room that knows people name them: find(actor_ids) -> {actor_id: Person}, of those that it knows."""
    _finders.append(find)


def labels(uids: Iterable[str]) -> dict[str, Label]:
    """What to call each stream on screen; its uid where no room knows better."""
    wanted = list(uids)
    found = {uid: Label("Portal" if uid == "portal" else uid) for uid in wanted}
    for prefix, describe in _describers.items():
        if ours := [uid for uid in wanted if uid.startswith(prefix)]:
            found.update(describe(ours))
    return found


def people(actor_ids: Iterable[str]) -> dict[str, Person]:
    """Who these actors are; an actor that no room knows goes by its id."""
    wanted = set(actor_ids)
    found = {actor_id: Person(actor_id) for actor_id in wanted}
    for find in _finders:
        found.update(find(wanted))
    if SYSTEM.actor_id in wanted:
        found[SYSTEM.actor_id] = Person("Muster", "the engine itself")
    return found
