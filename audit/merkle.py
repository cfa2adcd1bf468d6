"""Merkle tree of RFC 6962, section 2.1: root, inclusion and consistency proofs. Hashes are 32 bytes of SHA-256."""

from collections.abc import Iterable, Sequence
from hashlib import sha256

EMPTY = sha256().digest()


def leaf_hash(data: bytes) -> bytes:
    """Hash of a leaf; the 0x00 prefix keeps leaves and nodes apart."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash of an inner node."""
    return sha256(b"\x01" + left + right).digest()


class Growing:
    """A tree that leaves are added to; keeps log(n) hashes."""

    def __init__(self) -> None:
        self.size = 0
        self._full: list[bytes] = []  # roots of full subtrees, largest first

    def copy(self) -> "Growing":
        """Another one of the same size, that grows by itself."""
        other = Growing()
        other.size, other._full = self.size, list(self._full)
        return other

    def full(self) -> list[bytes]:
        """Roots of the full subtrees that it consists of, largest first: all that is needed to grow on."""
        return list(self._full)

    @classmethod
    def resumed(cls, size: int, full: Sequence[bytes]) -> "Growing":
        """The tree of `size` leaves whose full() these are. Raises ValueError when the numbers don't fit."""
        if size.bit_count() != len(full):
            raise ValueError(f"a tree of {size} leaves consists of {size.bit_count()} full ones, not {len(full)}")
        tree = cls()
        tree.size, tree._full = size, list(full)
        return tree

    def add(self, leaf: bytes) -> None:
        """Append one leaf hash."""
        self._full.append(leaf)
        height = self.size
        while height & 1:  # two full subtrees of one height become one
            right = self._full.pop()
            self._full[-1] = node_hash(self._full[-1], right)
            height >>= 1
        self.size += 1

    def root(self) -> bytes:
        """The root so far. Of nothing: SHA-256 of nothing."""
        if not self._full:
            return EMPTY
        top = self._full[-1]
        for left in reversed(self._full[:-1]):
            top = node_hash(left, top)
        return top


def root(leaves: Iterable[bytes]) -> bytes:
    """Root over leaf hashes."""
    tree = Growing()
    for leaf in leaves:
        tree.add(leaf)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Audit path of leaf `index`, lowest sibling first (RFC 6962, 2.1.1). Raises IndexError outside the tree."""
    if not 0 <= index < len(leaves):
        raise IndexError(f"leaf {index} of a tree of {len(leaves)}")
    if len(leaves) == 1:
        return []
    split = _split(len(leaves))
    if index < split:
        return [*inclusion_proof(leaves[:split], index), root(leaves[split:])]
    return [*inclusion_proof(leaves[split:], index - split), root(leaves[:split])]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Proof that the tree of the first `first` leaves is a prefix of the whole (RFC 6962, 2.1.2); 1 <= first <= n."""
    if not 1 <= first <= len(leaves):
        raise ValueError(f"a tree of {len(leaves)} has no prefix of {first}")
    before = Growing()
    for leaf in leaves[:first]:
        before.add(leaf)
    return extension_proof(before, leaves[first:])


def extension_proof(before: Growing, added: Sequence[bytes]) -> list[bytes]:
    """The same proof for a tree (of at least one leaf) and the leaves added since: the older ones aren't needed."""
    if before.size < 1:
        raise ValueError("a tree of 0 leaves is a prefix of all, and proves nothing")
    old: dict[int, bytes] = {}  # where each full tree of the smaller one begins -> its root
    first, start = before.size, 0
    for height, full in zip(_heights(before.size), before.full(), strict=True):
        old[start] = full
        start += 1 << height
    path: list[bytes] = []
    low, high = 0, first + len(added)
    while first != high:  # from the root down to where the smaller tree ends; siblings on the way
        split = low + _split(high - low)
        if first <= split:
            path.append(root(added[split - first : high - first]))
            high = split
        else:
            path.append(old[low])
            low = split
    if low:  # the smaller tree's root alone, when it is one full tree, is known to whoever checks
        path.append(old[low])
    return path[::-1]


def _heights(size: int) -> list[int]:
    """Heights of the full trees that a tree of `size` leaves consists of, largest first."""
    return [height for height in range(size.bit_length() - 1, -1, -1) if size >> height & 1]


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << (size - 1).bit_length() - 1


def root_from_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that `proof` leads to (RFC 9162, 2.1.3.2), or None when it has the wrong length for index and size."""
    if not 0 <= index < size:
        return None
    node, last, result = index, size - 1, leaf
    for sibling in proof:
        if last == 0 or len(sibling) != 32:
            return None
        if node & 1 or node == last:
            result = node_hash(sibling, result)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            result = node_hash(result, sibling)
        node, last = node >> 1, last >> 1
    return result if last == 0 else None


def included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected_root: bytes) -> bool:
    """Whether `proof` shows that `leaf` stands at `index` of the tree with this size and root."""
    return root_from_inclusion(leaf, index, size, proof) == expected_root


def consistent(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether `proof` shows that the first tree is a prefix of the second (RFC 9162, 2.1.4.2)."""
    if not 1 <= first <= second or any(len(item) != 32 for item in proof):
        return False
    if first == second:
        return not proof and first_root == second_root
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    node, last = first - 1, second - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for item in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(item, old), node_hash(item, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, item)
        node, last = node >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root
