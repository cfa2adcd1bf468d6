"""A few threads of this process that do slow work, so that it holds up no worker.

Needed by catalog (notices) and audit (packs)."""

import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import close_old_connections, connections

log = logging.getLogger(__name__)
WIDTH = 8  # at once in one process
MOST_WAITING = 200  # what is more is dropped: the sweep finds it again


class Hands:
    """Performs subjects in threads of its own; started at the first one, anew in a forked child."""

    def __init__(self, perform: Callable[[str], object], width: int = WIDTH, *, what: str = "notice") -> None:
        """what: it is called so in the log, which never quotes an error: that could hold an address."""
        self._perform, self._width, self._what = perform, width, what
        self._begin()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Forget all: a fork has the objects, but none of the threads."""
        self._pool: ThreadPoolExecutor | None = None
        self._held: set[str] = set()

    def take(self, subject: str) -> bool:
        """Have it performed soon. Returns at once; False when it is in hand already, or too much is."""
        if subject in self._held or len(self._held) >= MOST_WAITING:
            return False
        self._held.add(subject)
        self._pool = self._pool or ThreadPoolExecutor(self._width, thread_name_prefix=self._what)
        self._pool.submit(self._do, subject)
        return True

    def _do(self, subject: str) -> None:
        close_old_connections()
        try:
            self._perform(subject)
        except Exception as error:  # the row says what to try again
            log.error("A %s could not be attended to: %s", self._what, type(error).__name__)
        finally:
            self._held.discard(subject)
            connections.close_all()
