"""One hub per process and stream: one reader of the ledger, however many watch. A ring sets a flag; a poll covers lost
rings.

What a socket is told has no content: how far the ledger has come, and who is here. So the newest of each is enough, a
watcher that reads slowly misses nothing, and nothing piles up for one that doesn't read at all.
"""

import asyncio
import contextlib
import json
import logging
import os
import time
import uuid
import weakref
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings

from plumbing.templatetags.muster import avatar_colour, initials

log = logging.getLogger(__name__)

LOBBY = "lobby"
POLL_S = float(getattr(settings, "ROOM_POLL_S", 5))
PRESENCE_LASTS_S = 15.0  # what another process told about its watchers counts for so long
AFTER_AN_ERROR_S = 1.0
PROCESS = f"{os.getpid()}.{uuid.uuid4().hex[:8]}"

Reach = Callable[[], Awaitable[int]]


def group_of(stream: str) -> str:
    """The channel layer's group of a stream."""
    return f"room.{stream}"


@dataclass(eq=False)
class Watcher:
    """One socket: what it should be told next, and who sits behind it."""

    name: str
    uid: str
    here: str = "here"
    at: int | None = None
    people: str | None = None
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    async def next_texts(self) -> list[str]:
        """Waits for news, and gives them as JSON texts."""
        await self.wake.wait()
        self.wake.clear()
        at, people, self.at, self.people = self.at, self.people, None, None
        return [json.dumps({"at": at})] * (at is not None) + ([people] if people else [])

    def tell(self, *, at: int | None = None, people: str | None = None) -> None:
        """Leave the newest news for the socket; what it hasn't read yet is replaced."""
        self.at, self.people = (self.at if at is None else at), (people or self.people)
        self.wake.set()

    def person(self) -> dict[str, str]:
        """How the others see them."""
        look = {"initials": initials(self.name), "colour": avatar_colour(self.name)}
        return {"uid": self.uid, "name": self.name, "here": self.here, **look}


class Hub:
    """Watches one stream for all sockets of this process."""

    def __init__(self, group: str, reach: Reach, *, shows_presence: bool) -> None:
        self.group, self._reach, self._shows_presence = group, reach, shows_presence
        self.watchers: set[Watcher] = set()
        self._dirty = asyncio.Event()
        self._elsewhere: dict[str, tuple[float, list[dict[str, str]]]] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._at: int | None = None
        self._shown = ""

    async def start(self) -> None:
        """Join the group first, then read: what happens in between sets the flag."""
        self._layer = get_channel_layer()
        self._channel = await self._layer.new_channel()
        await self._subscribe()
        self._tasks = [asyncio.create_task(self._listen()), asyncio.create_task(self._pump())]

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        with contextlib.suppress(Exception):  # the broker may be gone: then the group is, too
            await self._layer.group_discard(self.group, self._channel)

    async def join(self, watcher: Watcher) -> None:
        """Begin to tell a socket. It hears at once how far the ledger has come, and who is here."""
        self.watchers.add(watcher)
        watcher.tell(at=await self._reach(), people=self._shown or None)
        await self.show_presence()

    async def show_presence(self) -> None:
        """Tell everybody, here and in other processes, who is here now."""
        if self._shows_presence:
            self._fan_out_presence()
            await self._send({"type": "here", "process": PROCESS, "people": [each.person() for each in self.watchers]})

    async def _subscribe(self) -> None:
        try:
            await self._layer.group_add(self.group, self._channel)
        except Exception as error:  # a broker that is away: the poll does its work until it is back
            log.warning("Room %s hears no rings: %s: %s", self.group, type(error).__name__, error)

    async def _send(self, message: dict[str, Any]) -> None:
        try:
            await self._layer.group_send(self.group, message)
        except Exception as error:
            log.warning("Room %s can't ring: %s: %s", self.group, type(error).__name__, error)

    async def _listen(self) -> None:
        while True:
            try:
                message = await self._layer.receive(self._channel)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("Room %s lost its bell: %s: %s", self.group, type(error).__name__, error)
                await asyncio.sleep(AFTER_AN_ERROR_S)
                await self._subscribe()
                continue
            if message.get("type") == "here":
                self._hear_presence(message)
            else:
                self._dirty.set()

    async def _pump(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._dirty.wait(), POLL_S)
            self._dirty.clear()
            try:
                at = await self._reach()
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("Room %s can't read: %s: %s", self.group, type(error).__name__, error)
                await asyncio.sleep(AFTER_AN_ERROR_S)
                continue
            if at != self._at:
                self._at = at
                for watcher in self.watchers:
                    watcher.tell(at=at)

    def _hear_presence(self, message: dict[str, Any]) -> None:
        if message["process"] != PROCESS:
            self._elsewhere[message["process"]] = (time.monotonic(), message["people"])
            self._fan_out_presence()

    def _fan_out_presence(self) -> None:
        recent = time.monotonic() - PRESENCE_LASTS_S
        self._elsewhere = {key: told for key, told in self._elsewhere.items() if told[0] > recent}
        people: dict[str, dict[str, str]] = {}
        mine = [each.person() for each in self.watchers]
        for person in [*mine, *(person for _, told in self._elsewhere.values() for person in told)]:
            if person["uid"] not in people or person["here"] == "here":  # one tab that is looked at is enough
                people[person["uid"]] = person
        everybody = sorted(people.values(), key=lambda person: person["name"])
        _present[self.group] = everybody
        shown = json.dumps({"here": everybody}, ensure_ascii=False)
        if shown != self._shown:
            self._shown = shown
            for watcher in self.watchers:
                watcher.tell(people=shown)


_present: dict[str, list[dict[str, str]]] = {}
_hubs: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Hub]] = weakref.WeakKeyDictionary()


async def enter(group: str, reach: Reach, watcher: Watcher, *, shows_presence: bool = False) -> Hub:
    """Let a socket watch a group; the first one starts its hub."""
    hubs = _hubs.setdefault(asyncio.get_running_loop(), {})
    hub = hubs.get(group)
    if hub is None:
        hub = hubs[group] = Hub(group, reach, shows_presence=shows_presence)
        hub.watchers.add(watcher)  # counted from here on, so that nobody stops it while it starts
        await hub.start()
    await hub.join(watcher)
    return hub


async def leave(hub: Hub, watcher: Watcher) -> None:
    """The socket is gone; the last one stops the hub."""
    hub.watchers.discard(watcher)
    if hub.watchers:
        await hub.show_presence()
        return
    hubs = _hubs.get(asyncio.get_running_loop(), {})
    if hubs.get(hub.group) is hub:
        del hubs[hub.group]
        _present.pop(hub.group, None)
    await hub.stop()


def present_in(group: str) -> list[dict[str, str]]:
    """Who is in a room, as far as this process knows; for pages, which are made in other threads."""
    return list(_present.get(group, ()))


def watching() -> int:
    """How many sockets this loop serves now."""
    return sum(len(hub.watchers) for hub in _hubs.get(asyncio.get_running_loop(), {}).values())
