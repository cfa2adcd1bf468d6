"""Checkpoints: what the ledger holds now, signed, so that nobody can rewrite it later without being noticed.

For each stream that grew, a head (size, root) is appended to the heads log; then the heads log's own tree is signed.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, F, Max, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit import ledger
from audit.canonical import canon
from audit.errors import ForeignKeys, Forked, NoLogKey, SignerAway, SignerBroken
from audit.ledger import SYSTEM
from audit.merkle import leaf_hash
from audit.models import Checkpoint, Entry, Head, Stream
from audit.trust import signing, trees
from plumbing import clock
from plumbing.database import atomic

log = logging.getLogger(__name__)

EVERY_S = 60.0  # the window in which whoever owns the database could change what happened without being noticed
MOST_LOOKED_AT = 200  # streams; for the age of what waits, more would tell nothing new
DAY = timedelta(days=1)
SINGLE_WRITER = 69_620_001  # PostgreSQL advisory lock: one checkpointer at a time


@dataclass(frozen=True, slots=True)
class _Grown:
    stream: Stream
    size: int
    root: bytes


def checkpoint() -> Checkpoint | None:
    """Sign what the ledger holds now. Returns the checkpoint; the last one if nothing grew; None for an empty ledger.

    Call it outside a transaction: heads must be committed before the signer sees them.
    Raises Forked when what was signed before is no longer a prefix of what is there, ForeignKeys, SignerAway,
    SignerBroken, NoLogKey. The heads stay, and are signed when the signer is back."""
    try:
        _none_shrank()
        signing.check_past()
        grown = [_Grown(stream, size, trees.stream_tree(stream, size).root()) for stream, size in _grown_streams()]
        with atomic():
            _be_the_only_writer()
            for item in grown:
                _append_head(item)
    except Forked as error:
        signing.refused(error)
        raise
    return signing.sign()


def keep_up() -> Checkpoint | None:
    """checkpoint() for the sweep, which comes again anyway. A day without news is recorded, and so gets signed as well.

    What keeps the signer from signing is on the page of trust, and in the log."""
    with atomic():
        _be_the_only_writer()
        if not grew() and is_stale(now := clock.now()):
            last = signing.last()
            quiet = f"{last.made:%Y-%m-%d %H:%M} UTC" if last and last.made else ""
            ledger.record("portal", "checkpoint.renewed", SYSTEM, {"quiet_since": quiet, "day": f"{now:%Y-%m-%d}"})
    try:
        return checkpoint()
    except (SignerAway, SignerBroken, Forked, ForeignKeys, NoLogKey) as error:
        log.warning("No checkpoint was made. %s", error)
        return None


def is_stale(now: datetime) -> bool:
    """Whether the last checkpoint is a day old: then the ledger is signed though nothing happened."""
    last = signing.last()
    return last is not None and last.made is not None and now - last.made >= DAY


def grew() -> bool:
    """Whether there is anything that no checkpoint covers: entries without a head, or heads that nobody signed."""
    last = signing.last()
    return _behind().exists() or Head.objects.filter(idx__gte=last.size if last else 0).exists()


@dataclass(frozen=True, slots=True)
class Uncovered:
    """What no checkpoint covers yet."""

    entries: int
    streams: int
    since: datetime | None  # time of the oldest of these entries


def uncovered() -> Uncovered:
    """How much would be lost to the window if somebody changed the database now."""
    last = signing.last()
    covered = Head.objects.filter(stream=OuterRef("pk"), idx__lt=last.size if last else 0).order_by("-size")
    found = list(
        Stream.objects.annotate(signed=Coalesce(Subquery(covered.values("size")[:1]), 0))
        .filter(size__gt=F("signed"))
        .values_list("pk", "size", "signed")
    )
    first = Q()
    for pk, _, signed in found[:MOST_LOOKED_AT]:
        first |= Q(stream=pk, seq=signed)
    since = Entry.objects.filter(first).aggregate(since=Min("time"))["since"] if found else None
    return Uncovered(sum(size - signed for _, size, signed in found), len(found), since)


def head_body(stream_uid: str, size: int, root: bytes) -> bytes:
    """The canonical bytes of a head."""
    return canon({"v": 1, "stream": stream_uid, "size": size, "root": root.hex()})


def head_leaves(size: int) -> list[bytes]:
    """The first `size` leaves of the heads log."""
    return list(trees.head_leaves(0, size))


def leaves(stream: Stream, size: int) -> Iterator[bytes]:
    """The first `size` leaves of a stream."""
    return trees.stream_leaves(stream)(0, size)


def _behind() -> QuerySet[Stream]:
    return _with_largest_head().filter(size__gt=F("signed"))


def _with_largest_head() -> QuerySet[Stream]:
    """Streams with `signed`: how large the largest of their heads is, signed or not; 0 without any."""
    largest = Head.objects.filter(stream=OuterRef("pk")).order_by("-size").values("size")[:1]
    return Stream.objects.annotate(signed=Coalesce(Subquery(largest), 0))


def _grown_streams() -> list[tuple[Stream, int]]:
    return [(stream, stream.size) for stream in _behind().order_by("pk")]


def _none_shrank() -> None:
    """Raises Forked when a stream has fewer entries than one of its heads says."""
    shrunk = _with_largest_head().filter(size__lt=F("signed")).first()
    if shrunk is not None:
        largest = Head.objects.filter(stream=shrunk).aggregate(size=Max("size"))["size"]
        raise Forked(f"the entries of {shrunk.uid}", largest)


def _be_the_only_writer() -> None:
    """Two checkpointers would both append at the same place. On SQLite the transaction itself is the lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SINGLE_WRITER])


def _append_head(grown: _Grown) -> None:
    signed = Head.objects.filter(stream=grown.stream).aggregate(size=Max("size"))["size"] or 0
    if signed >= grown.size:
        return  # another checkpointer was faster
    held = Head.objects.aggregate(count=Count("pk"), last=Max("idx"))
    if held["last"] is not None and held["last"] + 1 != held["count"]:
        raise Forked("the heads", held["last"] + 1)  # some are gone
    body = head_body(grown.stream.uid, grown.size, grown.root)
    Head.objects.create(
        idx=held["count"],
        stream=grown.stream,
        size=grown.size,
        root=grown.root,
        body=body,
        leaf=leaf_hash(body),
    )
