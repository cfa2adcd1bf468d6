"""What a report is made of. Rooms fill these; the templates draw them. Text is text everywhere, never markup."""

from collections.abc import Sequence
from dataclasses import dataclass, field

SUMMARY, DECISIONS, SEPARATION, APPROVALS, RUNS, DEVIATIONS, MEASURES = 10, 20, 30, 40, 50, 55, 60
PEOPLE, CORRECTIONS, TIMELINE, HIDDEN, METHOD, GLOSSARY = 70, 75, 80, 85, 90, 95
"""Places of sections in the document; a section of another room stands where its place puts it."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table. under: smaller lines below it. quote: what somebody said, in their own words.

    state: a word of the state grammar (done, failed, wait…): it is drawn as a shape beside the text, which names it.
    is_mono: an id or a digest. Also a moment: `text` in UTC, `under` in the reader's zone."""

    text: str
    under: str = ""
    quote: str = ""
    state: str = ""
    is_mono: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """mm: its width; 0 takes a share of what is left. is_number: set to the right."""

    title: str
    mm: float = 0
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of prose. style: "lead", "plain" or "small"."""

    text: str
    style: str = "plain"
    block: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Facts:
    """Terms and what is true of them, (term, cell) each."""

    pairs: Sequence[tuple[str, Cell]]
    block: str = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below headings that are repeated on each page. A long one goes on in the next volume."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    block: str = "table"


@dataclass(frozen=True, slots=True)
class Notice:
    """Something that must not be overlooked. state: "failed" for a finding against us, "late" for a caution, "done"."""

    state: str
    title: str
    text: str = ""
    block: str = "notice"


@dataclass(frozen=True, slots=True)
class Lines:
    """Commands and other text that is copied as it stands."""

    text: str
    block: str = "lines"


@dataclass(frozen=True, slots=True)
class Milestone:
    """A moment on the way from the beginning to the end. since: what passed until then, in words; "" for the first."""

    label: str
    at: Cell | None
    since: str = ""
    state: str = "done"


@dataclass(frozen=True, slots=True)
class Milestones:
    """When it began, was noticed, decided, ended: the spine of the summary."""

    items: Sequence[Milestone]
    block: str = "milestones"


@dataclass(frozen=True, slots=True)
class Node:
    """A step in a picture of a run, placed in pixels from the top left. word: its state in words."""

    x: float
    y: float
    w: float
    h: float
    title: str
    state: str
    word: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A plan and how far it came. lines: per edge its points, [[x, y], …]: a start, then three for each curve.

    alt: the same in words, for whoever can't see it."""

    width: float
    height: float
    nodes: Sequence[Node]
    lines: Sequence[Sequence[tuple[float, float]]]
    alt: str
    block: str = "picture"


@dataclass(frozen=True, slots=True)
class Bar:
    """How long something took: from and to as parts of the whole, 0 to 1. label, and the figure beside it."""

    label: str
    start: float
    end: float
    state: str
    figure: str


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars over one common axis. first, last: what stands at its ends."""

    items: Sequence[Bar]
    first: str
    last: str
    alt: str
    block: str = "bars"


Block = Paragraph | Facts | Table | Notice | Lines | Milestones | Picture | Bars


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the document with a heading and a bookmark."""

    place: int
    title: str
    blocks: Sequence[Block]


@dataclass(frozen=True, slots=True)
class Contribution:
    """What a room says in a report. lead: sentences of the summary; the rest stands on the summary page as well,
    but for the sections. glossary: (term, what it means)."""

    lead: Sequence[str] = ()
    facts: Sequence[tuple[str, Cell]] = ()
    milestones: Sequence[Milestone] = ()
    findings: Sequence[Notice] = ()
    sections: Sequence[Section] = field(default_factory=list)
    glossary: Sequence[tuple[str, str]] = ()
