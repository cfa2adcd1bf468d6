"""What a request binds, in lines that people read, and what differs from another binding, in words."""

import json
from collections.abc import Iterator
from typing import Any

from approvals.models import ApprovalRequest
from approvals.selectors.requests import before

NOTHING = "nothing"
EMPTY = "empty"
MOST_DIFFERENCES = 5  # said in a sentence
LONGEST_VALUE = 60


def bound_facts(request: ApprovalRequest) -> list[tuple[str, str]]:
    """Exactly what the digest covers, one readable line for each value: ("with.url", "http://…")."""
    return facts_in(request.binds)


def facts_in(binds: str) -> list[tuple[str, str]]:
    """The values of a bound text, by path."""
    return [(name, _as_text(value)) for name, value in _flat("", json.loads(binds))]


def differences(request: ApprovalRequest) -> list[tuple[str, str, str]]:
    """What differs from the request for the same subject before this one: (name, was, is). Empty for the first."""
    earlier = before(request)
    return [] if earlier is None else between(earlier.binds, request.binds)


def between(old: str, new: str) -> list[tuple[str, str, str]]:
    """What differs between two bound texts: (name, was, is)."""
    was, now = dict(_flat("", json.loads(old))), dict(_flat("", json.loads(new)))
    names = [*now, *(name for name in was if name not in now)]
    return [(name, *_told_apart(was, now, name)) for name in names if _exactly(was, name) != _exactly(now, name)]


def _exactly(values: dict[str, Any], name: str) -> str:
    """The value as it is bound: 3 and "3" are two."""
    return json.dumps(values[name]) if name in values else ""


def _told_apart(was: dict[str, Any], now: dict[str, Any], name: str) -> tuple[str, str]:
    """Both values in words; as they are bound where they would read the same."""
    before_, after = (_as_text(values[name]) if name in values else NOTHING for values in (was, now))
    return (before_, after) if before_ != after else (_exactly(was, name) or NOTHING, _exactly(now, name) or NOTHING)


def in_words(old: str, new: str) -> str:
    """The differences as a sentence: "inputs.node was db-1, is db-2."; "" where there is none."""
    found = between(old, new)
    said = [f"{name} was {_short(was)}, is {_short(now)}" for name, was, now in found[:MOST_DIFFERENCES]]
    if len(found) > MOST_DIFFERENCES:
        said.append(f"and {len(found) - MOST_DIFFERENCES} more")
    return f"{'; '.join(said)}." if said else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _flat(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    inner = _named(value)
    if not inner:
        yield path, value
    for name, item in inner:
        yield from _flat(f"{path}.{name}" if path else name, item)


def _as_text(value: Any) -> str:
    """A value in a line; a list of plain values with commas, a fraction ({"decimal": "1.5"}) as a number."""
    if isinstance(value, dict) and value.keys() == {"decimal"}:
        return str(value["decimal"])
    if isinstance(value, list) and value:
        return ", ".join(_as_text(item) for item in value)
    return (value or EMPTY) if isinstance(value, str) else json.dumps(value)


def _named(value: Any) -> list[tuple[str, Any]]:
    """What is inside a value, by name. An object may also be written `{"pairs": [[key, value], ...]}`, or as pairs."""
    if isinstance(value, dict) and value.keys() == {"decimal"}:
        return []
    if isinstance(value, dict):
        return _named(value["pairs"]) if value.keys() == {"pairs"} else list(value.items())
    if not isinstance(value, list) or all(isinstance(item, str | int) for item in value):
        return []
    if all(isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in value):
        return [(key, item) for key, item in value]
    return [(str(place), item) for place, item in enumerate(value, 1)]
