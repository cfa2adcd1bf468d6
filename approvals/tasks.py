"""Doors of the broker: the clock of a request, and filings that wait for one. Safe when twice, late or never."""

from celery import shared_task

from approvals import filings
from approvals.services import clocks


@shared_task(name="approvals.tick", ignore_result=True)
def tick(uid: str) -> None:
    """Fire what is due for a request."""
    clocks.tick(uid)


@shared_task(name="approvals.settle_filing", ignore_result=True)
def settle_filing(subject: str) -> None:
    """Let a filing take over what became of its request."""
    filings.settle(subject)
