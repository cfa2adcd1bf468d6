"""Probes: is it well? One question over HTTP or TCP, and a short sentence for whoever reads the answer.

Needed by catalog (health of services) and runbooks (action `probe`, and how a step is verified).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from typing import Literal

from plumbing import http
from plumbing.addresses import split_host_port
from plumbing.egress import OUTSIDE, Outside

MAX_DETAIL = 300  # characters
_STATUS = re.compile(r"[1-5](?:xx|\d\d)")


@dataclass(frozen=True)
class ProbeAnswer:
    """Whether the target is as expected. latency_ms: until the answer, or until it was clear that there is none."""

    ok: bool
    latency_ms: int
    detail: str


def check(
    kind: Literal["http", "tcp"] | str,
    target: str,
    *,
    expect_status: str = "2xx",
    timeout_s: float,
    allow: Iterable[str] | None = None,
    outside: Outside = OUTSIDE,
) -> ProbeAnswer:
    """Ask a target once: GET of a URL (`http`), or a connection to host:port (`tcp`).

    expect_status: `2xx`, or `200,204`. allow: see `http.request`. A target that fails, can't be reached, may not be
    reached or is no target gives an answer that says so; this raises nothing but ValueError for an unknown kind."""
    asks: dict[str, Callable[[], ProbeAnswer]] = {
        "http": lambda: _ask_http(target, expect_status, timeout_s, allow, outside),
        "tcp": lambda: _ask_tcp(target, timeout_s, allow, outside),
    }
    if kind not in asks:
        raise ValueError(f"found the probe kind {kind!r}, expected http or tcp")
    begun = monotonic()
    try:
        return asks[kind]()
    except (http.EgressError, ValueError) as error:
        return ProbeAnswer(False, round((monotonic() - begun) * 1_000), _sentence(error)[:MAX_DETAIL])


def is_expected(status: int, expect_status: str) -> bool:
    """Whether a status is one of `2xx`, or of `200,204`. Raises ValueError when `expect_status` is neither."""
    wanted = [item.strip().lower() for item in expect_status.split(",")]
    for item in wanted:
        if not _STATUS.fullmatch(item):
            raise ValueError(f"expected status {expect_status!r} is neither like 2xx nor like 200,204")
    return str(status) in wanted or f"{status // 100}xx" in wanted


def _ask_http(
    url: str, expect_status: str, timeout_s: float, allow: Iterable[str] | None, outside: Outside
) -> ProbeAnswer:
    is_expected(200, expect_status)  # before anybody is bothered
    answer = http.request("GET", url, deadline_s=timeout_s, allow=allow, outside=outside)
    shown = _shown(answer.status)
    if is_expected(answer.status, expect_status):
        return ProbeAnswer(True, answer.elapsed_ms, shown)
    return ProbeAnswer(False, answer.elapsed_ms, f"{shown}, expected {expect_status}")


def _ask_tcp(target: str, timeout_s: float, allow: Iterable[str] | None, outside: Outside) -> ProbeAnswer:
    host, port = split_host_port(target)
    if port is None:
        raise ValueError(f"found {target!r}, expected host:port")
    elapsed_ms = http.tcp_connect(host, port, deadline_s=timeout_s, allow=allow, outside=outside)
    return ProbeAnswer(True, elapsed_ms, "connected")


def _shown(status: int) -> str:
    known = next((one.phrase for one in HTTPStatus if one == status), "")
    return f"{status} {known}".strip()


def _sentence(error: Exception) -> str:
    if isinstance(error, http.Unreachable):
        return f"no connection: {error.reason}"
    if isinstance(error, http.TooSlow):
        return f"no {'connection' if error.effect == 'none' else 'answer'} within {error.deadline_s:g} s"
    if isinstance(error, http.TooLarge):
        return f"the answer is longer than {error.limit} bytes"
    if isinstance(error, http.Broken):
        return f"no complete answer: {error.reason}"
    return str(error)
