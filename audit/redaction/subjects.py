"""People about whom an erasure may be: the room that keeps accounts says how they are called, and forgets them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

FORMER = "A former user"


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody with an account. terms: the words by which they may be found: name, user name, e-mail."""

    actor_id: str
    name: str
    terms: tuple[str, ...]
    is_active: bool


Look = Callable[[str], Iterable[Subject]]  # words or an actor id -> who may be meant
Forget = Callable[[str], int]  # actor id -> how many rows were emptied; again, none

_rooms: list[tuple[Look, Forget]] = []


def register(look: Look, forget: Forget) -> None:
    """Let the room that keeps accounts find and forget people."""
    if (look, forget) not in _rooms:
        _rooms.append((look, forget))


def look_for(words: str) -> list[Subject]:
    """Who may be meant by these words, or by an actor id."""
    return [found for look, _ in _rooms for found in look(words)]


def subject(actor_id: str) -> Subject | None:
    """The person behind an actor id."""
    return next((one for one in look_for(actor_id) if one.actor_id == actor_id), None)


def forget(actor_id: str) -> int:
    """Take name and addresses out of the account; it stays as FORMER, so that ids lead somewhere."""
    return sum(forget(actor_id) for _, forget in _rooms)
