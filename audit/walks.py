"""Reading a stream, or the heads log, in pieces: whatever is wrong with each, and where to go on.

Trusts nothing but the bytes of `body` and `payload`, the heads log, and the log keys.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

from django.db.models import F, Q

from audit import keys, merkle, notes
from audit.entries import NO_HEAD
from audit.errors import LedgerError
from audit.inspection import Break, inspect_entry, inspect_head
from audit.models import Checkpoint, Entry, Head, Pack, PackPart, Stream
from audit.selectors import every_entry
from audit.trust import origins

CHUNK = 1_000
READ_AGAIN = 2


@dataclass
class StreamWalk:
    """From an entry of a stream on, with what the entries before it came to."""

    stream: Stream
    tree: merkle.Growing = field(default_factory=merkle.Growing)
    prev: bytes = NO_HEAD
    time: datetime | None = None

    def read(self, beyond: int) -> Iterator[Break]:
        """Read on up to entry `beyond`. Yields whatever is wrong, in the order of the entries."""
        first, heads, packs = self.tree.size, self._heads(beyond), self._packs(beyond)
        for entry in every_entry(self.stream, beyond, first=first):
            if entry.seq != self.tree.size:
                yield Break(f"entry {self.tree.size}", f"nothing; the next one is entry {entry.seq}", "an entry")
            yield from self._inspect(entry)
            self.prev, self.time = bytes(entry.leaf), entry.time
            self.tree.add(self.prev)
            size = self.tree.size
            if size in heads:
                yield from inspect_head(heads[size], self.stream.uid, self.tree.root())
            for root in packs.get(size, ()):
                if root != self.tree.root():
                    yield Break(f"the pack of {size} entries", f"root {root.hex()}", self.tree.root().hex())

    def _inspect(self, entry: Entry) -> list[Break]:
        """Whatever is wrong with the next entry. Disclosures and erasures are two reads, and an erasure that comes in
        between is in neither or in both: so what looks wrong is read again."""
        broken = list(inspect_entry(entry, self.stream.uid, self.prev, self.time))
        for _ in range(READ_AGAIN):
            if not broken:
                break
            entry = Entry.objects.prefetch_related("disclosures", "erasures").get(pk=entry.pk)
            broken = list(inspect_entry(entry, self.stream.uid, self.prev, self.time))
        return broken

    def ends(self, largest: int) -> Iterator[Break]:
        """Whatever is wrong at its end, once all of it was read. largest: of its heads when the walk began."""
        count, stream = self.tree.size, self.stream
        if count != stream.size:
            yield Break(f"entry {count}", "nothing", f"an entry: the stream says it has {stream.size}")
        elif bytes(stream.head) != self.prev:
            yield Break("the stream's head", bytes(stream.head).hex(), f"{self.prev.hex()}, the leaf of its last entry")
        elif stream.time != self.time:
            yield Break("the stream's time", str(stream.time), f"{self.time}, the time of its last entry")
        yield from self._outside(largest)

    def _outside(self, largest: int) -> Iterator[Break]:
        """What stands beyond the stream's end, in the table, in the heads log or in a pack."""
        beyond = Entry.objects.filter(stream=self.stream, seq__gte=F("stream__size")).order_by("seq").first()
        if beyond:  # one statement, so one moment: an append in between can't show up here
            yield Break(f"entry {beyond.seq}", "an entry", "nothing: it is beyond the stream's size")
        if largest > self.stream.size:
            yield Break(f"entry {self.stream.size}", "nothing", f"an entry: the heads log says there were {largest}")
        if beyond := Entry.objects.filter(stream=self.stream, seq__lt=0).first():
            yield Break(f"entry {beyond.seq}", "an entry", "nothing: a stream begins with entry 0")

    def _heads(self, beyond: int) -> dict[int, Head]:
        found = Head.objects.filter(stream=self.stream, size__gt=self.tree.size, size__lte=beyond)
        return {head.size: head for head in found}

    def _packs(self, beyond: int) -> Mapping[int, list[bytes]]:
        """Roots that packs of this stream were issued with, by size."""
        found: dict[int, list[bytes]] = {}
        here = Q(stream=self.stream, size__gt=self.tree.size, size__lte=beyond)
        about, more = Pack.objects.filter(here), PackPart.objects.filter(here)
        for size, root in chain(about.values_list("size", "root"), more.values_list("size", "root")):
            found.setdefault(size, []).append(bytes(root))
        return found

    def place(self) -> dict[str, Any]:
        """Where it is, as JSON."""
        time = self.time.isoformat() if self.time else None
        return {"stream": self.stream.pk, **_tree_place(self.tree), "prev": self.prev.hex(), "time": time}

    @classmethod
    def from_place(cls, stream: Stream, place: Mapping[str, Any]) -> "StreamWalk":
        """The walk that was at this place."""
        time = datetime.fromisoformat(place["time"]) if place["time"] else None
        return cls(stream, _tree_at(place), bytes.fromhex(place["prev"]), time)


@dataclass
class LogWalk:
    """From a head of the heads log on."""

    tree: merkle.Growing = field(default_factory=merkle.Growing)

    def read(self, beyond: int) -> Iterator[Break]:
        """Read on up to head `beyond`, with the checkpoints over what was read."""
        first = self.tree.size
        signed = {one.size: one for one in Checkpoint.objects.filter(size__gt=first, size__lte=beyond)}
        streams = dict(Stream.objects.values_list("pk", "uid"))
        found = Head.objects.filter(idx__gte=first, idx__lt=beyond).order_by("idx")
        for head in found.iterator(chunk_size=CHUNK):
            if head.idx != self.tree.size:
                yield Break(f"head {self.tree.size}", f"nothing; the next one is head {head.idx}", "a head")
            if head.stream_id not in streams:
                told = bytes(head.body).decode(errors="replace")
                yield Break(f"head {head.idx}", f"no stream for {told}", "the stream it is about")
            else:
                yield from inspect_head(head, streams[head.stream_id], bytes(head.root))
            self.tree.add(bytes(head.leaf))
            if self.tree.size in signed:
                yield from checkpoint_breaks(signed[self.tree.size], self.tree.root())

    def ends(self, signed: int) -> Iterator[Break]:
        """What is missing at its end. signed: size of the last checkpoint when the walk began."""
        if signed > self.tree.size:
            yield Break(f"head {self.tree.size}", "nothing", f"a head: {signed} were signed")
        if orphan := Entry.objects.exclude(stream__in=Stream.objects.all()).first():
            yield Break(f"entry {orphan.seq}", "an entry without a stream", "its stream")

    def place(self) -> dict[str, Any]:
        """Where it is, as JSON."""
        return _tree_place(self.tree)

    @classmethod
    def from_place(cls, place: Mapping[str, Any]) -> "LogWalk":
        """The walk that was at this place."""
        return cls(_tree_at(place))


def checkpoint_breaks(checkpoint: Checkpoint, root: bytes) -> Iterator[Break]:
    """Whatever is wrong with a checkpoint: its root, its note, the key and the name of its time."""
    place, epoch = f"checkpoint {checkpoint.size}", origins.at(checkpoint.size)
    if bytes(checkpoint.root) != root:
        yield Break(place, f"root {bytes(checkpoint.root).hex()}", f"{root.hex()}, the root of the heads")
    try:
        public = [key.public for key in keys.valid_at(checkpoint.size)]
        tree = notes.opened(bytes(checkpoint.note), epoch.origin, public)
    except LedgerError as error:
        yield Break(place, str(error), f"a note signed by the key of {epoch.origin}")
        return
    if (tree.size, tree.root) != (checkpoint.size, root):
        yield Break(place, f"a note over {tree.size} heads, root {tree.root.hex()}", f"root {root.hex()}")


def _tree_place(tree: merkle.Growing) -> dict[str, Any]:
    return {"size": tree.size, "full": [each.hex() for each in tree.full()]}


def _tree_at(place: Mapping[str, Any]) -> merkle.Growing:
    return merkle.Growing.resumed(place["size"], [bytes.fromhex(each) for each in place["full"]])
