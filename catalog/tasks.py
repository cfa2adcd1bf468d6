"""Doors of the broker. A message is a ring: safe when it comes twice, late or never."""

from celery import shared_task

from catalog.services import check_probe as check
from catalog.services import sending
from plumbing.hands import Hands

hands = Hands(sending.attend)


@shared_task(name="catalog.check_probe", ignore_result=True)
def check_probe(probe_id: str) -> None:
    """Ask a probe, if it is due."""
    check(probe_id)


@shared_task(name="catalog.send_notice", ignore_result=True)
def send_notice(uid: str) -> None:
    """Send a notice, if it is due: by a thread of its own, for this worker has other work to do."""
    hands.take(uid)
