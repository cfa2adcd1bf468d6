"""The ASGI application: pages and API by Django, rooms by Channels, static files; keeps the loop for rings."""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

from django.core.asgi import get_asgi_application

pages = get_asgi_application()  # before anything that needs the app registry

from asgiref.sync import sync_to_async  # noqa: E402
from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402

from audit import guards  # noqa: E402
from audit.errors import LedgerError  # noqa: E402
from config.checks import refuse_unsafe_start  # noqa: E402
from config.limits import bounded  # noqa: E402
from config.static import static_files  # noqa: E402
from incidents.routing import websocket_urlpatterns  # noqa: E402
from plumbing import live  # noqa: E402

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

refuse_unsafe_start()
rooms = ProtocolTypeRouter({"http": bounded(pages), "websocket": AuthMiddlewareStack(URLRouter(websocket_urlpatterns))})


async def application(scope: Message, receive: Receive, send: Send) -> None:
    """One connection, whatever its kind."""
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
    elif scope["type"] == "http" and scope["path"].startswith("/static/"):
        await static_files({**scope, "path": scope["path"].removeprefix("/static"), "root_path": ""}, receive, send)
    else:
        await rooms(scope, receive, send)


async def lifespan(receive: Receive, send: Send) -> None:
    """Start and stop of the server: rings of other threads go through its loop, so it is kept."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await sync_to_async(guards.demand)()
            except LedgerError as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            live.attach()
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            live.detach()
            await send({"type": "lifespan.shutdown.complete"})
            return
