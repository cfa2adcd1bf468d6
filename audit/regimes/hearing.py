"""Clocks follow entries that other parts write: a filing that was submitted, taken back or refused; an incident that
was resolved. Heard after the commit; what a crash swallows the next look of the sweep finds."""

from typing import Any

from audit.models import Clock
from audit.regimes.events import SENT, UNSENT
from audit.regimes.keeping import refresh
from audit.signals import entry_recorded
from plumbing import clock

FOLLOWED = frozenset({SENT, *UNSENT, "incident.moved"})


def connect() -> None:
    """Called once, when the app is ready."""
    entry_recorded.connect(follow, dispatch_uid="audit.regimes.follow")


def follow(stream: str, kind: str, **_: Any) -> None:
    """Bring the clocks of a stream up, if it has any."""
    if kind in FOLLOWED and Clock.objects.filter(stream__uid=stream).exists():
        refresh(stream, now=clock.now())
