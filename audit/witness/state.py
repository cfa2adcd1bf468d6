"""What a witness remembers: per log the latest tree that it cosigned. One file, replaced whole, synced."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from audit.errors import LedgerError


class StateUnusable(LedgerError):
    """The witness's file of state can't be used. It must not be started with an empty one instead."""

    code = "witness_state_unusable"
    status = 500

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(path, reason)
        self.path, self.reason = path, reason

    def __str__(self) -> str:
        return f"The state {self.path} {self.reason}."


@dataclass(frozen=True, slots=True)
class Seen:
    """The latest tree of one log that was cosigned. note: the checkpoint with the witness's line below."""

    size: int
    root: bytes
    note: bytes


class State:
    """The file, held by one process. `witness` is the verifier key that it belongs to."""

    def __init__(self, path: Path, witness: str) -> None:
        """Opens it. Raises StateUnusable when it isn't there, isn't this witness's, or another process holds it."""
        self._path = path
        if not path.is_file():
            raise StateUnusable(str(path), "is missing. A witness that lost its state must be given a new key and name")
        self._lock, self._witness = _held(path), witness
        try:
            self.logs = _read(path, witness)
        except StateUnusable:
            self.close()
            raise

    def put(self, origin: str, seen: Seen) -> None:
        """Remember a tree. When this returns, it is on the disk. Raises OSError."""
        logs = {**self.logs, origin: seen}
        write(self._path, self._witness, logs)
        self.logs = logs

    def close(self) -> None:
        """Let another process have it."""
        self._lock.close()


def write(path: Path, witness: str, logs: dict[str, Seen]) -> None:
    """Replace the file by these contents, whole or not at all. Raises OSError."""
    told = {
        origin: {"size": seen.size, "root": seen.root.hex(), "note": seen.note.decode()}
        for origin, seen in logs.items()
    }
    draft = path.with_name(f"{path.name}.new")
    with draft.open("wb") as file:
        file.write(json.dumps({"witness": witness, "logs": told}, indent=1, ensure_ascii=False).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # the new name, too
    finally:
        os.close(folder)


def _read(path: Path, witness: str) -> dict[str, Seen]:
    try:
        told = json.loads(path.read_bytes())
        logs = {origin: _seen(one) for origin, one in told["logs"].items()}
        owner = told["witness"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise StateUnusable(str(path), "is not what a witness wrote") from error
    if owner != witness:
        raise StateUnusable(str(path), f"belongs to {owner}, not to {witness}")
    return logs


def _seen(told: dict[str, object]) -> Seen:
    seen = Seen(int(str(told["size"])), bytes.fromhex(str(told["root"])), str(told["note"]).encode())
    if seen.size < 0 or len(seen.root) != 32:
        raise ValueError("a tree has a size and 32 bytes of root")
    return seen


def _held(path: Path) -> IO[bytes]:
    lock = path.with_name(f"{path.name}.lock").open("ab")  # a file of its own: the state's is replaced
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        raise StateUnusable(str(path), "is in use by another witness process") from None
    return lock
