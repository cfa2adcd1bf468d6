"""The run and its steps as the war room shows them: plain facts, without Django. Keys: see room_view.py."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True)
class Person:
    """Somebody in the room. `name` as it is shown; `here` is "here", "away" or "" (not in the room)."""

    name: str
    here: str = ""
    is_you: bool = False


@dataclass(frozen=True)
class Action:
    """Something the reader may do now. A link (GET), a POST of its own, or a link that opens as a dialog.

    label: verb + object ("Start step"); with "…" when a dialog or a page follows. fields: hidden name-value pairs of a
    POST, among them the version the reader saw. key: the keyboard letter that presses it ("u", "s"), if any.
    """

    label: str
    url: str
    kind: Literal["link", "post", "dialog"] = "link"
    is_main: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    key: str = ""


@dataclass(frozen=True)
class Cell:
    """One step in the ribbon. key: "step:<id>"."""

    key: str
    state: str


@dataclass(frozen=True)
class Section:
    """A section of the plan as a ribbon of cells. `name` may be "" when the runbook has no sections.

    badge: what a failure means here and how it stands ("7 of 10 needed, 5 passed"); badge_state colours it."""

    name: str
    cells: tuple[Cell, ...]
    done: int
    badge: str = ""
    badge_state: str = ""

    @property
    def total(self) -> int:
        return len(self.cells)


@dataclass(frozen=True)
class Node:
    """A step in the graph, placed in pixels from the top left. key: "step:<id>", "" for a folded section.

    word: the state in words for this reader ("Needs Lena"). fact: the second line. after: titles of the steps it needs,
    as words, for those who can't see the edges. needs: keys of those nodes, so that arrow keys walk the edges.
    is_group: a folded section, drawn as a stack.
    """

    key: str
    state: str
    word: str
    title: str
    fact: str
    href: str
    x: float
    y: float
    w: float
    h: float
    after: str = ""
    needs: tuple[str, ...] = ()
    is_group: bool = False


@dataclass(frozen=True)
class Edge:
    """A line of the graph. path: SVG path data. kinds: any of "past", "crit", "fail"."""

    path: str
    kinds: tuple[Literal["past", "crit", "fail"], ...] = ()


@dataclass(frozen=True)
class Graph:
    """The picture of a run: size in pixels, edges beneath, nodes in plan order."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


@dataclass(frozen=True)
class RunView:
    """The run on show. title: "Regional failover v14". state: "running", "done", "failed", "cancelled".

    counts: "9 done · 3 running · 1 failed · 10 to go". forecast: "critical path ends ~13:22" or "".
    """

    uid: str
    title: str
    url: str
    state: str
    word: str
    sections: tuple[Section, ...]
    graph: Graph | None
    counts: str = ""
    forecast: str = ""
    is_rehearsal: bool = False


@dataclass(frozen=True)
class StepRow:
    """One row of the step list. key: "step:<id>"; state and word as in the state grammar.

    kind_icon: bolt (machine), hand (person), probe, shield (approval), horn (communication), clock (wait).
    owner: Person, or None for the worker. owner_word: "You", "Rafa", "Worker".
    time_text: what the time cell says; since makes it count up instead, due count down ("4:12 left").
    progress: 0-100 of the expected time, or None. is_late: past the expected time. is_yours: it waits for the reader.
    """

    key: str
    state: str
    word: str
    title: str
    url: str
    kind_icon: str
    hint: str = ""
    owner: Person | None = None
    owner_word: str = "Worker"
    is_yours: bool = False
    time_text: str = ""
    since: datetime | None = None
    due: datetime | None = None
    progress: int | None = None
    is_late: bool = False
    action: Action | None = None


@dataclass(frozen=True)
class Question:
    """Something that the plan wants to hear from a person, beside approvals. key: stays the same while it is asked.

    facts: (term, value) pairs. waits_for: whom it waits for when the reader can't answer. actions: the answers."""

    key: str
    state: str
    title: str
    text: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    waits_for: str = ""
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class StepGroup:
    """Rows under one heading: "For you", "Running", "Failed", "Waiting", "Done". is_folded: shown after a click."""

    name: str
    rows: tuple[StepRow, ...]
    is_folded: bool = False
