"""Serves the pages under test: `python -m tests.ui.site PORT`. Also for looking at /style by hand."""

import asyncio
import os
import sys
from typing import Any

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.ui.site_settings"
os.environ.setdefault("MUSTER_MODE", "test")

import django

django.setup()

import uvicorn  # noqa: E402
from django.contrib.staticfiles.handlers import ASGIStaticFilesHandler  # noqa: E402
from django.core.handlers.asgi import ASGIHandler  # noqa: E402

from tests.ui.fake_room import FAKE  # noqa: E402

pages = ASGIStaticFilesHandler(ASGIHandler())


async def socket(receive: Any, send: Any) -> None:
    """A doorbell: says `at` on connect, then whatever the test sends."""
    await receive()
    if FAKE.refuse_sockets:
        await send({"type": "websocket.close", "code": 1013})
        return
    await send({"type": "websocket.accept"})
    bell: asyncio.Queue[str | int] = asyncio.Queue()
    FAKE.bells.add(bell)
    bell.put_nowait(f'{{"at":{FAKE.at}}}')
    listening = asyncio.create_task(listen(receive, bell))
    try:
        while isinstance(message := await bell.get(), str):
            await send({"type": "websocket.send", "text": message})
        if message:
            await send({"type": "websocket.close", "code": message})
    finally:
        FAKE.bells.discard(bell)
        listening.cancel()


async def listen(receive: Any, bell: "asyncio.Queue[str | int]") -> None:
    """Notes what the browser says; its going away ends the socket."""
    while (message := await receive())["type"] != "websocket.disconnect":
        FAKE.heard.append(message.get("text", ""))
    bell.put_nowait(0)


def later(send: Any, seconds: float) -> Any:
    """A send that holds an answer back after it was made: it arrives old."""

    async def held(message: Any) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(seconds)
        await send(message)

    return held


async def application(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        await socket(receive, send)
    elif scope["type"] == "http":
        if scope["path"].endswith("/feed") and FAKE.delays:
            await asyncio.sleep(FAKE.delays.pop(0))
        is_fragment = scope["path"].endswith("/decision") and FAKE.late_answers
        await pages(scope, receive, later(send, FAKE.late_answers.pop(0)) if is_fragment else send)


if __name__ == "__main__":
    uvicorn.run(application, host="127.0.0.1", port=int(sys.argv[1]), log_level="warning", lifespan="off")
