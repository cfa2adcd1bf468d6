"""What is wrong with the ledger, told to people once: a room above raises an incident for each place."""

import logging
from collections.abc import Callable

from audit.models import Finding
from plumbing import clock
from plumbing.database import atomic

log = logging.getLogger(__name__)
LONGEST_PLACE = 200

Alarm = Callable[[str, str], str]  # (place, sentence) -> reference of what was raised, "" if nothing

_alarms: list[Alarm] = []


def register_alarm(alarm: Alarm) -> None:
    """Let the room that wakes people hear of findings: alarm(place, sentence) -> reference. From `apps.py: ready()`."""
    _alarms.append(alarm)


def found(place: str, sentence: str) -> Finding:
    """Keep a finding, and raise the alarm when nobody was told of this place. An alarm that fails is tried next time.

    Call it outside a transaction of your own: the finding must stand even if the alarm can't be raised."""
    moment = clock.now()
    with atomic():
        row, _ = Finding.objects.get_or_create(
            place=place[:LONGEST_PLACE], defaults={"sentence": sentence, "first_seen": moment, "last_seen": moment}
        )
        row = Finding.objects.select_for_update().get(pk=row.pk)
        row.last_seen = moment
        row.save(update_fields=["last_seen"])
        if not row.alarm:
            row.alarm = _raise(row.place, sentence)[:LONGEST_PLACE]
            row.save(update_fields=["alarm"])
    return row


def _raise(place: str, sentence: str) -> str:
    log.error("The ledger is not whole: %s", sentence)
    for alarm in _alarms:
        try:
            with atomic():
                if reference := alarm(place, sentence):
                    return reference
        except Exception:
            log.exception("An alarm about %s could not be raised", place)
    return ""
