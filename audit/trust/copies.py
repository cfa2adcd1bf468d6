"""Who outside this portal holds something that proves a checkpoint: authorities, witnesses, anchors register here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

Kind = Literal["time stamp", "witness", "anchor"]


@dataclass(frozen=True, slots=True)
class Copy:
    """A place outside, and the last checkpoint that it attests or keeps."""

    kind: Kind
    name: str
    size: int | None  # heads in the last checkpoint that it holds; None: none yet
    held_at: datetime | None
    keeps_up: bool = True
    problem: str = ""  # why it doesn't keep up, for people
    url: str = ""  # a page of ours about it, if there is one


Tell = Callable[[], Iterable[Copy]]

_tellers: list[Tell] = []


def register(tell: Tell) -> None:
    """Let `tell()` say what is configured and what each holds. From `apps.py: ready()`."""
    if tell not in _tellers:
        _tellers.append(tell)


def copies() -> list[Copy]:
    """Every place outside that is configured, in the order of kind and name."""
    return sorted((copy for tell in _tellers for copy in tell()), key=lambda copy: (copy.kind, copy.name))
