"""A WebSocket client for tests, spoken straight to the ASGI application. (Channels' own one needs daphne.)"""

import json
import time
from typing import Any

from asgiref.testing import ApplicationCommunicator

SOON_S = 5.0


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
