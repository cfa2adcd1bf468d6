"""Measures as pictures with the table behind each: heading, one sentence of answer, bars. Words and numbers alone; the
template draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from approvals.selectors.measuring import Measures, Times
from approvals.states import Ground
from plumbing.durations import in_words

FEWEST = 5  # below it a figure says nothing
MOST_BARS = 12  # of a picture; the table has all
ROW_PX = 40
LONGEST_LABEL = 20  # characters
EVENTS = {
    "escalated": "Escalated",
    "rejected": "Rejected",
    "voided": "Void, because it changed",
    "expired": "Expired",
    "withdrawn": "Withdrawn",
    "glass_broken": "Glass broken",
    "own_refused": "Own approval refused",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: how long in percent, what is written at its end, and a mark further out (p90), in percent, or None."""

    label: str
    percent: float
    words: str
    y: int = 0
    mark: float | None = None

    @property
    def label_y(self) -> int:
        return self.y + 13

    @property
    def bar_y(self) -> int:
        return self.y + 20

    @property
    def middle_y(self) -> int:
        return self.y + 25


@dataclass(frozen=True)
class Picture:
    """A question, its answer, bars, and the table. lacks: why there is no picture yet."""

    key: str
    question: str
    answer: str
    bars: list[Bar] = field(default_factory=list)
    head: tuple[str, ...] = ()
    rows: Sequence[tuple[str, ...]] = ()
    lacks: str = ""

    @property
    def height(self) -> int:
        return ROW_PX * len(self.bars)


def pictures_of(found: Measures, names: Mapping[str, str]) -> list[Picture]:
    """Everything the page shows. names: actor id -> name."""
    count = found.overall.count if found.overall else 0
    lacks = f"Needs {FEWEST} decisions; there {'is' if count == 1 else 'are'} {count}." if count < FEWEST else ""
    owners = [(names.get(one.key, one.key) or "Nobody could be asked", one) for one in found.by_owner]
    return [
        _times_picture(
            "class", "How long do decisions take?", [(one.key, one) for one in found.by_class], found, lacks
        ),
        _times_picture("owner", "Who is asked, and how long does it take?", owners, found, lacks),
        _events_picture(found),
        _uses_picture(found),
    ]


def _times_picture(
    key: str, question: str, groups: Sequence[tuple[str, Times]], found: Measures, lacks: str
) -> Picture:
    rows = [(label, str(one.count), in_words(one.median_s), in_words(one.p90_s)) for label, one in groups]
    head = ("Class" if key == "class" else "Asked of", "Decisions", "Median", "Nine in ten within")
    if lacks or found.overall is None:
        return Picture(key, question, "", head=head, rows=rows, lacks=lacks)
    longest = max(one.p90_s for _, one in groups) or 1
    bars = [
        Bar(
            _short(label), _percent(one.median_s, longest),
            f"{in_words(one.median_s)}, 90 % {in_words(one.p90_s)} ({one.count})",
            y=place * ROW_PX, mark=_percent(one.p90_s, longest),
        )
        for place, (label, one) in enumerate(groups[:MOST_BARS])
    ]  # fmt: skip
    return Picture(key, question, _answer(key, groups, found.overall), bars, head, rows)


def _answer(key: str, groups: Sequence[tuple[str, Times]], overall: Times) -> str:
    if key == "class":
        return (
            f"Half of {overall.count} decisions took {in_words(overall.median_s)} or less, nine in ten "
            f"{in_words(overall.p90_s)} or less."
        )
    label, slowest = max(groups, key=lambda group: group[1].median_s)
    if len(groups) == 1:
        return f"All were asked of {label} first; half of them took {in_words(slowest.median_s)} or less."
    return f"It takes longest where {label} is asked first: {in_words(slowest.median_s)} in the middle."


def _events_picture(found: Measures) -> Picture:
    counts = [(label, found.events.get(kind, 0)) for kind, label in EVENTS.items()]
    question, head = "How often does it not go the plain way?", ("What happened", "How often")
    rows = [(label, str(count)) for label, count in counts]
    if found.asked < FEWEST:
        lacks = f"Needs {FEWEST} requests; there {'is' if found.asked == 1 else 'are'} {found.asked}."
        return Picture("events", question, "", head=head, rows=rows, lacks=lacks)
    rejected, broken = found.events.get("rejected", 0), found.events.get("glass_broken", 0)
    answer = (
        f"Of {found.asked} requests {rejected} {_were(rejected)} rejected and {found.events.get('escalated', 0)} times "
        f"one was escalated; the glass was broken {_times_word(broken)}."
    )
    most = max(count for _, count in counts) or 1
    bars = [
        Bar(label, _percent(count, most), str(count), y=place * ROW_PX) for place, (label, count) in enumerate(counts)
    ]
    return Picture("events", question, answer, bars, head, rows)


def _uses_picture(found: Measures) -> Picture:
    counts = [(ground.label, found.uses.get(ground, 0)) for ground in Ground]
    question, total = "Do risky steps go through an approval?", sum(found.uses.values())
    head, rows = ("On what it rests", "Steps begun"), [(label, str(count)) for label, count in counts]
    if total < FEWEST:
        lacks = f"Needs {FEWEST} steps begun on an approval; there {'is' if total == 1 else 'are'} {total}."
        return Picture("uses", question, "", head=head, rows=rows, lacks=lacks)
    asked = total - found.uses.get(Ground.BREAK_GLASS, 0)
    answer = (
        f"{asked} of {total} risky steps that began ({round(100 * asked / total)} %) had the consent of who is "
        "accountable, at the moment or in advance; the others broke the glass."
    )
    bars = [
        Bar(label, _percent(count, total), f"{count} ({round(100 * count / total)} %)", y=place * ROW_PX)
        for place, (label, count) in enumerate(counts)
    ]
    return Picture("uses", question, answer, bars, head, rows)


def _short(label: str) -> str:
    """A label that leaves room for the figure on a phone; the table has all of it."""
    return label if len(label) <= LONGEST_LABEL else f"{label[: LONGEST_LABEL - 1]}…"


def _percent(part: float, whole: float) -> float:
    return round(100 * part / whole, 1)


def _were(count: int) -> str:
    return "was" if count == 1 else "were"


def _times_word(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
