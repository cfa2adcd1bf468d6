"""The keys of this ledger: which public keys signed it when, and the private one where the portal signs by itself.

A key is valid for the checkpoints made between its first and its last: sizes of the heads log, not clock times, which
nobody can move. Names of keys and notes: audit.ed25519, audit.notes.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from audit import notes
from audit.ed25519 import ED25519, fingerprint, key_id, make_private, public_pem, public_raw, read_private
from audit.models import LedgerKey
from audit.trust import origins
from audit.trust.port import signer

__all__ = [
    "ED25519",
    "LogKey",
    "fingerprint",
    "key_id",
    "log_key",
    "log_keys",
    "log_public",
    "public_pem",
    "public_raw",
    "valid_at",
]


@dataclass(frozen=True, slots=True)
class LogKey:
    """A public key of the log under one origin."""

    origin: str
    public: Ed25519PublicKey
    since: int  # it signs checkpoints that are larger than this
    until: int | None  # and none that are larger than this; None while it is in force
    added: datetime | None
    retired: datetime | None

    @property
    def key_id(self) -> str:
        """Eight hex digits, as they stand in a note's line."""
        return key_id(self.origin, self.public).hex()

    @property
    def vkey(self) -> str:
        """The form that note verifiers take."""
        return notes.vkey(self.origin, self.public)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of its 32 bytes, in hex: what a regulator is told."""
        return fingerprint(self.public)

    @property
    def is_in_force(self) -> bool:
        """Whether it signs new checkpoints."""
        return self.until is None

    def is_valid_at(self, size: int) -> bool:
        """Whether it may have signed a checkpoint over so many heads."""
        return self.since < size and (self.until is None or size <= self.until)


def log_keys(origin: str = "") -> list[LogKey]:
    """All keys that sign or signed this ledger, oldest first, under `origin` (by default that of the last epoch).

    A ledger without a checkpoint has those that its signer holds. Raises SignerAway then, or NoLogKey."""
    name = origin or origins.current().origin
    rows = list(LedgerKey.objects.select_related("retirement").order_by("pk"))
    if not rows:
        return [LogKey(name, key.public, 0, None, key.added, None) for key in signer().status().keys_in_force()]
    return [_as_key(row, name) for row in rows]


def log_public() -> Ed25519PublicKey:
    """The newest public key in force: the one to hand out. Raises SignerAway, NoLogKey."""
    return [key for key in log_keys() if key.is_in_force][-1].public


def valid_at(size: int) -> list[LogKey]:
    """The keys that may have signed the checkpoint over `size` heads, under the origin of its epoch."""
    return [key for key in log_keys(origins.at(size).origin) if key.is_valid_at(size)]


def log_key() -> Ed25519PrivateKey:
    """The private key of settings.LEDGER_KEY_FILE, for a portal that signs in its own process; made in a demo.

    Raises NoLogKey when it is missing (production) or unusable."""
    path = Path(settings.LEDGER_KEY_FILE)
    if not path.exists() and not settings.PRODUCTION:
        make_private(path)
    return read_private(path)


def _as_key(row: LedgerKey, origin: str) -> LogKey:
    public = Ed25519PublicKey.from_public_bytes(bytes(row.public))
    over = getattr(row, "retirement", None)
    return LogKey(origin, public, row.since, over.until if over else None, row.added, over.retired if over else None)
