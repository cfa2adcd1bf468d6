"""Live rings: tell every open page of a group that there is something new. Lossy; the page asks the database.

Needed by incidents (5) for its rooms, and by runbooks (4) and approvals (3) for whoever watches their pages.
`config.asgi` keeps the server's event loop here at start-up; in a process without one (worker, command) a ring
travels over the channel layer of Redis alone.
"""

import asyncio
import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

from plumbing.doorbell import ringer

log = logging.getLogger(__name__)

_loop: asyncio.AbstractEventLoop | None = None


def attach() -> None:
    """Remember the running loop: it serves the sockets of this process. Called by the server as it starts."""
    global _loop
    _loop = asyncio.get_running_loop()


def detach() -> None:
    """The server stops: nobody is rung here any more."""
    global _loop
    _loop = None


def ring(group: str, message: dict[str, Any] | None = None) -> None:
    """Ring `group` when the current transaction has committed, at once outside of one. Never raises, never waits.

    message: what the layer delivers; {"type": "ring"} by default. Carries no content, only how far we are."""
    sent = message or {"type": "ring"}
    transaction.on_commit(lambda: _send(group, sent), robust=True)


def _send(group: str, message: dict[str, Any]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    if _loop is not None and _loop.is_running():
        asyncio.run_coroutine_threadsafe(_quietly(layer, group, message), _loop)
    elif not isinstance(layer, InMemoryChannelLayer):  # in memory, nobody outside the server's loop listens
        ringer.put(lambda subject: async_to_sync(layer.group_send)(subject, message), group)


async def _quietly(layer: Any, group: str, message: dict[str, Any]) -> None:
    try:
        await layer.group_send(group, message)
    except Exception as error:  # whatever the layer's client raises: the hub's poll covers a lost ring
        log.warning("Live ring for %s lost: %s: %s", group, type(error).__name__, error)
