"""Leases that this process holds, renewed by one thread: a worker that dies stops renewing, and that is how we know."""

import datetime as dt
import logging
import os
import threading
import time

from django.conf import settings
from django.db import DatabaseError, close_old_connections, connections

from plumbing import clock
from plumbing.database import atomic
from runbooks.models import Attempt
from runbooks.states import AttemptState, Goal

log = logging.getLogger(__name__)

LOOK_AGAIN_S = 1.0  # an action that asks whether to stop is answered from memory for so long


class Leases:
    """Holds (attempt, fence) pairs and moves their `lease_until` on, three times per lease."""

    def __init__(self) -> None:
        self._held: dict[int, int] = {}
        self._stop: dict[int, tuple[float, bool]] = {}  # attempt -> when it was looked at, and what was found
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
            self._stop.pop(attempt.pk, None)

    def should_stop(self, attempt: Attempt) -> bool:
        """Whether who performs this should end early: the lease is somebody else's, or the run was cancelled."""
        looked_at, found = self._stop.get(attempt.pk, (float("-inf"), False))
        if found or time.monotonic() - looked_at < LOOK_AGAIN_S:
            return found
        ours = Attempt.objects.filter(pk=attempt.pk, fence=attempt.fence, state=AttemptState.LEASED)
        try:
            goal = ours.values_list("step_run__run__goal", flat=True).first()
        except DatabaseError:  # it restarts: the next look will tell
            goal = Goal.FINISH
        stop = goal is None or (goal == Goal.STOP and not attempt.step_run.step.startswith("undo:"))
        self._stop[attempt.pk] = time.monotonic(), stop
        return stop

    def _renew_for_ever(self) -> None:
        pause = threading.Event()
        while not pause.wait(settings.LEASE_S / 3):
            with self._guard:
                held = list(self._held.items())
            if not held:
                connections.close_all()  # a thread without work needs none
                continue
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
    return expire("")


def expire(prefix: str, *, before: dt.datetime | None = None) -> int:
    """End the leases of workers whose name begins so; with `before`, only those that would end before that.

    Returns how many. Attempts that stand for nested runs have no lease, and are left alone. One transaction each: who
    ends attempts of one run locks several, in an order of their own."""
    held = Attempt.objects.filter(state=AttemptState.LEASED, worker__startswith=prefix, lease_until__isnull=False)
    with atomic():
        held = held.filter(lease_until__gt=clock.now())
        held = held.filter(lease_until__lt=before) if before else held
        found = list(held.values_list("pk", flat=True))
    ended = 0
    for pk in found:
        with atomic():
            ended += held.filter(pk=pk).update(lease_until=clock.now())
    return ended


leases = Leases()
