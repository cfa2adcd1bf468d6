"""Doors of the broker. A message is a ring: safe when it comes twice, late or never."""

from celery import shared_task

from catalog.services import check_probe as check


@shared_task(name="catalog.check_probe", ignore_result=True)
def check_probe(probe_id: str) -> None:
    """Ask a probe, if it is due."""
    check(probe_id)
