"""Reads the whole ledger and names the first thing that is wrong: stream, entry, what was found, what was expected.

Trusts nothing but the bytes of `body` and `payload`, the heads log, and the log key.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from uuid import UUID

from django.db import connection
from django.db.models import Max

from audit import guards, memory
from audit.entries import NO_HEAD
from audit.inspection import Break, inspect_entry
from audit.models import Checkpoint, Entry, Head, Stream
from audit.selectors import EntryRow, row_of
from audit.walks import LogWalk, StreamWalk


@dataclass(frozen=True, slots=True)
class Verdict:
    """The result for one stream, or for the log that holds them all."""

    subject: str
    size: int = 0
    root: str = ""
    signed: int = 0  # how many of its entries a valid checkpoint covers
    break_: Break | None = None
    note: str = ""  # what could not be looked at

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
        told = f"{self.subject} is whole: {self.size} entries, {covered}, root {self.root[:16]}…"
        return f"{told}. {self.note}" if self.note else told


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
    largest = _largest_head(uid)  # before the stream: it may grow meanwhile
    stream = Stream.objects.get(uid=uid)
    walk = StreamWalk(stream)
    break_ = next(chain(walk.read(stream.size), walk.ends(largest)), None)
    signed = 0 if break_ else _signed(uid)
    return Verdict(uid, stream.size, walk.tree.root().hex(), signed, break_)


def _largest_head(uid: str) -> int:
    return Head.objects.filter(stream__uid=uid).aggregate(size=Max("size"))["size"] or 0


def _signed(uid: str) -> int:
    covered = Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0
    return Head.objects.filter(stream__uid=uid, idx__lt=covered).aggregate(size=Max("size"))["size"] or 0


def _beyond() -> int:
    """The first place of the heads log that nothing stands at or after; no count, which a missing head would lessen."""
    last = Head.objects.aggregate(last=Max("idx"))["last"]
    return 0 if last is None else last + 1


def verify_log() -> Verdict:
    """Check the heads log, every checkpoint over it, the guards of the database, that no stream is gone, and that the
    signer remembers nothing else."""
    signed = Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0  # before the heads: they may grow meanwhile
    walk = LogWalk()
    contradictions, unasked = memory.compared()
    found = chain(walk.read(_beyond()), walk.ends(signed), guard_breaks(), contradictions)
    break_ = next(found, None)
    note = f"The signer was not asked. {unasked}" if unasked else ""
    return Verdict("The heads log", walk.tree.size, walk.tree.root().hex(), 0 if break_ else signed, break_, note)


def guard_breaks() -> Iterator[Break]:
    """Guards that don't stand."""
    for problem in guards.problems(connection):
        yield Break("the database", problem, "every guard in place")


def sound_entry(uid: UUID) -> EntryRow | None:
    """The entry with this uid, if it is what its commitments, its hash and its predecessor say; None otherwise."""
    found = Entry.objects.filter(uid=uid).select_related("stream").prefetch_related("disclosures", "erasures").first()
    if found is None:
        return None
    earlier = Entry.objects.filter(stream=found.stream, seq=found.seq - 1).values_list("leaf", "time").first()
    prev, time = (bytes(earlier[0]), earlier[1]) if earlier else (NO_HEAD, None)
    return None if any(inspect_entry(found, found.stream.uid, prev, time)) else row_of(found)
