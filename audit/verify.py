"""Reads the whole ledger and names the first thing that is wrong: stream, entry, what was found, what was expected.

Trusts nothing but the bytes of `body` and `payload`, the heads log, and the log key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import F

from audit import guards, keys, merkle, notes
from audit.entries import NO_HEAD
from audit.errors import LedgerError
from audit.inspection import Break, inspect_entry, inspect_head
from audit.models import Checkpoint, Entry, Head, Stream
from audit.selectors import EntryRow, every_entry, row_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one stream, or for the log that holds them all."""

    subject: str
    size: int = 0
    root: str = ""
    signed: int = 0  # how many of its entries a valid checkpoint covers
    break_: Break | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return self.break_ is None

    @property
    def sentence(self) -> str:
        """One sentence for people."""
        if self.break_:
            return f"{self.subject} is BROKEN at {self.break_}"
        covered = "all of them signed" if self.signed == self.size else f"{self.signed} of them signed"
        return f"{self.subject} is whole: {self.size} entries, {covered}, root {self.root[:16]}…"


@dataclass(frozen=True, slots=True)
class Report:
    """The result of reading everything."""

    log: Verdict
    streams: list[Verdict] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong anywhere."""
        return self.log.ok and all(verdict.ok for verdict in self.streams)


def verify_ledger(uids: Sequence[str] = ()) -> Report:
    """Read the heads log and every stream (or those named). Safe while others append."""
    log = verify_log()
    streams = Stream.objects.filter(uid__in=uids) if uids else Stream.objects.all()
    missing = set(uids) - {stream.uid for stream in streams}
    found = [Verdict(uid, break_=Break("the stream", "nothing", "a stream of this uid")) for uid in sorted(missing)]
    return Report(log, found + [verify_stream(stream.uid) for stream in streams.order_by("uid")])


def verify_stream(uid: str) -> Verdict:
    """Read one stream. Raises Stream.DoesNotExist."""
    heads = {
        head.size: head for head in Head.objects.filter(stream__uid=uid)
    }  # before the stream: it may grow meanwhile
    stream = Stream.objects.get(uid=uid)
    tree = merkle.Growing()
    break_ = next(_breaks(stream, heads, tree), None)
    signed = 0 if break_ else _signed(heads)
    return Verdict(uid, stream.size, tree.root().hex(), signed, break_)


def _breaks(stream: Stream, heads: dict[int, Head], tree: merkle.Growing) -> Iterator[Break]:
    """Whatever is wrong with a stream, in the order of its entries. Fills `tree` on the way."""
    prev, time = NO_HEAD, cast(datetime | None, None)
    for entry in every_entry(stream, stream.size):
        if entry.seq != tree.size:
            yield Break(f"entry {tree.size}", f"nothing; the next one is entry {entry.seq}", "an entry")
        yield from inspect_entry(entry, stream.uid, prev, time)
        prev, time = bytes(entry.leaf), entry.time
        tree.add(prev)
        if tree.size in heads:
            yield from inspect_head(heads[tree.size], stream.uid, tree.root())
    yield from _ends(stream, tree.size, prev, time)
    yield from _outside(stream, heads)


def _ends(stream: Stream, count: int, last: bytes, time: datetime | None) -> Iterator[Break]:
    if count != stream.size:
        yield Break(f"entry {count}", "nothing", f"an entry: the stream says it has {stream.size}")
    elif bytes(stream.head) != last:
        yield Break("the stream's head", bytes(stream.head).hex(), f"{last.hex()}, the leaf of its last entry")
    elif stream.time != time:
        yield Break("the stream's time", str(stream.time), f"{time}, the time of its last entry")


def _outside(stream: Stream, heads: dict[int, Head]) -> Iterator[Break]:
    """What stands beyond the stream's end, in the table or in the heads log."""
    beyond = Entry.objects.filter(stream=stream, seq__gte=F("stream__size")).order_by("seq").first()
    if beyond:  # one statement, so one moment: an append in between can't show up here
        yield Break(f"entry {beyond.seq}", "an entry", "nothing: it is beyond the stream's size")
    largest = max(heads, default=0)
    if largest > stream.size:
        yield Break(f"entry {stream.size}", "nothing", f"an entry: the heads log says there were {largest}")
    if beyond := Entry.objects.filter(stream=stream, seq__lt=0).first():
        yield Break(f"entry {beyond.seq}", "an entry", "nothing: a stream begins with entry 0")


def _signed(heads: dict[int, Head]) -> int:
    last = Checkpoint.objects.order_by("-size").first()
    return max((size for size, head in heads.items() if last and head.idx < last.size), default=0)


def verify_log() -> Verdict:
    """Check the heads log, every checkpoint over it, the guards of the database, and that no stream is gone."""
    signed = list(Checkpoint.objects.order_by("size"))  # before the heads: they may grow meanwhile
    tree = merkle.Growing()
    break_ = next(_log_breaks(signed, tree), None)
    covered = signed[-1].size if signed and not break_ else 0
    return Verdict("The heads log", tree.size, tree.root().hex(), covered, break_)


def _log_breaks(signed: list[Checkpoint], tree: merkle.Growing) -> Iterator[Break]:
    by_size = {checkpoint.size: checkpoint for checkpoint in signed}
    streams = dict(Stream.objects.values_list("pk", "uid"))
    for head in Head.objects.order_by("idx"):
        if head.idx != tree.size:
            yield Break(f"head {tree.size}", f"nothing; the next one is head {head.idx}", "a head")
        if head.stream_id not in streams:
            yield Break(f"head {head.idx}", f"no stream for {bytes(head.body).decode()}", "the stream it is about")
        else:
            yield from inspect_head(head, streams[head.stream_id], bytes(head.root))
        tree.add(bytes(head.leaf))
        if tree.size in by_size:
            yield from _checkpoint_breaks(by_size[tree.size], tree.root())
    if signed and signed[-1].size > tree.size:
        yield Break(f"head {tree.size}", "nothing", f"a head: {signed[-1].size} were signed")
    if orphan := Entry.objects.exclude(stream__in=Stream.objects.all()).first():
        yield Break(f"entry {orphan.seq}", "an entry without a stream", "its stream")
    for problem in guards.problems(connection):
        yield Break("the database", problem, "every guard in place")


def _checkpoint_breaks(checkpoint: Checkpoint, root: bytes) -> Iterator[Break]:
    place, origin = f"checkpoint {checkpoint.size}", settings.LEDGER_ORIGIN
    if bytes(checkpoint.root) != root:
        yield Break(place, f"root {bytes(checkpoint.root).hex()}", f"{root.hex()}, the root of the heads")
    try:
        tree = notes.opened(bytes(checkpoint.note), origin, keys.log_key().public_key())
    except LedgerError as error:
        yield Break(place, str(error), f"a note signed by the key of {origin}")
        return
    if (tree.size, tree.root) != (checkpoint.size, root):
        yield Break(place, f"a note over {tree.size} heads, root {tree.root.hex()}", f"root {root.hex()}")


def sound_entry(uid: UUID) -> EntryRow | None:
    """The entry with this uid, if it is what its commitments, its hash and its predecessor say; None otherwise."""
    found = Entry.objects.filter(uid=uid).select_related("stream").prefetch_related("disclosures", "erasures").first()
    if found is None:
        return None
    earlier = Entry.objects.filter(stream=found.stream, seq=found.seq - 1).values_list("leaf", "time").first()
    prev, time = (bytes(earlier[0]), earlier[1]) if earlier else (NO_HEAD, None)
    return None if any(inspect_entry(found, found.stream.uid, prev, time)) else row_of(found)
