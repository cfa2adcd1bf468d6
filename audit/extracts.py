"""An extract of the ledger: streams up to a size that one checkpoint covers, and what of them is shown to whom.

A pack is made of it, the report is written from it, and a preview shows it: all three see the same.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

from audit import checkpoints, merkle
from audit.entries import value_of
from audit.errors import BadRedaction, NothingToPack
from audit.models import Checkpoint, Disclosure, Entry, Erasure, Head, Pack, PackPart, Stream
from audit.naming import Person, labels, people
from audit.selectors import EntryRow

ACTOR_ID = re.compile(r"\busr_[0-9a-f]{32}\b")  # streams and runs are named alike: those are nobody

Place = tuple[str, int, str]  # stream uid, seq, field
Withheld = Mapping[Place, str]  # -> reason
Leave = Callable[[str, EntryRow], str]  # (stream uid, entry with all its fields) -> why none is shown; "" shows them


@dataclass(frozen=True, slots=True)
class Redacted:
    """A field that the extract doesn't show. state: `withheld` (it exists) or `erased` (it is gone for good)."""

    seq: int
    name: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Earlier:
    """A pack that held the same stream before: the stream was a prefix of what it is now."""

    size: int
    root: bytes
    tagmanifest_sha256: str


@dataclass(frozen=True, slots=True)
class Part:
    """One stream up to one size. `rows` have what is not shown in `erased`, and never in `fields`."""

    stream: Stream
    title: str
    head: Head
    proof: list[bytes]
    previous: list[Earlier]
    rows: list[EntryRow]
    lines: list[bytes]
    leaves: list[bytes]
    disclosures: list[tuple[int, str, bytes]]
    redactions: list[Redacted]
    left_out: frozenset[int] = frozenset()  # entries of which nothing is shown, because they are about something else

    @property
    def shown(self) -> list[EntryRow]:
        """The entries that the extract is about."""
        return [row for row in self.rows if row.seq not in self.left_out]


@dataclass(frozen=True, slots=True)
class Extract:
    """What a pack is made of. The first part is the stream that it is about."""

    kind: str  # incident, runbook, approval, period, person
    subject: str  # uid of the stream, of the approval, of the person; empty for a period
    title: str
    parts: tuple[Part, ...]
    checkpoint: Checkpoint
    people: dict[str, Person]  # by actor id: of everybody who acted or is named in what is shown
    made: datetime
    audience: str = ""
    since: datetime | None = None  # of a period
    until: datetime | None = None
    withheld: Withheld = field(default_factory=dict)

    @property
    def main(self) -> Part:
        """The stream that the extract is about."""
        return self.parts[0]


def show_all(_: str, __: EntryRow) -> str:
    """Leaves nothing out."""
    return ""


def part_of(
    stream: Stream, checkpoint: Checkpoint, *, withheld: Withheld, leave: Leave = show_all, heads: Sequence[bytes]
) -> Part:
    """What `checkpoint` covers of a stream. heads: leaves of the heads log (`checkpoints.head_leaves`).

    Raises NothingToPack when it covers nothing of it, BadRedaction for a field to withhold that isn't there."""
    head = _head(stream, checkpoint)
    entries = _entries(stream, head.size)
    payloads, erased = _payloads(stream, head.size), _erasures(stream, head.size)
    wanted = {(seq, name): reason for (uid, seq, name), reason in withheld.items() if uid == stream.uid}
    rows, disclosures, redactions, left_out = [], [], [], set()
    for found in entries:
        told = payloads.get(found.seq, {})
        row = _row(found, told)
        if reason := leave(stream.uid, row):
            left_out.add(found.seq)
        for name in sorted({*told, *erased.get(found.seq, {})}):
            why = wanted.pop((found.seq, name), "") or reason
            if name not in told:
                redactions.append(Redacted(found.seq, name, "erased", f"erased by entry {erased[found.seq][name]}"))
            elif why:
                redactions.append(Redacted(found.seq, name, "withheld", why))
                del row.fields[name]
            else:
                disclosures.append((found.seq, name, told[name]))
        rows.append(_hiding(row, found.names))
    if wanted:
        raise BadRedaction([f"entry {seq}, field {name}" for seq, name in sorted(wanted)])
    return Part(
        stream=stream,
        title=labels([stream.uid])[stream.uid].title,
        head=head,
        proof=merkle.inclusion_proof(heads, head.idx),
        previous=earlier_packs(stream, head.size),
        rows=rows,
        lines=[found.body for found in entries],
        leaves=[found.leaf for found in entries],
        disclosures=disclosures,
        redactions=redactions,
        left_out=frozenset(left_out),
    )


def parts_of(
    streams: Iterable[Stream], checkpoint: Checkpoint, *, withheld: Withheld, leave: Leave = show_all
) -> tuple[Part, ...]:
    """part_of() for each of these streams, in their order. Raises also BadRedaction for a stream that isn't there."""
    wanted = list(streams)
    if unknown := {uid for uid, _, _ in withheld} - {stream.uid for stream in wanted}:
        raise BadRedaction([f"stream {uid}" for uid in sorted(unknown)])
    heads = checkpoints.head_leaves(checkpoint.size)
    return tuple(part_of(each, checkpoint, withheld=withheld, leave=leave, heads=heads) for each in wanted)


def sizes_of(streams: Iterable[Stream], checkpoint: Checkpoint) -> dict[str, int]:
    """How many entries of each stream the checkpoint covers, by uid. Raises NothingToPack when it covers none."""
    return {each.uid: _head(each, checkpoint).size for each in streams}


def people_in(parts: Iterable[Part]) -> dict[str, Person]:
    """Who acted, and who is named, in what these parts show."""
    return people(actors_of(row for part in parts for row in part.shown))


def actors_of(rows: Iterable[EntryRow]) -> set[str]:
    """Whoever acted, and whoever a field names."""
    told: set[str] = set()
    for row in rows:
        told.update([row.actor, *ACTOR_ID.findall(str(row.fields))])
    return told


def earlier_packs(stream: Stream, size: int) -> list[Earlier]:
    """Packs that held this stream up to at most `size` entries, the oldest first."""
    alone = Pack.objects.filter(stream=stream, size__lte=size)
    found = [(one.pk, Earlier(one.size, bytes(one.root), one.tagmanifest_sha256)) for one in alone]
    among = PackPart.objects.filter(stream=stream, size__lte=size).select_related("pack")
    found += [(one.pack_id, Earlier(one.size, bytes(one.root), one.pack.tagmanifest_sha256)) for one in among]
    return [earlier for _, earlier in sorted(found, key=lambda item: item[0])]


def _head(stream: Stream, checkpoint: Checkpoint) -> Head:
    head = Head.objects.filter(stream=stream, idx__lt=checkpoint.size).order_by("-size").first()
    if head is None:
        raise NothingToPack(stream.uid)
    return head


@dataclass(frozen=True, slots=True)
class _Found:
    seq: int
    uid: UUID
    time: datetime
    kind: str
    actor: str
    body: bytes
    leaf: bytes
    names: list[str]  # of the fields that the entry commits to


def _entries(stream: Stream, size: int) -> list[_Found]:
    columns = ("seq", "uid", "time", "kind", "actor", "body", "leaf")
    found = Entry.objects.filter(stream=stream, seq__lt=size).order_by("seq").values_list(*columns)
    return [
        _Found(seq, uid, time.astimezone(UTC), kind, actor, body, leaf, list(json.loads(body)["fields"]))
        for seq, uid, time, kind, actor, body, leaf in found.iterator(chunk_size=2000)
    ]


def _payloads(stream: Stream, size: int) -> dict[int, dict[str, bytes]]:
    told: dict[int, dict[str, bytes]] = defaultdict(dict)
    found = Disclosure.objects.filter(entry__stream=stream, entry__seq__lt=size)
    for seq, name, payload in found.values_list("entry__seq", "name", "payload").iterator(chunk_size=5000):
        told[seq][name] = bytes(payload)
    return told


def _erasures(stream: Stream, size: int) -> dict[int, dict[str, int]]:
    told: dict[int, dict[str, int]] = defaultdict(dict)
    found = Erasure.objects.filter(entry__stream=stream, entry__seq__lt=size)
    for seq, name, by in found.values_list("entry__seq", "name", "stream_seq"):
        told[seq][name] = by
    return told


def _row(found: _Found, told: Mapping[str, bytes]) -> EntryRow:
    fields = {name: value_of(told[name]) for name in found.names if name in told}
    return EntryRow(found.seq, found.uid, found.time, found.kind, found.actor, fields, found.leaf.hex())


def _hiding(row: EntryRow, names: Iterable[str]) -> EntryRow:
    """The row with the names of the fields that it doesn't show."""
    hidden = tuple(name for name in names if name not in row.fields)
    if not hidden:
        return row
    return EntryRow(row.seq, row.uid, row.time, row.kind, row.actor, row.fields, row.leaf, hidden)
