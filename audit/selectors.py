"""Reads of the ledger: the same entries serve the timeline, the live feed, the metrics and the evidence."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Prefetch, QuerySet

from audit.canonical import Json
from audit.entries import value_of
from audit.models import Disclosure, Entry, Stream

MOST = 500  # entries a page
CORRECTED = "entry.corrected"  # says in `corrects` which entry was wrong


@dataclass(frozen=True, slots=True)
class EntryRow:
    """An entry as people and doors read it. A field that was erased is missing in `fields` and named in `erased`."""

    seq: int
    uid: UUID
    time: datetime
    kind: str
    actor: str
    fields: dict[str, Json]
    leaf: str
    erased: tuple[str, ...] = ()


def entries(stream_uid: str, *, after: int = -1, limit: int = MOST) -> list[EntryRow]:
    """Up to `limit` entries of a stream with seq > `after`, in order. Ask again with the last seq for more."""
    rows = _with_fields(Entry.objects.filter(stream__uid=stream_uid, seq__gt=after).order_by("seq"))
    return [row_of(entry) for entry in rows[:limit]]


def latest(stream_uid: str, *, before: int | None = None, limit: int = MOST) -> list[EntryRow]:
    """Up to `limit` last entries of a stream (with seq < `before`), newest first."""
    found = Entry.objects.filter(stream__uid=stream_uid)
    if before is not None:
        found = found.filter(seq__lt=before)
    return [row_of(entry) for entry in _with_fields(found.order_by("-seq"))[:limit]]


def entry(stream_uid: str, seq: int) -> EntryRow | None:
    """One entry, or None."""
    found = _with_fields(Entry.objects.filter(stream__uid=stream_uid, seq=seq)).first()
    return row_of(found) if found else None


def corrections(stream_uid: str) -> dict[int, int]:
    """Which entries of a stream were corrected, and by which one last: seq -> seq."""
    told = Disclosure.objects.filter(entry__stream__uid=stream_uid, entry__kind=CORRECTED, name="corrects")
    found = [(value_of(bytes(payload)), seq) for seq, payload in told.values_list("entry__seq", "payload")]
    return {wrong: right for wrong, right in sorted(found, key=lambda one: one[1]) if isinstance(wrong, int)}


def said_at(stream_uid: str, seqs: Iterable[int], name: str = "text") -> dict[int, Json]:
    """What these entries say in one field, as far as it wasn't erased: seq -> value."""
    told = Disclosure.objects.filter(entry__stream__uid=stream_uid, entry__seq__in=set(seqs), name=name)
    return {seq: value_of(bytes(payload)) for seq, payload in told.values_list("entry__seq", "payload")}


def reached(stream_uid: str) -> int:
    """The seq of a stream's last entry; -1 while it is empty or missing."""
    size = Stream.objects.filter(uid=stream_uid).values_list("size", flat=True).first()
    return (size or 0) - 1


def every_entry(stream: Stream, size: int, *, first: int = 0, chunk: int = 1000) -> Iterator[Entry]:
    """The first `size` entries of a stream in order (from `first` on), with disclosures, in steady memory."""
    for start in range(first, size, chunk):
        part = Entry.objects.filter(stream=stream, seq__gte=start, seq__lt=min(start + chunk, size)).order_by("seq")
        yield from part.prefetch_related("disclosures", "erasures")


def row_of(found: Entry) -> EntryRow:
    """An entry with prefetched disclosures as a row."""
    fields = {disclosure.name: value_of(bytes(disclosure.payload)) for disclosure in found.disclosures.all()}
    committed = json.loads(bytes(found.body))["fields"]
    return EntryRow(
        seq=found.seq,
        uid=found.uid,
        time=found.time,
        kind=found.kind,
        actor=found.actor,
        fields={name: fields[name] for name in committed if name in fields},
        leaf=bytes(found.leaf).hex(),
        erased=tuple(name for name in committed if name not in fields),
    )


def _with_fields(found: QuerySet[Entry]) -> QuerySet[Entry]:
    return found.prefetch_related(Prefetch("disclosures", Disclosure.objects.order_by("id")))
