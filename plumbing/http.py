"""The one client for outgoing HTTP, and a TCP connect of the same kind: guarded, within a deadline, never surprised.

One connection per request; no redirects, no proxies, nothing from the environment. The guard is in `egress`.
"""

import logging
import re
import socket
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from string import punctuation
from typing import Any
from urllib.parse import quote, urlsplit

import httpcore

from plumbing.addresses import split_host_port
from plumbing.egress import (
    OUTSIDE,
    Broken,
    Call,
    EgressError,
    Malformed,
    Outside,
    Refused,
    TooLarge,
    TooSlow,
    Unreachable,
    allowed_by,
    dial,
    reason_of,
)

__all__ = [
    "Answer",
    "Broken",
    "EgressError",
    "Malformed",
    "Outside",
    "Refused",
    "TooLarge",
    "TooSlow",
    "Unreachable",
    "request",
    "tcp_connect",
]

MAX_BODY = 1_000_000  # bytes of an answer
PORTS = {"http": 80, "https": 443}
METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
OURS = frozenset(  # headers that say where a message ends and who it is for: never the caller's
    {"host", "content-length", "transfer-encoding", "connection", "upgrade", "te", "trailer", "expect", "keep-alive"}
)
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f\\]")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\xa0-\xff\t]*")

logging.getLogger("httpcore").setLevel(logging.INFO)  # its debug lines hold headers, and so secrets
IGNORE_CUTS = getattr(ssl, "OP_IGNORE_UNEXPECTED_EOF", 0)


@dataclass(frozen=True)
class Answer:
    """What came back. headers: by lower-case name; repeated ones joined by a comma. body: as sent, at most 1 MB."""

    status: int
    headers: dict[str, str]
    body: bytes
    elapsed_ms: int


def request(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    deadline_s: float,
    allow: Iterable[str] | None = None,
    outside: Outside = OUTSIDE,
) -> Answer:
    """The answer to one request, whatever its status; a redirect is an answer like any other.

    deadline_s: for all of it, from the name's lookup to the last byte. allow: entries that open more than the public
    web (host, host:port, CIDR); the setting MUSTER_EGRESS_ALLOW when None. Raises EgressError: Refused (Malformed),
    Unreachable, TooSlow, TooLarge, Broken; its `effect` says what may have happened at the other end."""
    if method not in METHODS:
        raise Malformed(f"Found the method {method!r}, expected one of {', '.join(sorted(METHODS))}.")
    target = _parse(url)
    sent = _headers_to_send(target, headers or {})
    call = Call(f"{target.scheme.decode()}://{_authority(target)}", deadline_s, allowed_by(allow), outside)
    tls = outside.tls() if target.scheme == b"https" else None
    content = body or (b"" if method in {"POST", "PUT", "PATCH"} else None)
    try:
        with (
            httpcore.HTTPConnection(target.origin, ssl_context=tls, network_backend=_Guarded(call)) as connection,
            connection.stream(method, target, headers=sent, content=content) as response,
        ):
            return _answer(response, call)
    except httpcore.LocalProtocolError as error:
        raise Malformed(f"The request can't be sent: {error}") from None
    except (httpcore.ProtocolError, httpcore.NetworkError) as error:
        raise Broken(call.where, str(error).rstrip(".") or type(error).__name__) from None


def tcp_connect(
    host: str, port: int, *, deadline_s: float, allow: Iterable[str] | None = None, outside: Outside = OUTSIDE
) -> int:
    """Milliseconds until a TCP connection stood; it is closed again at once. Raises Refused, Unreachable, TooSlow."""
    try:
        name, _ = split_host_port(f"[{host}]" if ":" in host else host)
    except ValueError as error:
        raise Malformed(f"{host}: {error}.") from None
    call = Call(f"{host}:{port}", deadline_s, allowed_by(allow), outside)
    dial(name, port, call).close()
    return call.elapsed_ms


class _Guarded(httpcore.NetworkBackend):
    """httpcore's door to the network: every connection of a request goes through the guard."""

    def __init__(self, call: Call) -> None:
        self._call = call

    def connect_tcp(
        self, host: str, port: int, timeout: Any = None, local_address: Any = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        return _Stream(dial(host, port, self._call), self._call)


class _Stream(httpcore.NetworkStream):
    """A socket whose every operation gets only what the call's deadline leaves: dripping doesn't help.

    The per-operation timeouts that httpcore passes are unused; ours are stricter."""

    def __init__(self, connection: socket.socket, call: Call) -> None:
        self._socket, self._call = connection, call

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._socket.settimeout(self._call.left_s())
        try:
            return self._socket.recv(max_bytes)
        except TimeoutError:
            raise self._call.too_slow() from None
        except OSError as error:
            raise httpcore.ReadError(reason_of(error)) from None

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        view = memoryview(buffer)
        try:
            while view:
                self._socket.settimeout(self._call.left_s())
                self._call.effect = "unknown"
                view = view[self._socket.send(view) :]
        except TimeoutError:
            raise self._call.too_slow() from None
        except OSError as error:
            raise httpcore.WriteError(reason_of(error)) from None

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        try:
            self._socket.settimeout(self._call.left_s())
            ssl_context.options &= ~IGNORE_CUTS  # some builds of Python set it, others don't
            secured = ssl_context.wrap_socket(
                self._socket,
                server_hostname=server_hostname,
                suppress_ragged_eofs=False,  # who cuts the connection must not decide where an answer ends
            )
            return _Stream(secured, self._call)
        except BaseException as error:
            self._socket.close()
            if isinstance(error, TimeoutError):
                raise self._call.too_slow() from None
            if isinstance(error, OSError):
                raise Unreachable(self._call.where, f"TLS: {reason_of(error)}") from None
            raise

    def close(self) -> None:
        self._socket.close()


def _answer(response: httpcore.Response, call: Call) -> Answer:
    body = bytearray()
    for chunk in response.iter_stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge(call.where, MAX_BODY)
    headers: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("ascii").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return Answer(response.status, headers, bytes(body), call.elapsed_ms)


def _parse(url: str) -> httpcore.URL:
    """The parts of a URL, taken apart once; nobody after us reads the text again. Raises Malformed."""
    if found := _NOT_IN_URL.search(url):
        raise Malformed(f"The URL holds {found[0]!r} at {found.start() + 1}; it must be percent-encoded.")
    try:
        parts = urlsplit(url)
        if parts.scheme not in PORTS:
            raise ValueError(f"found the scheme {parts.scheme!r}, expected http or https")
        if "@" in parts.netloc:
            raise ValueError("it holds a user name; send credentials in a header")
        host, port = split_host_port(parts.netloc)
    except ValueError as error:
        raise Malformed(f"The URL is no address for a request: {error}.") from None
    target = quote(parts.path or "/", safe=punctuation)
    if parts.query:
        target += f"?{quote(parts.query, safe=punctuation)}"
    return httpcore.URL(scheme=parts.scheme, host=host, port=port or PORTS[parts.scheme], target=target)


def _authority(url: httpcore.URL) -> str:
    """`host` or `host:port`, as in the Host header; IPv6 in brackets, the scheme's own port left out."""
    host = url.host.decode("ascii")
    bare = f"[{host}]" if ":" in host else host
    return bare if url.port == PORTS[url.scheme.decode()] else f"{bare}:{url.port}"


def _headers_to_send(url: httpcore.URL, given: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """The caller's headers, checked, and ours. Raises Malformed."""
    headers = {"user-agent": "Muster", "accept": "*/*", "accept-encoding": "identity"}
    for name, value in given.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in OURS or name.lower().startswith("proxy-"):
            raise Malformed(f"{name!r} can't be sent as a header: it is no header's name, or one that Muster sets.")
        if not _HEADER_VALUE.fullmatch(value):
            raise Malformed(f"The value of header {name} holds a line break or another character that headers can't.")
        headers[name.lower()] = value.strip()
    headers |= {"host": _authority(url), "connection": "close"}
    return [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers.items()]
