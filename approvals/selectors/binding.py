"""What a request binds, in lines that people read, and what differs from another binding, in words."""

import json
from collections.abc import Iterator
from typing import Any

from approvals.models import ApprovalRequest
from approvals.selectors.requests import before

NOTHING = "nothing"
MOST_DIFFERENCES = 5  # said in a sentence
LONGEST_VALUE = 60


def bound_facts(request: ApprovalRequest) -> list[tuple[str, str]]:
    """Exactly what the digest covers, one readable line for each value: ("with.url", "http://…")."""
    return facts_in(request.binds)


def facts_in(binds: str) -> list[tuple[str, str]]:
    """The values of a bound text, by path."""
    return list(_flat("", json.loads(binds)))


def differences(request: ApprovalRequest) -> list[tuple[str, str, str]]:
    """What differs from the request for the same subject before this one: (name, was, is). Empty for the first."""
    earlier = before(request)
    return [] if earlier is None else between(earlier.binds, request.binds)


def between(old: str, new: str) -> list[tuple[str, str, str]]:
    """What differs between two bound texts: (name, was, is)."""
    was, now = dict(facts_in(old)), dict(facts_in(new))
    names = [*now, *(name for name in was if name not in now)]
    found = [(name, was.get(name, NOTHING), now.get(name, NOTHING)) for name in names]
    return [(name, before_, after) for name, before_, after in found if before_ != after]


def in_words(old: str, new: str) -> str:
    """The differences as a sentence: "inputs.node was db-1, is db-2."; "" where there is none."""
    found = between(old, new)
    said = [f"{name} was {_short(was)}, is {_short(now)}" for name, was, now in found[:MOST_DIFFERENCES]]
    if len(found) > MOST_DIFFERENCES:
        said.append(f"and {len(found) - MOST_DIFFERENCES} more")
    return f"{'; '.join(said)}." if said else ""


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 1]}…"


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    inner = _named(value)
    if not inner:
        yield path, _as_text(value)
    for name, item in inner:
        yield from _flat(f"{path}.{name}" if path else name, item)


def _as_text(value: Any) -> str:
    """A value in a line; a list of plain values with commas."""
    if isinstance(value, list) and value:
        return ", ".join(_as_text(item) for item in value)
    return value if isinstance(value, str) else json.dumps(value)


def _named(value: Any) -> list[tuple[str, Any]]:
    """What is inside a value, by name. An object may also be written `{"pairs": [[key, value], ...]}`, or as pairs."""
    if isinstance(value, dict):
        return _named(value["pairs"]) if value.keys() == {"pairs"} else list(value.items())
    if not isinstance(value, list) or all(isinstance(item, str | int) for item in value):
        return []
    if all(isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in value):
        return [(key, item) for key, item in value]
    return [(str(place), item) for place, item in enumerate(value, 1)]
