"""What the reader of a pack would see, entry by entry, and what of it is withheld. Nothing withheld is in a Shown."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from audit.canonical import Json
from audit.models import RedactionSet, Stream
from audit.naming import Person, people
from audit.redaction.detecting import ACTOR, texts_in
from audit.redaction.sets import audience_of, choices_of, withheld_of
from audit.redaction.withholding import people_shown, title_shown
from audit.selectors import EntryRow, every_entry, row_of

SHORTEST_COPY = 6  # characters: shorter values stand everywhere
MOST_COPIES = 50
LONGEST_SHOWN = 400


@dataclass(frozen=True, slots=True)
class Field:
    """One field of an entry. value is empty unless the reader of the preview may see it."""

    name: str
    state: str  # shown, withheld, erased
    value: Json = None
    reason: str = ""
    by_hand: bool = False

    @property
    def words(self) -> str:
        """The value as text, cut."""
        text = _words(self.value)
        return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}…"


@dataclass(frozen=True, slots=True)
class Seen:
    """An entry as its reader would see it."""

    seq: int
    time: datetime
    kind: str
    who: str
    fields: list[Field]


@dataclass(frozen=True, slots=True)
class Counts:
    """How much is shown."""

    entries: int = 0
    shown: int = 0
    withheld: int = 0
    erased: int = 0
    by_hand: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Copy:
    """A withheld text that is also shown elsewhere: withholding one of two is no use."""

    seq: int
    name: str
    shown_seq: int
    shown_name: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A page of entries, and figures over all of them."""

    title: str
    size: int
    counts: Counts
    entries: list[Seen]
    copies: list[Copy]


def preview(
    row: RedactionSet, *, after: int = -1, limit: int = 50, values: bool = False, size: int | None = None
) -> Preview:
    """What the reader of a pack would see. values: also give what is withheld, for who chooses."""
    uid = row.stream.uid
    stream = Stream.objects.get(pk=row.stream_id)
    at = stream.size if size is None else size
    withheld = {(seq, name): reason for (_, seq, name), reason in withheld_of(row, at).items()}
    rows = [row_of(entry) for entry in every_entry(stream, at)]
    hand = {(one.seq, one.name) for one in choices_of(row)}
    profile = audience_of(row.audience)
    named = people_shown(people(_ids(rows)), profile)
    wanted = [one for one in rows if one.seq > after][:limit]
    return Preview(
        title=title_shown(uid, profile, [(uid, seq, name) for seq, name in withheld]),
        size=at,
        counts=_counts(rows, withheld, len(hand)),
        entries=[_seen(one, withheld, hand, named, values=values) for one in wanted],
        copies=list(_copies(rows, withheld)),
    )


def _ids(rows: list[EntryRow]) -> set[str]:
    found = {row.actor for row in rows}
    for row in rows:
        found.update(ACTOR.findall(str(row.fields)))
    return found


def _seen(
    row: EntryRow,
    withheld: Mapping[tuple[int, str], str],
    hand: set[tuple[int, str]],
    named: Mapping[str, Person],
    *,
    values: bool,
) -> Seen:
    fields = []
    for name, value in row.fields.items():
        reason = withheld.get((row.seq, name), "")
        chosen = (row.seq, name) in hand
        if reason:
            fields.append(Field(name, "withheld", value if values else None, reason, chosen))
        else:
            fields.append(Field(name, "shown", _named(value, named), "", chosen))
    fields += [Field(name, "erased") for name in row.erased]
    who = named.get(row.actor, Person(row.actor))
    return Seen(row.seq, row.time.astimezone(UTC), row.kind, who.name, fields)


def _named(value: Json, named: Mapping[str, Person]) -> Json:
    """Ids of people as the names that this audience gets."""
    if isinstance(value, str):
        return named[value].name if value in named else value
    if isinstance(value, list):
        return [_named(inner, named) for inner in value]
    return value


def _words(value: Json) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_words(inner) for inner in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_words(inner)}" for name, inner in value.items())
    return str(value)


def _counts(rows: list[EntryRow], withheld: Mapping[tuple[int, str], str], by_hand: int) -> Counts:
    reasons: dict[str, int] = {}
    for reason in withheld.values():
        reasons[reason] = reasons.get(reason, 0) + 1
    there = sum(len(row.fields) for row in rows)
    erased = sum(len(row.erased) for row in rows)
    ordered = dict(sorted(reasons.items(), key=lambda item: (-item[1], item[0])))
    return Counts(len(rows), there - len(withheld), len(withheld), erased, by_hand, ordered)


def _copies(rows: list[EntryRow], withheld: Mapping[tuple[int, str], str]) -> Iterator[Copy]:
    """Withheld texts that stand, whole, in a field that is shown."""
    hidden: dict[str, tuple[int, str]] = {}
    shown: list[tuple[str, int, str]] = []
    for row in rows:
        for name, value in row.fields.items():
            for text in texts_in(value):
                if (row.seq, name) not in withheld:
                    shown.append((text, row.seq, name))
                elif len(text) >= SHORTEST_COPY:
                    hidden.setdefault(text, (row.seq, name))
    found = 0
    everything = "\x00".join(text for text, _, _ in shown)
    for text, (seq, name) in hidden.items():
        if text not in everything:  # one search in C for the usual answer
            continue
        for other, shown_seq, shown_name in shown:
            if text in other and found < MOST_COPIES:
                found += 1
                yield Copy(seq, name, shown_seq, shown_name)
                break
