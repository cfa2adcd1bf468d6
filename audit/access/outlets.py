"""The ways to a collector of security events: a webhook, syslog over TLS, syslog over TCP. All through the guard."""

import ssl
from collections.abc import Sequence
from typing import Protocol

from plumbing import http
from plumbing.addresses import split_host_port
from plumbing.egress import OUTSIDE, Broken, Call, Outside, Unreachable, allowed_by, dial, reason_of

DEADLINE_S = 10.0
CONTENT_TYPES = {"ocsf": "application/x-ndjson", "cef": "text/plain; charset=utf-8"}


class Collector(Protocol):
    """Where events go (config.siem.Siem)."""

    @property
    def where(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def format(self) -> str: ...


def send(collector: Collector, lines: Sequence[bytes], *, token: str = "", outside: Outside = OUTSIDE) -> None:
    """Deliver these events together. Raises plumbing.egress.EgressError when the collector didn't take them.

    A webhook says so by a status below 300; syslog has no answer, so a connection that stays whole must do."""
    if collector.kind == "webhook":
        _post(collector, lines, token, outside)
    else:
        _write(collector, b"".join(lines), outside)


def _post(collector: Collector, lines: Sequence[bytes], token: str, outside: Outside) -> None:
    headers = {"content-type": CONTENT_TYPES[collector.format]}
    if token:
        headers["authorization"] = f"Bearer {token}"
    body = b"".join(line + b"\n" for line in lines)
    answer = http.request("POST", collector.where, headers=headers, body=body, deadline_s=DEADLINE_S, outside=outside)
    if answer.status >= 300:
        raise Broken(collector.where, f"it answered {answer.status}, expected 200 to 299")


def _write(collector: Collector, message: bytes, outside: Outside) -> None:
    host, port = split_host_port(collector.where)
    call = Call(f"syslog at {collector.where}", DEADLINE_S, allowed_by(None), outside)
    connection = dial(host, port or 0, call)
    try:
        connection.settimeout(call.left_s())
        if collector.kind == "syslog+tls":
            connection = outside.tls().wrap_socket(connection, server_hostname=host)
        connection.settimeout(call.left_s())
        call.effect = "unknown"
        connection.sendall(message)
        if isinstance(connection, ssl.SSLSocket):
            connection.unwrap()  # the other side says that it has all of it
    except TimeoutError:
        raise call.too_slow() from None
    except OSError as error:
        raise Unreachable(call.where, reason_of(error)) from None
    finally:
        connection.close()
