"""Checkpoints: what the ledger holds now, signed, so that nobody can rewrite it later without being noticed.

For each stream that grew, a head (size, root) is appended to the heads log; then the heads log's own tree is signed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import connection
from django.db.models import F, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit import keys, merkle, notes
from audit.canonical import canon
from audit.errors import Forked
from audit.merkle import leaf_hash
from audit.models import Checkpoint, Entry, Head, Stream
from plumbing.database import atomic

SINGLE_WRITER = 69_620_001  # PostgreSQL advisory lock: one checkpointer at a time


@dataclass(frozen=True, slots=True)
class _Grown:
    stream: Stream
    size: int
    root: bytes


def checkpoint() -> Checkpoint | None:
    """Sign what the ledger holds now. Returns the checkpoint; the last one if nothing grew; None for an empty ledger.

    Raises Forked when what was signed before is no longer a prefix of what is there, NoLogKey."""
    grown = [_measure(stream, size) for stream, size in _grown_streams()]
    with atomic():
        _be_the_only_writer()
        for item in grown:
            _append_head(item)
        return _sign()


def grew() -> bool:
    """Whether any stream has entries that no checkpoint covers."""
    return _behind().exists()


def head_body(stream_uid: str, size: int, root: bytes) -> bytes:
    """The canonical bytes of a head."""
    return canon({"v": 1, "stream": stream_uid, "size": size, "root": root.hex()})


def head_leaves(size: int) -> list[bytes]:
    """The first `size` leaves of the heads log."""
    found = Head.objects.filter(idx__lt=size).order_by("idx").values_list("leaf", flat=True)
    return [bytes(leaf) for leaf in found]


def leaves(stream: Stream, size: int) -> Iterator[bytes]:
    """The first `size` leaves of a stream."""
    found = Entry.objects.filter(stream=stream, seq__lt=size).order_by("seq").values_list("leaf", flat=True)
    for leaf in found.iterator(chunk_size=5000):
        yield bytes(leaf)


def _behind() -> QuerySet[Stream]:
    largest = Head.objects.filter(stream=OuterRef("pk")).order_by("-size").values("size")[:1]
    return Stream.objects.annotate(signed=Coalesce(Subquery(largest), 0)).filter(size__gt=F("signed"))


def _grown_streams() -> list[tuple[Stream, int]]:
    return [(stream, stream.size) for stream in _behind().order_by("pk")]


def _measure(stream: Stream, size: int) -> _Grown:
    """Root of the stream, once its earlier heads turned out to be prefixes of it."""
    earlier = dict(Head.objects.filter(stream=stream, size__lte=size).values_list("size", "root"))
    tree = merkle.Growing()
    for leaf in leaves(stream, size):
        tree.add(leaf)
        signed = earlier.get(tree.size)
        if signed is not None and bytes(signed) != tree.root():
            raise Forked(f"the entries of {stream.uid}", tree.size)
    if tree.size != size:
        raise Forked(f"the entries of {stream.uid}", size)
    return _Grown(stream, size, tree.root())


def _be_the_only_writer() -> None:
    """Two checkpointers would both append at the same place. On SQLite the transaction itself is the lock."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SINGLE_WRITER])


def _append_head(grown: _Grown) -> None:
    signed = Head.objects.filter(stream=grown.stream).aggregate(size=Max("size"))["size"] or 0
    if signed >= grown.size:
        return  # another checkpointer was faster
    body = head_body(grown.stream.uid, grown.size, grown.root)
    Head.objects.create(
        idx=Head.objects.count(),
        stream=grown.stream,
        size=grown.size,
        root=grown.root,
        body=body,
        leaf=leaf_hash(body),
    )


def _sign() -> Checkpoint | None:
    size = Head.objects.count()
    last = Checkpoint.objects.order_by("-size").first()
    if size == 0 or (last and last.size == size):
        return last
    found = head_leaves(size)
    if last and merkle.root(found[: last.size]) != bytes(last.root):
        raise Forked("the heads", last.size)
    key, root = keys.log_key(), merkle.root(found)
    note = notes.sign(notes.SignedTree(settings.LEDGER_ORIGIN, size, root), key)
    key_id = keys.key_id(settings.LEDGER_ORIGIN, key.public_key()).hex()
    return Checkpoint.objects.create(size=size, root=root, note=note, key_id=key_id)
