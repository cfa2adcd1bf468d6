"""Live rings: tell every open page of a group that there is something new. Lossy; the page asks the database.

Needed by incidents (5) for its rooms, and by runbooks (4) and approvals (3) for whoever watches their pages.
`config.asgi` keeps the server's event loop here at start-up; a process without one (worker, command) rings over the
channel layer of Redis alone, from a loop of its own that lives as long as the process.
"""

import asyncio
import logging
import os
import threading
from typing import Any

from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

RING: dict[str, Any] = {"type": "ring"}
PAUSE_S = 0.03  # a group is rung again after so long: forty entries in one breath are one ring or two
SILENCE_S = 1.0  # after a ring that failed, none is tried for so long


class Bell:
    """Rings groups from one event loop. Rings that come while one of the same group waits are that one."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._waiting: set[str] = set()
        self._guard = threading.Lock()
        self._rung_at: dict[str, float] = {}
        self._silent_until = 0.0
        self._tasks: set[asyncio.Task[None]] = set()  # the loop itself holds them only weakly

    def put(self, group: str) -> None:
        """Ring a group soon; from any thread. Never waits."""
        with self._guard:
            if group in self._waiting:
                return
            self._waiting.add(group)
        try:
            self.loop.call_soon_threadsafe(self._begin, group)
        except RuntimeError:  # it was closed just now
            self._waiting.discard(group)

    def _begin(self, group: str) -> None:
        moment = self.loop.time()
        self._rung_at = {each: at for each, at in self._rung_at.items() if moment - at < PAUSE_S}
        self.loop.call_at(self._rung_at.get(group, 0.0) + PAUSE_S, self._ring, group)

    def _ring(self, group: str) -> None:
        with self._guard:
            self._waiting.discard(group)
        moment = self.loop.time()
        if moment < self._silent_until:
            return
        self._rung_at[group] = moment
        task = self.loop.create_task(self._send(group))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send(self, group: str) -> None:
        layer = get_channel_layer()
        try:
            await layer.group_send(group, RING)
        except Exception as error:  # whatever the layer's client raises: the hub's poll covers a lost ring
            self._silent_until = self.loop.time() + SILENCE_S
            log.warning("No live rings for %.0f s: %s: %s", SILENCE_S, type(error).__name__, error)


_server: Bell | None = None  # on the loop that serves the sockets of this process
_own: Bell | None = None  # on a thread's loop, where no socket is served
_start = threading.Lock()


def _forget() -> None:
    """A fork has the objects, but not the thread; and the lock maybe as another thread held it."""
    global _server, _own, _start
    _server, _own, _start = None, None, threading.Lock()


os.register_at_fork(after_in_child=_forget)


def attach() -> None:
    """Remember the running loop: it serves the sockets of this process. Called by the server as it starts."""
    global _server
    _server = Bell(asyncio.get_running_loop())


def detach() -> None:
    """The server stops: nobody is rung here any more."""
    global _server
    _server = None


def ring(group: str) -> None:
    """Ring `group` when the current transaction has committed, at once outside of one. Never raises, never waits.

    A ring carries no content: whoever hears it reads how far we are."""
    transaction.on_commit(lambda: _put(group), robust=True)


def _put(group: str) -> None:
    bell = _server
    if bell is not None and bell.loop.is_running():
        bell.put(group)
    elif not isinstance(get_channel_layer(), InMemoryChannelLayer | None):  # in memory nobody else would hear it
        _own_bell().put(group)


def _own_bell() -> Bell:
    global _own
    with _start:
        if _own is None:
            _own = Bell(asyncio.new_event_loop())
            threading.Thread(target=_own.loop.run_forever, name="live", daemon=True).start()
        return _own
