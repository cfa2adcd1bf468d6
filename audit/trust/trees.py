"""Trees of streams and of the heads log, as the database holds them now.

A tree of up to WHOLE leaves is read wholly each time, so that a changed past is noticed at the next checkpoint. A
larger one goes on from where this process last was: its change is noticed by the nightly audit and `verify_ledger`.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from audit import merkle
from audit.errors import Forked
from audit.models import Entry, Head, Stream

WHOLE = 20_000  # leaves: 0.1 s of reading
AT_ONCE = 5_000

Leaves = Callable[[int, int], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class _Reached:
    tree: merkle.Growing
    last: bytes  # the leaf at its end: another one there, and it is not our tree any more


_reached: dict[str, _Reached] = {}
_turn = threading.Lock()


def stream_leaves(stream: Stream) -> Leaves:
    """Reads leaves of a stream: (first, beyond) -> them."""

    def read(first: int, beyond: int) -> Iterator[bytes]:
        found = Entry.objects.filter(stream=stream, seq__gte=first, seq__lt=beyond).order_by("seq")
        for leaf in found.values_list("leaf", flat=True).iterator(chunk_size=AT_ONCE):
            yield bytes(leaf)

    return read


def head_leaves(first: int, beyond: int) -> Iterator[bytes]:
    """Leaves of the heads log."""
    found = Head.objects.filter(idx__gte=first, idx__lt=beyond).order_by("idx")
    for leaf in found.values_list("leaf", flat=True).iterator(chunk_size=AT_ONCE):
        yield bytes(leaf)


def stream_tree(stream: Stream, size: int) -> merkle.Growing:
    """The tree of its first `size` entries, once its earlier heads turned out to be prefixes of it. Raises Forked."""
    earlier = dict(Head.objects.filter(stream=stream, size__lte=size).values_list("size", "root"))
    name = f"the entries of {stream.uid}"

    def check(tree: merkle.Growing) -> None:
        root = earlier.get(tree.size)
        if root is not None and bytes(root) != tree.root():
            raise Forked(name, tree.size)

    tree = _grown(f"stream {stream.pk} {stream.uid}", size, stream_leaves(stream), check)
    if tree.size != size:
        raise Forked(name, size)
    return tree


def heads_tree(size: int) -> merkle.Growing:
    """The tree of the first `size` heads. Raises Forked when there are fewer."""
    tree = _grown("heads", size, head_leaves, lambda _: None)
    if tree.size != size:
        raise Forked("the heads", size)
    return tree


def _grown(name: str, size: int, read: Leaves, check: Callable[[merkle.Growing], None]) -> merkle.Growing:
    tree = _resumed(name, size, read)
    last = b""
    for leaf in read(tree.size, size):
        tree.add(leaf)
        last = leaf
        check(tree)
    if last and tree.size > WHOLE:
        with _turn:
            _reached[name] = _Reached(tree.copy(), last)
    return tree


def _resumed(name: str, size: int, read: Leaves) -> merkle.Growing:
    """Where this process last was with this tree, if that is still there; else an empty one."""
    with _turn:
        known = _reached.get(name)
    if known is None or known.tree.size > size or list(read(known.tree.size - 1, known.tree.size)) != [known.last]:
        return merkle.Growing()
    return known.tree.copy()
