"""What incidents hear from the rooms below: entries of their streams, probes that change colour."""

from typing import Any

from django.dispatch import receiver

from audit.signals import entry_recorded
from catalog.signals import health_changed
from incidents.hub import LOBBY, group_of
from incidents.selectors.incidents import PREFIX
from incidents.services.health import record_health_change
from plumbing import live


@receiver(entry_recorded, dispatch_uid="incidents.ring_the_room")
def ring_the_room(stream: str, **_: Any) -> None:
    """An incident's history grew: its room and the lobby look."""
    if stream.startswith(PREFIX):
        live.ring(group_of(stream))
        live.ring(LOBBY)


@receiver(health_changed, dispatch_uid="incidents.record_health")
def record_health(probe: Any, was: str, now: str, **_: Any) -> None:
    """A probe of an affected service changed colour: in the same transaction, its open incidents say so."""
    record_health_change(probe, was, now)
