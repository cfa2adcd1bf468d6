"""Doors of the broker. A message is a ring: safe when it comes twice, late or never."""

from celery import shared_task

from audit import checkpoints, nightly
from audit.access import delivery
from audit.packs import running
from audit.redaction import erasing
from audit.regimes import ticking
from audit.trust import attesting, rotation
from plumbing.hands import Hands

PACKS_AT_ONCE = 2  # in one process
packers = Hands(running.attend, PACKS_AT_ONCE, what="pack")


@shared_task(name="audit.checkpoint", ignore_result=True)
def checkpoint() -> None:
    """Sign what the ledger holds now, if it grew or a day went by."""
    checkpoints.keep_up()


@shared_task(name="audit.tend_keys", ignore_result=True)
def tend_keys() -> None:
    """Let a log key go whose time is over."""
    rotation.tend()


@shared_task(name="audit.audit_slice", ignore_result=True)
def audit_slice(run_id: str) -> None:
    """Half a second of the nightly audit."""
    nightly.proceed(run_id)


@shared_task(name="audit.tick_clock", ignore_result=True)
def tick_clock(uid: str) -> None:
    """Tell about a clock what is due."""
    ticking.tick(uid)


@shared_task(name="audit.send_events", ignore_result=True)
def send_events(name: str) -> None:
    """Send the security events that are new."""
    delivery.deliver(name)


@shared_task(name="audit.erase", ignore_result=True)
def erase(uid: str) -> None:
    """Go on with an erasure that was approved."""
    erasing.carry_out(uid)


@shared_task(name="audit.attest", ignore_result=True)
def attest(subject: str) -> None:
    """Give one authority, witness or anchor the latest checkpoint."""
    attesting.give(subject)


@shared_task(name="audit.make_pack", ignore_result=True)
def make_pack(uid: str) -> None:
    """Make a pack that was asked for: by a thread of its own, for this worker has other work to do."""
    packers.take(uid)
