"""What every source of signals is turned into, and the reading of posts that nobody can trust."""

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.dateparse import parse_datetime

from incidents.errors import BadPost
from incidents.states import SignalState

MOST_ALERTS = 1_000  # in one post
MOST_LABELS = 100  # of one alert; the same for annotations
LONGEST_NAME = 200
LONGEST_VALUE = 10_000  # characters; Alertmanager's own annotations stay far below
DEEPEST = 20  # levels of JSON: a real post has five
SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Observation:
    """One alert as one post tells it.

    began_at: by the alert's own word; by the time of arrival where the format has none (`began_is_known` False).
    ended_at: None while it fires. service: slug that the labels hint at, "" without one.
    """

    fingerprint: str
    name: str
    state: SignalState
    began_at: dt.datetime
    ended_at: dt.datetime | None = None
    summary: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    link: str = ""
    service: str = ""
    began_is_known: bool = True


Parse = Callable[[Any, dt.datetime], list[Observation]]
"""(the post's JSON, when it arrived) -> what it tells. Pure. Raises BadPost with the path of the first wrong value."""


def json_of(body: bytes) -> Any:
    """The JSON value in a body. Raises BadPost unless it is UTF-8 JSON, at most DEEPEST levels deep."""
    try:
        text = body.decode("utf-8")
        value = json.loads(text, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise BadPost("body", f"a byte at {error.start} that is not UTF-8", "JSON in UTF-8") from None
    except RecursionError:
        raise BadPost("body", "JSON without an end to its depth", f"at most {DEEPEST} levels") from None
    except ValueError as error:
        raise BadPost("body", f"no JSON ({error})", "a JSON object") from None
    _check_depth(value, "body", DEEPEST)
    return value


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check_depth(value: Any, where: str, left: int) -> None:
    if left < 0:
        raise BadPost(where, f"more than {DEEPEST} levels", f"at most {DEEPEST} levels of JSON")
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _check_depth(inner, where, left - 1)


def taken(value: Any, where: str, kind: type, expected: str) -> Any:
    """`value` if it is a `kind`. Raises BadPost that names `where`."""
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise BadPost(where, kind_of(value), expected)
    return value


def kind_of(value: Any) -> str:
    """What a JSON value is, in a reader's words."""
    names = {dict: "an object", list: "a list", str: "text", bool: "true or false", int: "a number", float: "a number"}
    return "nothing" if value is None else names[type(value)]


def text(value: Any, where: str, *, longest: int = LONGEST_VALUE, required: bool = False) -> str:
    """`value` as text without NUL or lone surrogates (no database takes them); "" for a missing one.

    Raises BadPost when it is no text, too long, or missing though `required`."""
    if value is None and not required:
        return ""
    found: str = taken(value, where, str, "text")
    if len(found) > longest:
        raise BadPost(where, f"text of {len(found)} characters", f"at most {longest}")
    if required and not found.strip():
        raise BadPost(where, "empty text", "a value")
    return SURROGATE.sub("\ufffd", found.replace("\0", "\ufffd"))


def words(value: Any, where: str) -> dict[str, str]:
    """A map of names to text, such as labels. Raises BadPost with the path of the wrong entry."""
    if value is None:
        return {}
    found: dict[str, Any] = taken(value, where, dict, "an object of names and texts")
    if len(found) > MOST_LABELS:
        raise BadPost(where, f"{len(found)} entries", f"at most {MOST_LABELS}")
    return {
        text(name, f"{where}: a name", longest=LONGEST_NAME): text(inner, f"{where}.{name[:LONGEST_NAME]}")
        for name, inner in found.items()
    }


def moment(value: Any, where: str) -> dt.datetime:
    """A moment with its zone, in UTC, cut to milliseconds. Raises BadPost unless it is RFC 3339 and in 1970..2200."""
    raw = text(value, where, longest=64, required=True)
    try:
        found = parse_datetime(re.sub(r"(\.\d{6})\d+", r"\1", raw))
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadPost(where, repr(raw), "a time with its zone, such as 2026-03-02T09:00:00Z")
    if not 1970 <= found.year <= 2200:
        raise BadPost(where, repr(raw), "a year from 1970 to 2200")
    found = found.astimezone(dt.UTC)
    return found.replace(microsecond=found.microsecond // 1000 * 1000)
