"""Door of the broker: the clock of a request. A message is a ring: safe when it comes twice, late or never."""

from celery import shared_task

from approvals.services import clocks


@shared_task(name="approvals.tick", ignore_result=True)
def tick(uid: str) -> None:
    """Fire what is due for a request."""
    clocks.tick(uid)
