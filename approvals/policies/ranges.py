"""What inputs a yes in advance covers: the same value, or a number within limits. Pure."""

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


def inputs_in(binds: str) -> dict[str, Any]:
    """The inputs of a bound text, by name, as they are bound."""
    found = json.loads(binds)
    pairs = found.get("inputs", []) if isinstance(found, dict) else []
    return {str(name): value for name, value in pairs}


def outside(limits: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """Names of the inputs that aren't covered: another value, beyond the limits, unknown, or missing."""
    wrong = [name for name, value in inputs.items() if name not in limits or not _within(limits[name], value)]
    return sorted({*wrong, *(limits.keys() - inputs.keys())})


def number_of(value: Any) -> Decimal | None:
    """A bound value as a number: an integer, or a fraction as it is bound ({"decimal": "1.5"}); None for the rest."""
    if isinstance(value, dict) and value.keys() == {"decimal"}:
        value = value["decimal"]
    elif isinstance(value, bool) or not isinstance(value, int):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _within(limit: Mapping[str, Any], value: Any) -> bool:
    if "is" in limit:
        return bool(limit["is"] == value) and isinstance(limit["is"], bool) == isinstance(value, bool)
    number = number_of(value)
    if number is None:
        return False
    return Decimal(str(limit["least"])) <= number <= Decimal(str(limit["most"]))
