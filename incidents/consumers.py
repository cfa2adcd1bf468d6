"""WebSockets: they ring, they don't tell. The page fetches what is new over HTTP, through the same gate as ever."""

import asyncio
import json
import logging
from collections import Counter
from importlib import import_module
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.core.exceptions import PermissionDenied
from django.db.models import Sum
from django.http import Http404
from django.http.request import split_domain_port, validate_host

from audit.models import Stream
from audit.selectors import reached
from catalog.models import User
from incidents.hub import LOBBY, Hub, Reach, Watcher, enter, group_of, leave
from incidents.permissions import incident_for
from incidents.selectors.incidents import PREFIX

log = logging.getLogger(__name__)

SIGN_IN, NO_ACCESS, TOO_LARGE = 4401, 4403, 1009
LARGEST_FRAME = 64 * 1024
RECHECK_S = float(getattr(settings, "SOCKET_RECHECK_S", 60))
HERE = {"active": "here", "away": "away"}  # what a page says, and what the others see
MOST_PER_USER = 30  # sockets of one person in one process

_sockets: Counter[int] = Counter()


class DoorbellConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """A socket that says {"at": n}: how far something has come. Subclasses say what, and who may hear it."""

    channel_layer_alias = "none"  # the hub listens for all; a layer that fails must not end a socket
    shows_presence = False
    hub: Hub | None = None
    counted: int | None = None

    async def connect(self) -> None:
        self.tasks: list[asyncio.Task[None]] = []
        user = self.scope.get("user")
        if not origin_is_ours(self.scope) or not isinstance(user, User) or _sockets[user.pk] >= MOST_PER_USER:
            await self.close()  # before accept: the browser sees a 403
            return
        _sockets[user.pk] += 1  # before anything is awaited: many at once are counted one by one
        self.counted = user.pk
        try:
            group = await database_sync_to_async(self.group_for)(user)
        except BaseException as refused:
            self._count_no_more()
            if not isinstance(refused, Http404 | PermissionDenied):
                raise
            await self.close()
            return
        self.watcher = Watcher(str(user), user.uid)
        await self.accept()
        self.hub = await enter(group, self.reach(), self.watcher, shows_presence=self.shows_presence)
        self.tasks = [asyncio.create_task(self._tell()), asyncio.create_task(self._check_again())]

    async def disconnect(self, code: int) -> None:
        for task in self.tasks:
            task.cancel()
        self._count_no_more()
        if self.hub is not None:
            await leave(self.hub, self.watcher)

    def _count_no_more(self) -> None:
        if self.counted is not None:
            _sockets[self.counted] -= 1
            self.counted = None

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """A client says only whether somebody looks: {"here": "active"} or {"here": "away"}. All else is let fall."""
        if bytes_data is not None or len(text_data or "") > LARGEST_FRAME:
            await self.close(TOO_LARGE)
            return
        state = _said(text_data or "")
        if state and self.hub is not None and state != self.watcher.here:
            self.watcher.here = state
            await self.hub.show_presence()

    async def _tell(self) -> None:
        while True:
            for text in await self.watcher.next_texts():
                await self.send(text)

    async def _check_again(self) -> None:
        """Session and right may end while the socket is open: then it ends too."""
        while True:
            await asyncio.sleep(RECHECK_S)
            code = await database_sync_to_async(self._still_allowed)()
            if code:
                await self.send(json.dumps({"bye": "signed out" if code == SIGN_IN else "no access"}))
                await self.close(code)
                return

    def _still_allowed(self) -> int:
        user = user_of_session(self.scope["session"].session_key)
        if user is None or user.pk != self.counted:
            return SIGN_IN
        try:
            self.group_for(user)
        except (Http404, PermissionDenied):
            return NO_ACCESS
        return 0

    def group_for(self, user: User) -> str:
        """The group this user may watch here. Raises Http404 for strangers."""
        raise NotImplementedError

    def reach(self) -> Reach:
        """How to read how far it has come."""
        raise NotImplementedError


class WarRoomConsumer(DoorbellConsumer):
    """The bell of one incident, and who else looks at it."""

    shows_presence = True

    def group_for(self, user: User) -> str:
        incident = incident_for(user, self.scope["url_route"]["kwargs"]["uid"])
        return group_of(incident.stream)

    def reach(self) -> Reach:
        stream = PREFIX + self.scope["url_route"]["kwargs"]["uid"]

        async def read() -> int:
            found: int = await database_sync_to_async(reached)(stream)
            return found

        return read


class LobbyConsumer(DoorbellConsumer):
    """The bell of the lists: something happened in some incident. Everybody signed in may hear that."""

    def group_for(self, user: User) -> str:
        return LOBBY

    def reach(self) -> Reach:
        async def read() -> int:
            found: int = await database_sync_to_async(_entries_of_all_incidents)()
            return found

        return read


def _entries_of_all_incidents() -> int:
    return Stream.objects.filter(uid__startswith=PREFIX).aggregate(all=Sum("size"))["all"] or 0


def _said(text: str) -> str:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    state = found.get("here") if isinstance(found, dict) and len(found) == 1 else None
    return HERE.get(state, "") if isinstance(state, str) else ""


def user_of_session(session_key: str | None) -> User | None:
    """The active person whose session this still is: read anew, so that signing out elsewhere is seen."""
    store = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user: Any = get_user(SimpleNamespace(session=store))  # type: ignore[arg-type]
    return user if isinstance(user, User) and user.is_active else None


def origin_is_ours(scope: dict[str, Any]) -> bool:
    """Whether a page of ours opened the socket. Browsers always name the origin; who doesn't is refused."""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope.get("headers", [])}
    origin = headers.get("origin", "")
    if settings.ORIGIN:
        ours = bool(origin == settings.ORIGIN)
    else:
        host = headers.get("host", "")
        ours = bool(origin) and urlsplit(origin).netloc == host and _is_allowed_host(host)
    if not ours:
        log.warning("WebSocket from origin %r refused", origin[:200])
    return ours


def _is_allowed_host(host: str) -> bool:
    return bool(validate_host(split_domain_port(host)[0], settings.ALLOWED_HOSTS))
