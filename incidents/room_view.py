"""What the war room shows, as plain facts: the page and each of its fragments are rendered from a RoomView.

Pure: no Django, no queries, no clock. `incidents.selectors` fills it for one reader; the templates in
templates/incidents/ print it. Moments are aware datetimes, printed as UTC; time.js rewrites them to the reader's zone.
The run and its steps are in run_view.py. A moment inside words (facts, hints, notes, `text` ops) is written as
2026-11-20T11:45:07Z; the page shows it in the zone that the reader chose, like every other time.

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
A step that changes its state also changes its group in the step list: send its `state` op, then a `refresh` of
RoomUrls.steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from incidents.run_view import Action, Person, Question, RunView, StepGroup

if TYPE_CHECKING:  # the page of styles shows a room without any database
    from audit.regimes.showing import ClockRow

Category = Literal["decisions", "steps", "signals", "comms", "noise"]
SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 58, 18, 2


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

    rest: goes on in the same line. note: a smaller line under it. quote: somebody's own words. correct_url: where the
    reader may correct it; empty where they may not.
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
    correct_url: str = ""


@dataclass(frozen=True)
class Suggestion:
    """A runbook that might help, while none runs. reason: why it is offered. start: a POST, None if not allowed."""

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
    questions: str
    decision: str
    health: str
    timeline: str
    note: str = ""
    evidence: str = ""
    earlier: str = ""
    clocks: str = ""


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
    questions: tuple[Question, ...] = ()
    earlier_url: str = ""
    may_write: bool = False
    clocks: "tuple[ClockRow, ...]" = ()  # of reports that are due, the soonest first

    @property
    def stream(self) -> str:
        """uid of the incident's ledger stream."""
        return f"inc_{self.uid}"

    @property
    def has_question_for_you(self) -> bool:
        return any(question.actions for question in self.questions)


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
