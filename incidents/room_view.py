"""What the war room shows, as plain facts: the page and each of its fragments are rendered from a RoomView.

Pure: no Django, no queries, no clock. `incidents.selectors` fills it for one reader; the templates in
templates/incidents/ print it. Moments are aware datetimes, printed as UTC and rewritten to the reader's zone in the browser.

Live keys (the `key` of `state` and `text` ops, ui.md section 7; static/js/room.js):
    step:<id>          state op: graph node, table row, its tag and ribbon cell turn together
    step:<id>:fact     text op: second line of the graph node
    step:<id>:hint     text op: the remark behind the title in the step list
    step:<id>:time     text op: the time cell of the step list
    run                state op: the tag beside "Run"
    run:counts         text op: "9 done · 3 running"
    section:<n>:count  text op: "2/4" under a section of the ribbon, n from 0
    vital:<key>        state op on a vital;  vital:<key>:value and vital:<key>:detail  text ops
    health:<id>        state op on a health row;  health:<id>:value  text op
    incidents-open, approvals-mine   text ops: counts in the bar
Lists (`list` of `prepend`): timeline. Fragments (`url` of `refresh`): the addresses in RoomUrls.
A step that changes its state also changes its group in the step list: send its `state` op and a `refresh` of RoomUrls.steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Category = Literal["decisions", "steps", "signals", "comms", "noise"]
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 58, 18, 2


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
class PhaseMark:
    """One phase on the track. place: "past", "now" or "next"."""

    name: str
    place: Literal["past", "now", "next"]


@dataclass(frozen=True)
class RoleSlot:
    """A role of the incident and who holds it. Without a holder it is a gap; take_url ("" = may not) is a POST."""

    role: str
    label: str
    holder: Person | None = None
    take_url: str = ""


@dataclass(frozen=True)
class Header:
    """Title bar. label: "INC-2417". severity: "SEV1". phase: "Mitigation", its number of the six."""

    label: str
    title: str
    severity: str
    phase: str
    phase_number: int
    phases: tuple[PhaseMark, ...]
    roles: tuple[RoleSlot, ...] = ()
    actions: tuple[Action, ...] = ()
    is_rehearsal: bool = False
    closed_note: str = ""  # "Closed 20 Nov, read only"; empty while people may write


@dataclass(frozen=True)
class Vital:
    """One figure of the strip. Exactly one of value, since (counts up) and due (counts down) is the figure.

    state: "" or a state of the grammar ("failed", "late", "done"): tints it and gives it a glyph.
    due_from: when the countdown began, so that its last fifth is marked late.
    detail: words behind the figure; link_url + link_label: a link behind those.
    """

    key: str
    label: str
    value: str = ""
    detail: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    due: datetime | None = None
    due_from: datetime | None = None
    at: datetime | None = None
    link_url: str = ""
    link_label: str = ""


@dataclass(frozen=True)
class Cell:
    """One step in the ribbon. key: "step:<id>"."""

    key: str
    state: str


@dataclass(frozen=True)
class Section:
    """A section of the plan as a ribbon of cells. `name` may be "" when the runbook has no sections."""

    name: str
    cells: tuple[Cell, ...]
    done: int

    @property
    def total(self) -> int:
        return len(self.cells)


@dataclass(frozen=True)
class Node:
    """A step in the graph, placed in pixels from the top left. key: "step:<id>", "" for a folded section.

    word: the state in words for this reader ("Needs Lena"). fact: the second line. after: titles of the steps it needs,
    as words, for those who can't see the edges. is_group: a folded section, drawn as a stack.
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
class StepGroup:
    """Rows under one heading: "For you", "Running", "Failed", "Waiting", "Done". is_folded: shown after a click."""

    name: str
    rows: tuple[StepRow, ...]
    is_folded: bool = False


@dataclass(frozen=True)
class DecisionView:
    """A pending approval. is_yours: the reader may decide it now; else the card says whom it waits for.

    facts: (term, value) pairs in the order Effect, Undo, Proof, Touches. digest: what the decision binds, hexadecimal.
    approve_url, reject_url: pages that also open as dialogs; empty when the reader may not decide.
    more: how many other decisions wait in this room.
    """

    uid: str
    question: str
    is_yours: bool
    waits_for: str
    facts: tuple[tuple[str, str], ...]
    digest: str
    page_url: str
    approve_url: str = ""
    reject_url: str = ""
    asked_at: datetime | None = None
    due: datetime | None = None
    more: int = 0


@dataclass(frozen=True)
class HealthRow:
    """One probe or signal of an affected service. state: done (healthy), failed, late (watch), waiting (not checked).

    key: "health:<id>". word: the state in words ("failing"). value: "8.4 s", "no answer". spark: points of a
    polyline in 58 x 18, from spark_points(); "" draws none.
    """

    key: str
    name: str
    state: str
    word: str
    value: str
    spark: str = ""
    url: str = ""


@dataclass(frozen=True)
class TimelineEntry:
    """A ledger entry as a reader sees it. state colours the icon ("wait" for grey). lead: the bold beginning.

    rest: goes on in the same line. note: a smaller line under it. quote: somebody's own words.
    """

    seq: int
    time: datetime
    state: str
    icon: str
    lead: str
    rest: str = ""
    note: str = ""
    quote: str = ""
    category: Category = "noise"
    url: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A runbook that might help, while none runs. reason: why it is offered. start: POST, None if the reader may not."""

    title: str
    url: str
    reason: str
    start: Action | None = None


@dataclass(frozen=True)
class RoomUrls:
    """Addresses. feed: JSON of ops. The fragments return the partial of the same name. note: POST of the composer."""

    page: str
    feed: str
    socket: str
    header: str
    vitals: str
    run: str
    steps: str
    decision: str
    health: str
    timeline: str
    note: str = ""
    evidence: str = ""


@dataclass(frozen=True)
class RoomView:
    """Everything one reader sees in a war room. at: ledger sequence it was rendered at. now: the server's clock.

    entries: newest first. earlier_url: the page with older entries, "" when all are shown.
    may_write: notes and decisions may be written by this reader.
    """

    uid: str
    at: int
    now: datetime
    urls: RoomUrls
    header: Header
    vitals: tuple[Vital, ...]
    run: RunView | None
    step_groups: tuple[StepGroup, ...]
    decision: DecisionView | None
    health: tuple[HealthRow, ...]
    entries: tuple[TimelineEntry, ...]
    entries_total: int
    presence: tuple[Person, ...] = ()
    suggestions: tuple[Suggestion, ...] = ()
    next_actions: tuple[Action, ...] = field(default=())
    earlier_url: str = ""
    may_write: bool = False


def spark_points(values: Sequence[float]) -> str:
    """Points of an SVG polyline in 58 x 18 for values, oldest first. Fewer than two values draw nothing: ""."""
    if len(values) < 2:
        return ""
    low, high = min(values), max(values)
    span, room = (high - low) or 1.0, SPARK_HEIGHT - 2 * SPARK_MARGIN
    step = SPARK_WIDTH / (len(values) - 1)
    return " ".join(
        f"{place * step:.1f},{SPARK_HEIGHT - SPARK_MARGIN - (value - low) / span * room:.1f}"
        for place, value in enumerate(values)
    )
