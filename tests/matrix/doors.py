"""Every address that the URL resolver knows, and what an answer means to whoever knocked."""

from collections.abc import Iterator

from django.core import signals
from django.db import close_old_connections
from django.http import HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver

IN = "let in"
REFUSED = "told that the body is wrong"  # 400, 415, 422: what it names isn't there for them
FORBIDDEN = "forbidden"  # 403: known, but the right is lacking
HIDDEN = "hidden"  # 404: nothing there, as far as they can tell
SIGN_IN = "sent to sign in"  # 302 on pages, 401 in the API
NO_METHOD = "no such method"  # 405
CLASSES = {
    200: IN, 201: IN, 202: IN, 204: IN, 302: IN, 409: IN, 400: REFUSED, 415: REFUSED, 422: REFUSED, 401: SIGN_IN,
    403: FORBIDDEN, 404: HIDDEN, 405: NO_METHOD,
}  # fmt: skip


def doors() -> dict[str, frozenset[str]]:
    """Door name -> names of the blanks in its address. Raises ValueError for an address without a name."""
    return dict(_walk(get_resolver().url_patterns, ""))


def _walk(patterns: list[URLPattern | URLResolver], spaces: str) -> Iterator[tuple[str, frozenset[str]]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{spaces}{pattern.namespace}:" if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, inner)
        elif not pattern.name:
            raise ValueError(f"The address {pattern.pattern} has no name: give it one, it needs a row in the table.")
        else:
            yield f"{spaces}{pattern.name}", frozenset(pattern.pattern.converters)


def meaning(answer: HttpResponseBase) -> str:
    """What the answer says to whoever knocked. A file that is handed out is closed."""
    if answer.streaming:
        put_away(answer)
    if answer.status_code == 302 and answer.headers["Location"].startswith("/sign-in/?next="):
        return SIGN_IN
    return CLASSES.get(answer.status_code, f"status {answer.status_code}")


def put_away(answer: HttpResponseBase) -> None:
    """Close an answer as Django's test client does: a request that ends must not take the test's connection along."""
    signals.request_finished.disconnect(close_old_connections)
    try:
        answer.close()
    finally:
        signals.request_finished.connect(close_old_connections)
