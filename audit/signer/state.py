"""What a signer remembers, in one file: written whole, synced, and renamed into place, so that no crash tears it.

{"v": 1, "origin": "…/evidence/2", "logs": {"…/evidence": {"size": 7, "root": "<hex>"}, "…/evidence/2": {…}},
 "keys": [{"public": "<hex>", "file": "/…/ledger-key.pem", "added": "2026-03-02T09:00:00Z", "retired": null}]}
"""

import json
import os
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit.errors import SignerBroken
from audit.merkle import EMPTY

OVERLAP = timedelta(days=30)  # for so long old and new key sign side by side


@dataclass(frozen=True, slots=True)
class Signed:
    """The last tree that was signed under one origin."""

    size: int = 0
    root: str = EMPTY.hex()


@dataclass(frozen=True, slots=True)
class HeldKey:
    """A key that this signer holds, or held. Times are RFC 3339, UTC, by the signer's clock."""

    public_hex: str
    file: str
    added_at: str
    retired_at: str | None = None

    @property
    def public(self) -> Ed25519PublicKey:
        """The public key."""
        return Ed25519PublicKey.from_public_bytes(bytes.fromhex(self.public_hex))

    @property
    def added(self) -> datetime:
        """Since when it signs."""
        return datetime.fromisoformat(self.added_at)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that a signer remembers. origin: the one it signs now."""

    origin: str
    logs: dict[str, Signed] = field(default_factory=dict)
    keys: tuple[HeldKey, ...] = ()

    @property
    def signed(self) -> Signed:
        """The last tree under the present origin."""
        return self.logs.get(self.origin, Signed())

    def keys_in_force(self) -> list[HeldKey]:
        """The keys that sign now, oldest first."""
        return [key for key in self.keys if key.retired_at is None]

    def with_signed(self, signed: Signed) -> "State":
        """The same, after another tree was signed."""
        return replace(self, logs={**self.logs, self.origin: signed})

    def may_retire(self, now: datetime) -> HeldKey | None:
        """The oldest key in force, once its successor has signed beside it for OVERLAP; None before."""
        keys = self.keys_in_force()
        return keys[0] if len(keys) > 1 and now - keys[1].added >= OVERLAP else None

    def as_json(self) -> dict[str, Any]:
        """The form of the file, and of the answer to `status`."""
        return {"v": 1, **asdict(self)}


def from_json(told: Any) -> State:
    """The state that as_json() wrote. Raises SignerBroken."""
    try:
        if told["v"] != 1:
            raise ValueError(f"version {told['v']}")
        logs = {str(name): Signed(int(one["size"]), str(one["root"])) for name, one in told["logs"].items()}
        if any(one.size < 0 or len(bytes.fromhex(one.root)) != 32 for one in logs.values()):
            raise ValueError("a tree without a root")
        state = State(str(told["origin"]), logs, tuple(HeldKey(**key) for key in told["keys"]))
        for key in state.keys:
            key.public, key.added  # noqa: B018 - raise what they would raise later
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise SignerBroken(f"what it remembers can't be read ({type(error).__name__}: {error})") from error
    return state


def load(path: Path) -> State | None:
    """The state in a file; None when there is none. Raises SignerBroken: a torn file is never taken for a new start."""
    try:
        return from_json(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise SignerBroken(f"{path} can't be read ({error})") from error


def save(path: Path, state: State) -> None:
    """Write it so that after a crash either the old or the new state is there, whole."""
    draft = path.with_name(path.name + ".new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(json.dumps(state.as_json(), indent=1).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)  # the rename itself
        finally:
            os.close(folder)
    except OSError as error:
        raise SignerBroken(f"{path} can't be written ({error.strerror})") from error


def stamp(now: datetime) -> str:
    """A moment as the file writes it."""
    return now.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
