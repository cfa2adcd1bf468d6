"""When the ledger is signed and audited: each minute if it grew, at once after a critical entry, daily regardless,
and the whole of it each night.

The sweep finds what is due, on every machine; two that find the same are harmless.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings

from audit import checkpoints, nightly, tasks
from audit.signals import entry_recorded
from audit.trust import critical, rotation
from plumbing import doorbell, sweep

AUDIT_LOOK_S, SLICE_AGAIN_S = 30.0, 1.0
KEYS_EVERY_S = 3600.0
THE_LEDGER = "ledger"  # the one subject there is


class Pace:
    """Says when to look: asking the database each second whether there is something to do would be waste."""

    def __init__(self, find: Callable[[datetime], str | None], every_s: float, *, goes_on: bool = False) -> None:
        """goes_on: what was found is looked for again at the next pass, until nothing is."""
        self.find, self.every_s, self.goes_on = find, every_s, goes_on
        self.last: datetime | None = None

    def due(self, now: datetime) -> Iterator[str]:
        """What `find` found, asked at most once in `every_s`."""
        if self.last and (now - self.last).total_seconds() < self.every_s:
            return
        self.last = now
        if subject := self.find(now):
            if self.goes_on:
                self.last = None
            yield subject


def to_sign(now: datetime) -> str | None:
    """The ledger, if something isn't signed, or if the last checkpoint is a day old."""
    return THE_LEDGER if checkpoints.grew() or checkpoints.is_stale(now) else None


def connect() -> None:
    """Called once, when the app is ready."""
    doorbell.answer("checkpoint", _send)
    sweep.register(
        "checkpoint",
        Pace(to_sign, checkpoints.EVERY_S).due,
        lambda _: checkpoints.keep_up(),
        again_s=checkpoints.EVERY_S / 2,
    )
    doorbell.answer("audit", _send_slice)
    audits = Pace(nightly.due, AUDIT_LOOK_S, goes_on=True)
    sweep.register("audit", audits.due, nightly.proceed, again_s=SLICE_AGAIN_S)
    doorbell.answer("log_keys", _send_keys)
    hourly = Pace(lambda _: THE_LEDGER, KEYS_EVERY_S)
    sweep.register("log_keys", hourly.due, lambda _: rotation.tend(), again_s=KEYS_EVERY_S / 2)
    entry_recorded.connect(sign_at_once, dispatch_uid="audit.sign_at_once")


def sign_at_once(kind: str, **_: Any) -> None:
    """Ring for a checkpoint right after a critical entry."""
    if critical.is_critical(kind):
        doorbell.ring("checkpoint", THE_LEDGER)


def _send(_: str) -> None:
    tasks.checkpoint.apply_async(queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def _send_keys(_: str) -> None:
    tasks.tend_keys.apply_async(queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def _send_slice(run_id: str) -> None:
    tasks.audit_slice.apply_async((run_id,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)
