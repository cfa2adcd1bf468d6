"""The one decision of a witness: is this checkpoint the log's, and does it extend what was cosigned before?"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from audit import merkle
from audit.cosigning import (
    COSIGNATURE,
    AddCheckpoint,
    Verifier,
    cosign,
    origin_of,
    read_add_checkpoint,
    with_lines,
)
from audit.errors import BadNote, LedgerError
from audit.notes import SignedTree, opened
from audit.witness.state import Seen, State

SIZE = "text/x.tlog.size"
PLAIN = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Reply:
    """What an HTTP door answers. contradicts: what the log signed can't be true beside what it signed before."""

    status: int
    body: bytes
    kind: str = PLAIN
    contradicts: bool = False


class No(LedgerError):
    """The witness doesn't cosign. reply: what the log is told."""

    code = "witness_refused"

    def __init__(self, status: int, sentence: str, *, contradicts: bool = False) -> None:
        super().__init__(status, sentence)
        self.reply = Reply(status, f"{sentence}\n".encode(), contradicts=contradicts)


class Stale(LedgerError):
    """The log's `old` isn't what was cosigned last. size: what was."""

    code = "witness_stale"

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.reply = Reply(409, f"{size}\n".encode(), SIZE)


class Witness:
    """Name and key of a witness, the logs it knows, and what it remembers. Safe in several threads."""

    def __init__(
        self,
        name: str,
        key: Ed25519PrivateKey,
        logs: Mapping[str, Sequence[Ed25519PublicKey]],
        state: State,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """logs: origin -> the keys with which that log signs."""
        self.verifier = Verifier(name, COSIGNATURE, key.public_key())
        self._key, self._logs, self._state, self._clock = key, logs, state, clock
        self._turn = threading.Lock()

    def add_checkpoint(self, body: bytes) -> Reply:
        """The answer to an add-checkpoint request: the cosignature, or why not. Raises OSError when the disk fails."""
        try:
            asked = read_add_checkpoint(body)
            tree = self._verified(asked.note)
            with self._turn:  # checking and remembering are one step, or an older tree could come back
                return Reply(200, self._cosigned(asked, tree).encode())
        except (No, Stale) as error:
            return error.reply
        except BadNote as error:
            return Reply(400, f"{error}\n".encode())

    def latest(self) -> dict[str, Seen]:
        """Per origin of a known log: the latest tree that was cosigned; size 0 before the first."""
        none = Seen(0, merkle.EMPTY, b"")
        return {origin: self._state.logs.get(origin, none) for origin in sorted(self._logs)}

    def _verified(self, note: bytes) -> SignedTree:
        origin = origin_of(note)
        keys = self._logs.get(origin)
        if keys is None:
            raise No(404, f"This witness doesn't know the log {origin[:200]}.")
        try:
            return opened(note, origin, keys)
        except BadNote as error:
            raise No(403, str(error)) from error

    def _cosigned(self, asked: AddCheckpoint, tree: SignedTree) -> str:
        seen = self._state.logs.get(tree.origin, Seen(0, merkle.EMPTY, b""))
        if asked.old > tree.size:
            raise No(400, f"The old size {asked.old} is larger than the checkpoint's {tree.size}.")
        if asked.old != seen.size:
            raise Stale(seen.size)
        _extends(asked, tree, seen)
        line = cosign(asked.note, self.verifier.name, self._key, int(self._clock()))
        self._state.put(tree.origin, replace(seen, size=tree.size, root=tree.root, note=with_lines(asked.note, [line])))
        return f"{line}\n"


def _extends(asked: AddCheckpoint, tree: SignedTree, seen: Seen) -> None:
    """Raises No unless the tree holds what was seen, in the same places."""
    if tree.size == seen.size:
        if tree.root != seen.root:
            raise No(409, f"Another tree of {tree.size} leaves was cosigned before.", contradicts=seen.size > 0)
        proven = not asked.proof
    elif seen.size == 0:
        proven = not asked.proof  # there is nothing to be consistent with
    else:
        proven = merkle.consistent(seen.size, tree.size, seen.root, tree.root, list(asked.proof))
    if not proven:
        raise No(
            422, f"The proof doesn't lead from the tree of {seen.size} leaves to this one.", contradicts=seen.size > 0
        )
