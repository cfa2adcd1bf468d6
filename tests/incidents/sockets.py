"""A WebSocket client for tests, spoken straight to the ASGI application. (Channels' own one needs daphne.)"""

import asyncio
import json
import time
from collections.abc import Callable, Coroutine
from typing import Any, Self

from asgiref.sync import sync_to_async
from asgiref.testing import ApplicationCommunicator
from channels.layers import channel_layers
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.db import SessionStore
from django.db import connections

from catalog.models import User
from config.asgi import rooms
from incidents import services
from incidents.models import Incident
from plumbing import live

HOST = "testserver"
ORIGIN = f"http://{HOST}"
SOON_S = 5.0
ENDS_WITHIN_S = 60


def served(main: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """The result of a coroutine function that runs as the server would run it, its loop kept for rings."""

    async def run() -> Any:
        live.attach()
        try:
            return await asyncio.wait_for(main(), ENDS_WITHIN_S)
        finally:
            live.detach()
            await sync_to_async(connections.close_all)()

    channel_layers.backends.clear()
    return asyncio.run(run())


class Socket:
    """One connection, as a browser would open it. Use it inside the loop that serves it."""

    def __init__(self, application: Any, path: str, headers: list[tuple[bytes, bytes]]) -> None:
        scope = {
            "type": "websocket",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "scheme": "ws",
            "query_string": b"",
            "headers": headers,
            "subprotocols": [],
            "client": ["127.0.0.1", 40_000],
            "server": ["127.0.0.1", 80],
        }
        self._talk = ApplicationCommunicator(application, scope)

    async def connect(self) -> bool:
        """Whether the server accepted."""
        await self._talk.send_input({"type": "websocket.connect"})
        message = await self._talk.receive_output(SOON_S)
        return bool(message["type"] == "websocket.accept")

    async def __aenter__(self) -> Self:
        assert await self.connect(), "the server refused"
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def say(self, *, text: str | None = None, raw: bytes | None = None) -> None:
        """Send one frame."""
        await self._talk.send_input({"type": "websocket.receive", "text": text, "bytes": raw})

    async def next(self, seconds: float = SOON_S) -> dict[str, Any]:
        """The next thing that the server does."""
        message: dict[str, Any] = await self._talk.receive_output(max(0.01, seconds))
        return message

    async def heard(self, wanted: str, seconds: float = SOON_S) -> Any:
        """The value of the next message that has this key."""
        until = time.monotonic() + seconds
        while True:
            message = json.loads((await self.next(until - time.monotonic()))["text"])
            if wanted in message:
                return message[wanted]

    async def closed(self) -> tuple[int, list[str]]:
        """The code with which the server closes, and what it said before."""
        said: list[str] = []
        while (message := await self.next())["type"] != "websocket.close":
            said.append(message.get("text", ""))
        return message["code"], said

    async def leave(self) -> None:
        """Go away."""
        await self._talk.send_input({"type": "websocket.disconnect", "code": 1001})
        await self._talk.wait(SOON_S)


def prepared(path: str, user: User | None = None, origin: str = ORIGIN) -> Callable[[], Socket]:
    """A function that opens a socket inside the loop: the session is made out here, where queries are allowed."""
    headers = [(b"host", HOST.encode())] + ([(b"origin", origin.encode())] if origin else [])
    if user is not None:
        headers.append((b"cookie", f"{settings.SESSION_COOKIE_NAME}={session_of(user).session_key}".encode()))
    return lambda: Socket(rooms, path, headers)


def session_of(user: User) -> SessionBase:
    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return store


def path_of(incident: Incident) -> str:
    return f"/ws/incidents/{incident.uid}"


def note(incident: Incident, actor: User) -> None:
    """Somebody writes, in a thread with a connection of its own."""
    services.add_note(incident, "Now", actor=actor)
    connections.close_all()


async def rung(socket: Socket, incident: Incident, actor: User) -> tuple[int, int]:
    """What the bell says on connect, and after somebody wrote."""
    first = await socket.heard("at")
    await asyncio.to_thread(note, incident, actor)
    return first, await socket.heard("at")
