"""One number from Prometheus, and how old it is. An instant query over its HTTP API.

Needed by runbooks: values of decisions and watches, and the probe that asks a query.
"""

import datetime as dt
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from plumbing import http
from plumbing.errors import MusterError
from plumbing.http import Answer

LONGEST_QUERY = 4_000  # characters
SHOWN = 200  # characters of what Prometheus says against a query


class QueryFailed(MusterError):
    """Prometheus was asked and gave no number. The query or its data is wrong, not the way to it."""

    code = "query_failed"


@dataclass(frozen=True)
class Sample:
    """A number and the moment it is from, by Prometheus' clock. labels: of its series."""

    value: float
    at: dt.datetime
    labels: Mapping[str, str]


def ask(
    url: str,
    query: str,
    *,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
    allow: Iterable[str] | None = None,
) -> Sample:
    """The single number that `query` (PromQL) has now. url: of the server, such as http://127.0.0.1:9090.

    `Sample.at` is the moment of evaluation: Prometheus looks back up to 5 minutes for a sample. `age_s` tells more.
    Raises QueryFailed for no data, several series, NaN or a refused query; http.EgressError when nobody answers."""
    if len(query) > LONGEST_QUERY:
        raise QueryFailed(f"The query has {len(query)} characters; the limit is {LONGEST_QUERY}.")
    address = f"{url.rstrip('/')}/api/v1/query?{urlencode({'query': query})}"
    answer = http.request("GET", address, headers=headers, deadline_s=timeout_s, allow=allow)
    found = _result(answer, query)
    value = float(found["value"][1])
    if math.isnan(value):
        raise QueryFailed(f"`{query}` gives NaN: something is divided by nothing.")
    return Sample(value, dt.datetime.fromtimestamp(float(found["value"][0]), dt.UTC), found.get("metric", {}))


def age_s(
    url: str,
    selector: str,
    *,
    timeout_s: float,
    headers: Mapping[str, str] | None = None,
    allow: Iterable[str] | None = None,
) -> float:
    """Seconds since the oldest of the newest samples of `selector`: how far behind a query over it may be.

    selector: a plain one, such as `up{job="edge"}`. Raises what `ask` raises."""
    oldest = ask(url, f"time() - min(timestamp({selector}))", timeout_s=timeout_s, headers=headers, allow=allow)
    return max(oldest.value, 0.0)


def _result(answer: Answer, query: str) -> dict[str, Any]:
    """The one series of an answer: {"metric": {...}, "value": [seconds, "1.5"]}."""
    try:
        told = json.loads(answer.body)
        status, data = told["status"], told.get("data", {})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise QueryFailed(
            f"Status {answer.status} and no answer of Prometheus' API. Is it the right address?"
        ) from None
    if status != "success":
        raise QueryFailed(f"`{query}` was refused: {str(told.get('error', answer.status))[:SHOWN]}")
    kind, result = data.get("resultType"), data.get("result")
    if kind == "scalar":
        return {"value": result}
    if kind != "vector":
        raise QueryFailed(f"`{query}` gives a {kind}; a decision needs one number. Take the range away.")
    if not result:
        raise QueryFailed(f"`{query}` finds no data.")
    if len(result) > 1:
        raise QueryFailed(f"`{query}` gives {len(result)} series; one is needed. Write max(…), sum(…) or a label.")
    found: dict[str, Any] = result[0]
    return found
