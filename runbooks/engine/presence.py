"""Workers that say they are alive: a beat per second and node, and what follows when one falls silent.

A node is one Celery worker with all its processes. Its main process beats, and notices when one of its children died
with an attempt in its hands. A node that was killed as a whole is found by the sweep of somebody else; one that starts
again under the same name frees what its predecessor held.
"""

import datetime as dt
import logging
import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from plumbing import clock, doorbell
from plumbing.database import atomic
from runbooks.engine.claiming import be_called
from runbooks.engine.leases import expire
from runbooks.models import Attempt, Worker
from runbooks.states import AttemptState

log = logging.getLogger(__name__)

BEAT_S = 1.0
SILENT_S = 4.0  # without a beat for so long, its leases end: well before they would by themselves
GONE_S = 2.0  # a namesake that starts anew needs to wait only this long for a sign of the old one
BLINK_S = 2.5  # a sweep that did not look for so long may have missed beats
ALONE_S = 5.0  # so long nobody was there before the sweep does their work: longer than a worker takes to start again
DEAF_S = 20.0  # work that lay so long was rung for twice: whoever has a free hand and leaves it doesn't hear
DEAF_FOR_S = 60.0  # the sweep does their work so long; who hears again meanwhile is quicker than it
FORGOTTEN = dt.timedelta(hours=1)  # a silent worker is shown for so long

_draining = multiprocessing.Value("b", 0, lock=False)  # made before the fork: the children see it too
_leaving = multiprocessing.Value("b", 0, lock=False)


def is_draining() -> bool:
    """Whether this worker was told to take nothing more: by somebody who drains it, or by the signal that ends it."""
    return bool(_draining.value or _leaving.value)


def take_nothing_more() -> None:
    """It is about to end. Safe in a signal handler."""
    _leaving.value = True


class Presence:
    """The beat of this node. `on_drain(True)` is called when somebody drains it, `on_drain(False)` at the end."""

    def __init__(self, node: str, slots: int, on_drain: Callable[[bool], None] = lambda draining: None) -> None:
        be_called(node)
        self.node, self.slots, self.on_drain = node, slots, on_drain
        self.started_at: dt.datetime | None = None
        self.stopping = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self.run, name="presence", daemon=True).start()

    def run(self) -> None:
        """Beat until stopped; then take the name off the list."""
        self._quietly(self.arrive)
        while not self.stopping.wait(BEAT_S):
            self._quietly(self.beat)

    def leave(self) -> None:
        """A planned end: nobody needs to wonder where this worker is."""
        self.stopping.set()
        if self.started_at is not None:
            mine = Worker.objects.filter(name=self.node, started_at=self.started_at)
            self._quietly(mine.delete)

    def _quietly(self, act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:  # the database restarts: the next beat tells
            log.warning("Worker %s could not say that it is alive: %s: %s", self.node, type(error).__name__, error)
        finally:
            connection.close()  # a child that is forked meanwhile must not inherit a connection in use

    def arrive(self) -> None:
        """Take the name, and free what a predecessor of this name held, once it is sure to be gone."""
        before = self._wait_for_silence()
        with atomic():
            self.started_at = clock.now()
            known = {"executor": settings.EXECUTOR, "started_at": self.started_at, "seen_at": self.started_at}
            Worker.objects.update_or_create(
                name=self.node, defaults={**known, "slots": self.slots, "is_draining": False}
            )
        if before is not None:
            mine = self.started_at + dt.timedelta(seconds=settings.LEASE_S)  # later ones are of my own children
            if expire(f"{self.node}/", before=mine):
                ring_for_lost(f"{self.node}/")

    def _wait_for_silence(self) -> dt.datetime | None:
        """When the predecessor was seen last; None when there was none, or when it is alive."""
        seen = Worker.objects.filter(name=self.node).values_list("seen_at", flat=True)
        first = last = seen.first()
        deadline = time.monotonic() + GONE_S + BEAT_S
        while last is not None and clock.now() - last < dt.timedelta(seconds=GONE_S) and time.monotonic() < deadline:
            if self.stopping.wait(0.2):
                return None
            last = seen.first()
        if last is not None and first is not None and last > first:
            log.warning("Another worker is called %s: give each its own name (-n).", self.node)
            return None
        return last

    def beat(self) -> None:
        """Say that this node is alive, hear whether it should drain, and free what its dead children held."""
        if self.started_at is None:
            self.arrive()
        if self.started_at is None:
            return
        ours = Worker.objects.filter(name=self.node, started_at=self.started_at)
        with atomic():
            ours.update(seen_at=clock.now())
        draining = ours.values_list("is_draining", flat=True).first()
        if draining is not None and draining != bool(_draining.value):
            _draining.value = draining
            self.on_drain(draining)
        self.bury()

    def bury(self) -> None:
        """End the leases of children that died."""
        held = Attempt.objects.filter(state=AttemptState.LEASED, worker__startswith=f"{self.node}/")
        for worker in held.order_by().values_list("worker", flat=True).distinct():
            if not is_alive(int(worker.rpartition("/")[2])) and expire(worker):
                ring_for_lost(worker)


def ring_for_lost(prefix: str) -> None:
    """Ring for attempts whose worker is known to be gone."""
    lost = Attempt.objects.filter(state=AttemptState.LEASED, worker__startswith=prefix, lease_until__lte=clock.now())
    for pk, fence in lost.values_list("pk", "fence"):
        doorbell.ring("attempt", f"{pk}:{fence}")


def is_alive(pid: int) -> bool:
    """Whether a process of this machine runs; one that only waits to be buried by its parent doesn't."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return Path("/proc/self").exists() is False and _answers(pid)
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in ("Z", "X")


def _answers(pid: int) -> bool:
    """The same where there is no /proc."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def end_silent(now: dt.datetime) -> int:
    """End the leases of nodes that fell silent, and forget those that have been for long. Called by the sweep."""
    roll.call(now)
    if roll.watched_s < SILENT_S:
        return 0
    silent = Worker.objects.filter(seen_at__lt=now - dt.timedelta(seconds=SILENT_S))
    ended = sum(expire(f"{name}/") for name in silent.values_list("name", flat=True))
    silent.filter(seen_at__lt=now - FORGOTTEN).delete()
    return ended


Nodes = frozenset[tuple[str, dt.datetime]]  # name, and since when it lives


class Roll:
    """Who is there, as this process saw it. What it missed itself, because the database was away, says nothing about
    others: they could not beat either. A draining worker is there."""

    def __init__(self) -> None:
        self._there: dict[str, float] = {}  # label -> when somebody with it was seen last (monotonic)
        self._deaf: dict[str, tuple[float, Nodes]] = {}  # label -> when it was found last (monotonic), and who is it
        self._since = self._looked_at = float("-inf")

    def call(self, now: dt.datetime) -> None:
        """See who is there. Called with each pass of the sweep."""
        moment = time.monotonic()
        if moment - self._looked_at > BLINK_S:
            self._since = moment
            self._there.clear()
        live = Worker.objects.filter(seen_at__gt=now - dt.timedelta(seconds=SILENT_S))
        self._there |= dict.fromkeys(live.order_by().values_list("executor", flat=True).distinct(), moment)
        live = live.filter(is_draining=False)
        self._deaf = {label: deaf for label, deaf in self._deaf.items() if _nodes(live, label) == deaf[1]}
        if self.watched_s > DEAF_S:
            self._listen(live, now, moment)
        self._looked_at = time.monotonic()

    def _listen(self, live: QuerySet[Worker], now: dt.datetime, moment: float) -> None:
        """Find workers that live and hear nothing: a broker that died may leave a consumer waiting for good."""
        since = now - dt.timedelta(seconds=DEAF_S)
        late = Attempt.objects.filter(state=AttemptState.QUEUED, not_before__lte=since)
        for label in late.order_by().values_list("executor", flat=True).distinct():
            workers = dict(live.filter(executor=label).values_list("name", "slots"))
            began = Attempt.objects.filter(started_at__gt=since).values_list("worker", flat=True)
            held = Attempt.objects.filter(state=AttemptState.LEASED).values_list("worker", flat=True)
            if _among(workers, began) == 0 and _among(workers, held) < sum(workers.values()):
                if label not in self._deaf:
                    log.warning("Workers %s live and take no work that is due: do they hear the broker?", [*workers])
                self._deaf[label] = moment, _nodes(live, label)

    @property
    def watched_s(self) -> float:
        """For how long nothing was missed."""
        return time.monotonic() - self._since

    def misses(self, executor: str) -> bool:
        """Whether nobody with this label has been there for ALONE_S, or only such as hear nothing."""
        moment = time.monotonic()
        found_at, _ = self._deaf.get(executor, (float("-inf"), frozenset()))
        return (
            moment - found_at < DEAF_FOR_S
            or moment - max(self._there.get(executor, self._since), self._since) > ALONE_S
        )


def _nodes(live: QuerySet[Worker], label: str) -> Nodes:
    """Who these are: one that was started again, or drains meanwhile, is somebody else."""
    return frozenset(live.filter(executor=label).values_list("name", "started_at"))


def _among(nodes: Collection[str], processes: Iterable[str]) -> int:
    """How many of these are processes of these nodes."""
    return sum(process.rpartition("/")[0] in nodes for process in processes)


roll = Roll()


def drain(name: str, *, draining: bool = True) -> bool:
    """Tell a worker to take nothing more, or to take work again. False when nobody is called so."""
    with atomic():
        return bool(Worker.objects.filter(name=name).update(is_draining=draining))
