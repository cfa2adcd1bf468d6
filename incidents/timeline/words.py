"""What a line of the timeline is made of."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from incidents.room_view import Category

Fields = Mapping[str, Any]
Note = str | Callable[[Fields], str]
D: Category = "decisions"
S: Category = "steps"
G: Category = "signals"
C: Category = "comms"
N: Category = "noise"


@dataclass(frozen=True)
class Line:
    """How one kind of entry reads. category: its filter. state: its colour. note and quote stand below."""

    category: Category
    state: str
    icon: str
    lead: str
    rest: Note = ""
    note: Note = ""
    quote: str = ""


def moment(stamp: str) -> str:
    """A stamped moment as a sentence carries it, for the page to show in the reader's zone: 2026-11-20T14:05:07Z."""
    return f"{stamp[:19]}Z" if len(stamp) > 19 else stamp
