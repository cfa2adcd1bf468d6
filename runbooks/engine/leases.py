"""Leases that this process holds, renewed by one thread: a worker that dies stops renewing, and that is how we know."""

import datetime as dt
import logging
import os
import threading

from django.conf import settings
from django.db import close_old_connections

from plumbing import clock
from plumbing.database import atomic
from runbooks.models import Attempt
from runbooks.states import AttemptState

log = logging.getLogger(__name__)


class Leases:
    """Holds (attempt, fence) pairs and moves their `lease_until` on, three times per lease."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._guard = threading.Lock()
        self._pid = 0

    def hold(self, attempt: Attempt) -> None:
        """Renew this attempt's lease until `drop`."""
        with self._guard:
            self._held[attempt.pk] = attempt.fence
            if self._pid != os.getpid():  # a fork has the dictionary, but not the thread
                self._pid, self._held = os.getpid(), {attempt.pk: attempt.fence}
                threading.Thread(target=self._renew_for_ever, name="leases", daemon=True).start()

    def drop(self, attempt: Attempt) -> None:
        with self._guard:
            self._held.pop(attempt.pk, None)

    def _renew_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(settings.LEASE_S / 3):
            with self._guard:
                held = list(self._held.items())
            try:
                renew(held)
            except Exception as error:  # the database restarts: the lease has two more chances
                log.warning("Leases not renewed: %s: %s", type(error).__name__, error)
            finally:
                close_old_connections()


def renew(held: list[tuple[int, int]]) -> int:
    """Move each lease on by LEASE_S, by the database's clock. Returns how many are still ours."""
    still_ours = 0
    for pk, fence in held:
        with atomic():
            until = clock.now() + dt.timedelta(seconds=settings.LEASE_S)
            still_ours += Attempt.objects.filter(pk=pk, fence=fence, state=AttemptState.LEASED).update(
                lease_until=until
            )
    return still_ours


def expire_all() -> int:
    """End every lease now. Only for a process that knows it is the only one: the embedded portal, at its start."""
    with atomic():
        return Attempt.objects.filter(state=AttemptState.LEASED).update(lease_until=clock.now())


leases = Leases()
