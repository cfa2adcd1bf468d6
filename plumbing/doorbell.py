"""Doorbells: "look at attempt 17". Bounded, lossy, and never in the caller's way.

Needed by every floor that has work for another process: runs (4), probes (2), the live room (5).
A lost ring costs latency only; the sweep finds what nobody rang for. See docs/adr/0002-doorbells.md.
"""

import logging
import os
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from django.db import transaction

from plumbing.failpoints import fail_here

log = logging.getLogger(__name__)

Answer = Callable[[str], None]
QUEUE_LENGTH = 2_000  # the oldest ring is dropped first
SILENCE_S = 3.0  # after a failed ring nobody waits for the broker again for this long
SENDING: dict[str, Any] = {  # how Celery sends a ring
    "retry": False,
    "ignore_result": True,
    "expires": 7200,  # a worker judges by its own clock, which may be an hour off: a fresh ring must not look old to it
    "confirm_timeout": 2.0,  # RabbitMQ: a server that accepts and never answers has not heard it
}
STUCK_S = 5.0  # an answer that takes longer is taken for one that never comes back


class Ringer:
    """One daemon thread that empties a bounded queue of rings; started at the first ring, anew in a forked child."""

    def __init__(self) -> None:
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Forget all. A fork copies locks that other threads hold, and rings that are the parent's: keep neither."""
        self._waiting: deque[tuple[Answer, str]] = deque(maxlen=QUEUE_LENGTH)
        self._wake = threading.Event()
        self._start = threading.Lock()
        self._thread: threading.Thread | None = None
        self._silent_until = 0.0
        self._in_hand_since: float | None = None

    @property
    def is_silent(self) -> bool:
        """Whether rings are dropped or stuck: the last one failed just now, or an answer doesn't come back."""
        moment, since = time.monotonic(), self._in_hand_since
        return moment < self._silent_until or (since is not None and moment - since > STUCK_S)

    def put(self, answer: Answer, subject: str) -> None:
        """Queue one ring. Returns at once; drops the oldest ring when the queue is full."""
        self._waiting.append((answer, subject))
        with self._start:
            if self._thread is None:
                thread = threading.Thread(target=self._empty, name="doorbell", daemon=True)
                thread.start()
                self._thread = thread
        self._wake.set()

    def _empty(self) -> None:
        while True:
            self._wake.wait()
            self._wake.clear()
            while self._waiting:
                self._ring(*self._waiting.popleft())

    def _ring(self, answer: Answer, subject: str) -> None:
        if self.is_silent:
            return
        self._in_hand_since = time.monotonic()
        try:
            answer(subject)
        except BaseException as error:  # whatever a broker's client raises: the sweep covers a lost ring
            self._silent_until = time.monotonic() + SILENCE_S
            log.warning("Doorbell silent for %.0f s: %s: %s", SILENCE_S, type(error).__name__, error)
        finally:
            self._in_hand_since = None


ringer = Ringer()
_answers: dict[str, Answer] = {}


def answer(kind: str, fn: Answer) -> None:
    """Say what a ring of `kind` does: `fn(subject)`, quick, may raise. Called once per kind by `listeners.py`."""
    _answers[kind] = fn


def ring(kind: str, subject: str) -> None:
    """Ring for `subject` when the current transaction has committed; at once outside of one. Never raises."""
    # no partial: Django's log line of a failed robust callback asks for its __qualname__, and raises
    transaction.on_commit(lambda: _ring_now(kind, subject), robust=True)


def _ring_now(kind: str, subject: str) -> None:
    fail_here("before_ring")  # fault matrix 4: killed after COMMIT
    if fn := _answers.get(kind):
        ringer.put(fn, subject)
