"""What the queue knows of an authority, a witness or an anchor. Adding a kind of them is one more class like this."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from audit.models import Checkpoint
from audit.trust.copies import Kind

Store = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A place outside. pace: at most so often it is given a checkpoint."""

    kind: Kind
    name: str
    pace: timedelta

    @property
    def subject(self) -> str:
        """What the sweep and the doorbell call it."""
        return f"{self.kind}:{self.name}"


class Party(Protocol):
    """Somebody outside who attests or keeps checkpoints."""

    @property
    def place(self) -> Place:
        """Who it is."""

    def take(self, checkpoint: Checkpoint) -> Store:
        """Give it a checkpoint, over the network, and check what it answers. Returns what stores that, to be called in
        a transaction; calling it twice stores once. Raises NotHeld, BadSetting."""
