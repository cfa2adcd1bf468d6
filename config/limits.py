"""The server reads no endless request: Django keeps a whole body in a file before any view may refuse it."""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Any, Any, Any], Awaitable[None]]  # (scope, receive, send)

LARGEST_REQUEST = 48 * 1_048_576  # bytes: the largest import, 20 files of 1 MiB as JSON, and some air
REFUSAL = f"The request has more than {LARGEST_REQUEST:,} bytes.".encode()


def bounded(application: Application) -> Application:
    """The application, which sees at most LARGEST_REQUEST bytes of a request; what is larger gets 413."""

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        if _stated(scope) > LARGEST_REQUEST:
            await _refuse(send)
            return
        read, is_cut, answered = 0, False, False

        async def counted() -> Message:
            nonlocal read, is_cut
            message = await receive()
            read += len(message.get("body", b""))
            is_cut = is_cut or read > LARGEST_REQUEST
            return {"type": "http.disconnect"} if is_cut else message

        async def watched(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        await application(scope, counted, watched)
        if is_cut and not answered:
            await _refuse(send)

    return serve


def _stated(scope: Message) -> int:
    """The length that the sender states; beyond every limit when it is no number."""
    for name, value in scope["headers"]:
        if name == b"content-length":
            return int(value) if value.isdigit() else LARGEST_REQUEST + 1
    return 0


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": REFUSAL})
