"""Probes: is it well? One question to one target, and a short sentence for whoever reads the answer.

Needed by catalog (health of services) and runbooks (action `probe`, and how a step is verified). To add a kind: copy a
neighbour, register it in KINDS below, and give the action `probe` a field of its name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal

from plumbing.documented import BadField
from plumbing.egress import OUTSIDE, EgressError, Outside
from plumbing.errors import MusterError
from plumbing.probing.base import MAX_DETAIL, ProbeAnswer, Question, Stopwatch, sentence
from plumbing.probing.command import Command
from plumbing.probing.dns import Dns
from plumbing.probing.http import Http, is_expected
from plumbing.probing.log import Log
from plumbing.probing.prometheus import Prometheus
from plumbing.probing.sql import Sql
from plumbing.probing.tcp import Tcp
from plumbing.probing.tls import Tls
from plumbing.prometheus import QueryFailed
from plumbing.readonly import StatementFailed

__all__ = ["KINDS", "MAX_DETAIL", "BadField", "ProbeAnswer", "Question", "ask", "check", "is_expected", "question"]

KINDS: dict[str, type[Question]] = {kind.kind: kind for kind in (Http, Tcp, Dns, Tls, Sql, Prometheus, Command, Log)}


def question(kind: str, given: Any) -> Question:
    """The question of this kind in what an author wrote. Raises BadField; KeyError for an unknown kind."""
    return KINDS[kind].read(given)


def ask(asked: Question, *, timeout_s: float, memo: Mapping[str, Any] | None = None) -> ProbeAnswer:
    """Ask once. A target that fails, can't be reached or may not be reached gives an answer that says so.

    Raises MusterError for what no repetition would change: a thing that isn't in the toolbox, a missing secret."""
    took = Stopwatch()
    try:
        answer = asked.ask(timeout_s, memo or {})
    except (EgressError, StatementFailed, QueryFailed, ValueError) as error:
        answer = ProbeAnswer(False, took.ms, sentence(error), memo=memo or {})
    return replace(answer, source=asked.source)


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
    if kind not in ("http", "tcp"):
        raise ValueError(f"found the probe kind {kind!r}, expected http or tcp")
    took = Stopwatch()
    try:
        if kind == "http":
            return Http(target, expect_status).ask_over(timeout_s, allow, outside)
        return Tcp(target).ask_over(timeout_s, allow, outside)
    except (MusterError, ValueError) as error:
        return ProbeAnswer(False, took.ms, sentence(error))
