"""The sweep: finds work that nobody rang for, and rings again; does it itself only while rings fail or nobody is there.

Needed by runbooks (attempts, timers), catalog (probes) and audit (checkpoints). Progress depends on the database alone.
"""

import datetime as dt
import logging
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from django.db import close_old_connections

from plumbing import clock, doorbell

log = logging.getLogger(__name__)

Find = Callable[[dt.datetime], Iterable[str]]
Perform = Callable[[str], object]
IsAlone = Callable[[str], bool]
WIDTH = 4  # how many it performs at once
RING_AGAIN_S = 15.0  # a ring that was heard needs some time to be answered


def somebody_hears(subject: str) -> bool:
    """The usual answer to "is nobody there?": no, whatever the subject."""
    return False


@dataclass
class Rounds:
    """One kind of work the sweep looks for."""

    kind: str
    find: Find
    perform: Perform
    again_s: float = RING_AGAIN_S
    is_alone: IsAlone = somebody_hears
    rung: dict[str, float] = field(default_factory=dict)  # subject -> when (monotonic)


_rounds: dict[str, Rounds] = {}


def register(
    kind: str, find: Find, perform: Perform, *, again_s: float = RING_AGAIN_S, is_alone: IsAlone = somebody_hears
) -> None:
    """Let the sweep look for `kind`: `find(now)` yields subjects that are due, `perform(subject)` does one of them.

    The subject is rung for under the doorbell's `kind`, at most every `again_s` seconds. is_alone: whether nobody is
    there who could answer that ring, so that the sweep has to do the subject itself.
    """
    _rounds[kind] = Rounds(kind, find, perform, again_s, is_alone)


class Sweep:
    """Runs the rounds until told to stop. Two sweeps are harmless: whatever they find is claimed in the database."""

    def __init__(self, every_s: float, *, has_worker: bool = False) -> None:
        """has_worker: one is in this very process, and so is never missed."""
        self.every_s, self.has_worker = every_s, has_worker
        self.stopping = threading.Event()
        self._pool = ThreadPoolExecutor(WIDTH, thread_name_prefix="sweep")
        self._busy: set[tuple[str, str]] = set()

    def run(self) -> None:
        """Sweep every `every_s` seconds until `stopping` is set."""
        while not self.stopping.wait(self.every_s):
            self.once()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def once(self) -> int:
        """One pass over all rounds. Returns how many subjects it rang for or began itself; never raises."""
        count = 0
        for rounds in list(_rounds.values()):
            try:
                close_old_connections()
                count += self._sweep(rounds)
            except Exception as error:  # one broken round, or a database that restarts, must not end the sweep
                log.warning("Sweep of %s failed: %s: %s", rounds.kind, type(error).__name__, error)
            finally:
                close_old_connections()
        return count

    def _sweep(self, rounds: Rounds) -> int:
        count, moment = 0, time.monotonic()
        rounds.rung = {subject: at for subject, at in rounds.rung.items() if moment - at < rounds.again_s}
        for subject in rounds.find(clock.now()):
            if doorbell.ringer.is_silent or (not self.has_worker and rounds.is_alone(subject)):
                count += self._begin(rounds, subject)
            elif subject not in rounds.rung:
                rounds.rung[subject] = moment
                doorbell.ring(rounds.kind, subject)
                count += 1
        return count

    def _begin(self, rounds: Rounds, subject: str) -> int:
        key = (rounds.kind, subject)
        if key in self._busy or len(self._busy) >= WIDTH:
            return 0
        self._busy.add(key)
        self._pool.submit(self._perform, rounds, subject)
        return 1

    def _perform(self, rounds: Rounds, subject: str) -> None:
        try:
            rounds.perform(subject)
        except Exception:
            log.exception("Sweep could not perform %s %s", rounds.kind, subject)
        finally:
            self._busy.discard((rounds.kind, subject))
            close_old_connections()
