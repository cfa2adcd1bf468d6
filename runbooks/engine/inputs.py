"""Checks what is given to a run against what its definition declares."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from runbooks.engine.model import Definition, Input
from runbooks.engine.outputs import fits
from runbooks.errors import BadInput

LONGEST = 2_000  # characters of one input, or of one item of a list
MOST_ITEMS = 1_000  # of a list


def checked(definition: Definition, given: Mapping[str, Any]) -> dict[str, Any]:
    """All inputs with defaults filled in. Raises BadInput for an unknown, missing or wrongly typed one."""
    for name in given:
        _declared(definition, name)
    values = {}
    for spec in definition.inputs:
        if spec.name in given:
            values[spec.name] = _right(spec, given[spec.name])
        elif spec.default is not None:
            values[spec.name] = spec.default
        elif spec.required:
            raise BadInput(spec.name, f"it is missing; a {spec.type} is needed.")
    return values


def checked_one(definition: Definition, name: str, value: Any) -> Any:
    """One input's value, of the declared type. Raises BadInput."""
    return _right(_declared(definition, name), value)


def check_environment(definition: Definition, environment: str) -> None:
    """Raises BadInput when the definition has parameters by environment, and none for this one."""
    known = definition.environments
    if known and environment not in known:
        near = get_close_matches(environment, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"It has: {', '.join(known)}."
        raise BadInput("environment", f"the runbook has no parameters for {environment}. {hint}")


def _declared(definition: Definition, name: str) -> Input:
    known = {spec.name: spec for spec in definition.inputs}
    if name not in known:
        near = get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Known: {', '.join(sorted(known)) or 'none'}."
        raise BadInput(name, f"this runbook has no such input. {hint}")
    return known[name]


def _right(spec: Input, value: Any) -> Any:
    if not fits(value, spec.type):
        raise BadInput(spec.name, f"found {type(value).__name__}, a {spec.type} is needed.")
    items = value if isinstance(value, list) else [value]
    if len(items) > MOST_ITEMS:
        raise BadInput(spec.name, f"it has {len(items)} items; at most {MOST_ITEMS} are allowed.")
    for item in items:
        if isinstance(item, str) and len(item) > LONGEST:
            raise BadInput(spec.name, f"it has {len(item)} characters; at most {LONGEST} are allowed.")
        if spec.choices and item not in spec.choices:
            raise BadInput(spec.name, f"found {item!r}, expected one of {', '.join(map(str, spec.choices))}.")
    return value
