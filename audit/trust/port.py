"""Where the signer is: behind MUSTER_SIGNER, or, without that, in this very process with MUSTER_SIGNER_DIR."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from django.conf import settings

from audit.signer.client import Client
from audit.signer.core import Signer
from audit.signer.state import State

SOCKET = "unix:"


class Port(Protocol):
    """What both kinds of signer can do. All raise SignerAway, SignerBroken, SignerRefused, NoLogKey."""

    def status(self) -> State:
        """What was signed last, under which origin, with which keys."""

    def sign(self, origin: str, size: int, root: bytes, proof: Sequence[bytes]) -> bytes:
        """The tree as a signed note."""

    def rotate(self) -> State:
        """Have a new key sign beside the present one."""

    def retire(self) -> State:
        """Let the older of two keys go."""

    def open_epoch(self, origin: str) -> State:
        """Begin a new log under the next name."""


def signer() -> Port:
    """The signer of this portal."""
    if is_apart():
        return Client(Path(settings.SIGNER.removeprefix(SOCKET)))
    key_file = Path(settings.LEDGER_KEY_FILE)
    return Signer(Path(settings.SIGNER_DIR), key_file, settings.LEDGER_ORIGIN, makes_key=not settings.PRODUCTION)


def is_apart() -> bool:
    """Whether it is a process of its own."""
    return str(settings.SIGNER).startswith(SOCKET)
