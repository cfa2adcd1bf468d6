"""Connects checkpoints to the sweep: at most one a minute, and only when the ledger grew."""

from collections.abc import Iterator
from datetime import datetime

from audit import checkpoints, tasks
from plumbing import doorbell, sweep

EVERY_S = 60.0
THE_LEDGER = "ledger"  # the one subject there is


class Pace:
    """Says when to look: asking the database whether anything grew, each second, would be waste."""

    def __init__(self) -> None:
        self.last: datetime | None = None

    def due(self, now: datetime) -> Iterator[str]:
        """The ledger, if it grew and was not looked at for EVERY_S."""
        if self.last and (now - self.last).total_seconds() < EVERY_S:
            return
        self.last = now
        if checkpoints.grew():
            yield THE_LEDGER


def connect() -> None:
    """Called once, when the app is ready."""
    doorbell.answer("checkpoint", _send)
    sweep.register("checkpoint", Pace().due, lambda _: checkpoints.checkpoint(), again_s=EVERY_S / 2)


def _send(_: str) -> None:
    tasks.checkpoint.apply_async(**doorbell.SENDING)
