"""What decisions and watches look at: values gathered by a worker outside of any transaction, each with its age.

| source | its fields | value | age |
|---|---|---|---|
| `expression` | `expression`: CEL over inputs, steps, incident, run | its result | the oldest output that it reads |
| `probe` | those of the action `probe` | `{"ok": …, …}`: what one question found | 0: asked now |
| `prometheus` | `server`, `query`, `sampled` | the number | of the samples of `sampled`, or of the query itself |
| `signal` | `signal` (the alert's name), `service` | `{"state": "firing", …}`, the newest | since it was heard |

A signal is known to the room above, which registers who is to be asked (`register`); probes to `actions.decide`.
"""

import contextvars
import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from plumbing import prometheus, toolbox
from plumbing.errors import MusterError
from plumbing.expressions import evaluate, names_in
from runbooks.engine.model import Value
from runbooks.errors import BadConfig

WIDTH = 8  # values that are asked for at a time
LONGEST_S = 20.0  # that one value may take
ADDRESS = ("http://", "https://")
UNFILLED = "unfilled"  # source of a value whose own fields could not be filled in


@dataclass(frozen=True)
class Seen:
    """One value as it was found. age_s: seconds, None when it isn't known. error: why there is none, for the reader."""

    value: Any = None
    age_s: float | None = None
    error: str = ""

    def told(self) -> dict[str, Any]:
        """As it is kept and shown."""
        age = None if self.age_s is None else round(self.age_s, 3)
        return {"value": self.value, "age_s": age} | ({"error": self.error} if self.error else {})


@dataclass(frozen=True)
class Question:
    """What a source is told beside its own fields.

    stream: where the run's history is. sees: what expressions see. ages: step -> seconds since it left its output.
    now: the database's clock. timeout_s: how long one answer may take."""

    stream: str
    sees: Mapping[str, Any]
    now: dt.datetime
    timeout_s: float = LONGEST_S
    ages: Mapping[str, float] = field(default_factory=dict)


Source = Callable[[Mapping[str, Any], Question], Seen]


def gather(values: Iterable[Value], question: Question) -> dict[str, Seen]:
    """Each value by name, in the given order. One that can't be had says why in `error`; this raises nothing.

    Those that ask somebody over the network are asked at once; a value's age grows while the others are waited for."""
    wanted = tuple(values)
    if not wanted:
        return {}
    with ThreadPoolExecutor(min(WIDTH, len(wanted)), thread_name_prefix="values") as pool:
        waiting = {
            value.name: pool.submit(contextvars.copy_context().run, _ask, value, question)
            for value in wanted
            if value.source in OUTSIDE
        }
        here = {value.name: _ask(value, question) for value in wanted if value.source not in OUTSIDE}
        found = {name: future.result() for name, future in waiting.items()} | here
    ended = time.monotonic()
    return {value.name: _checked(value, _older(*found[value.name], ended)) for value in wanted}


def _ask(value: Value, question: Question) -> tuple[Seen, float]:
    """What was found, and when (monotonic seconds)."""
    try:
        seen = _sources[value.source](value.config, question)
    except KeyError:
        seen = Seen(error=f"nobody can be asked for a {value.source}.")
    except MusterError as error:
        seen = Seen(error=str(error))
    except Exception as error:  # a source of a third party must not take the decision's fallback away
        seen = Seen(error=f"{type(error).__name__}: {error}")
    return seen, time.monotonic()


def _older(seen: Seen, found_at: float, now: float) -> Seen:
    return seen if seen.age_s is None else replace(seen, age_s=seen.age_s + now - found_at)


def _checked(value: Value, seen: Seen) -> Seen:
    """The value, or why it is as good as missing: too old, or of an age that nobody knows where there is a limit."""
    if seen.error or not value.max_age_s:
        return seen
    if seen.age_s is None:
        return replace(seen, error=f"its age is not known; at most {value.max_age_s:g} s are allowed.")
    if seen.age_s > value.max_age_s:
        return replace(seen, error=f"it is {seen.age_s:.0f} s old; at most {value.max_age_s:g} s are allowed.")
    return seen


def _expression(config: Mapping[str, Any], question: Question) -> Seen:
    source = str(config["expression"])
    read = [path[1] for path in names_in(source) if path[0] == "steps" and len(path) > 1]
    return Seen(evaluate(source, question.sees), max((question.ages.get(step, 0.0) for step in read), default=0.0))


def _prometheus(config: Mapping[str, Any], question: Question) -> Seen:
    server, timeout_s = str(config.get("server", "")), question.timeout_s
    headers: Mapping[str, str] | None = None
    allow: list[str] | None = None
    if not server.startswith(ADDRESS):
        found = toolbox.take("prometheus", server, toolbox.Prometheus)
        server, headers, allow = found.url, found.headers, toolbox.allowing(found.url)
    sample = prometheus.ask(server, str(config["query"]), timeout_s=timeout_s, headers=headers, allow=allow)
    sampled = str(config.get("sampled", "")) or str(config["query"])
    try:
        age_s = prometheus.age_s(server, sampled, timeout_s=timeout_s, headers=headers, allow=allow)
    except prometheus.QueryFailed as error:
        if config.get("sampled"):
            raise BadConfig("prometheus", "sampled", str(error).rstrip(".")) from None
        age_s = 0.0  # the query is no plain selector: it was computed just now
    return Seen(sample.value, age_s)


def _unheard(config: Mapping[str, Any], question: Question) -> Seen:
    return Seen(error=f"nobody here hears signals, so nothing is known of {config.get('signal', 'it')}.")


def _unfilled(config: Mapping[str, Any], question: Question) -> Seen:
    return Seen(error=str(config["problem"]))


OUTSIDE = frozenset({"probe", "prometheus"})  # asked over the network, so asked at once; the others by this thread
_sources: dict[str, Source] = {
    "expression": _expression,
    "prometheus": _prometheus,
    "signal": _unheard,
    UNFILLED: _unfilled,
}


def register(source: str, ask: Source) -> None:
    """Let `ask` answer for a source. It is called by the worker, outside of transactions, and may raise MusterError."""
    _sources[source] = ask


def sources() -> tuple[str, ...]:
    """All known sources, sorted."""
    return tuple(sorted(_sources))
