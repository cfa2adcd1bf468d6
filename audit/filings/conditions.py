"""Conditions of fields: evaluated three-valued over what is filled in, and explained in words. Pure.

A condition is a mapping with one key:
    {fact: in_group}                       the circumstance holds
    {filled: "3.16"}                       the field has a value
    {equals: ["3.28", "yes"]}              the field has this value
    {includes: ["2.5", code, ...]}         the field's list has one of the codes
    {any: [...]}  {all: [...]}             of other conditions
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.filings.model import Form

Values = Mapping[str, Any]  # number of a field, or key of a fact -> value as stored


@dataclass(frozen=True, slots=True)
class Held:
    """Whether a condition holds: True, False, or None while a circumstance isn't known; because, in words."""

    holds: bool | None
    because: str


def asked_of(condition: Mapping[str, Any] | None) -> tuple[set[str], set[str]]:
    """Fields and facts that a condition looks at. Raises ValueError for what is no condition."""
    if condition is None:
        return set(), set()
    if len(condition) != 1:
        raise ValueError(f"a condition has one key, not {', '.join(condition) or 'none'}")
    ((word, told),) = condition.items()
    if word in ("any", "all"):
        parts = [asked_of(part) for part in told]
        return set[str]().union(*(part[0] for part in parts)), set[str]().union(*(part[1] for part in parts))
    if word == "fact":
        return set(), {told}
    if word == "filled":
        return {told}, set()
    if word in ("equals", "includes") and isinstance(told, Sequence) and len(told) >= 2:
        return {told[0]}, set()
    raise ValueError(f"{word!r} is no condition")


def evaluate(condition: Mapping[str, Any], values: Values, form: Form) -> Held:
    """Whether the condition holds for these values."""
    ((word, told),) = condition.items()
    match word:
        case "fact":
            return _fact(told, values, form)
        case "filled":
            has = told in values
            return Held(has, f"{told} is {'filled in' if has else 'empty'}")
        case "equals":
            return _equals(told[0], told[1], values, form)
        case "includes":
            return _includes(told[0], tuple(told[1:]), values, form)
        case _:
            return _several(word, [evaluate(part, values, form) for part in told])


def _fact(name: str, values: Values, form: Form) -> Held:
    fact = form.fact_of[f"fact.{name}"]
    answer = values.get(fact.key)
    said = {True: "yes", False: "no", None: "not answered yet"}[answer]
    return Held(answer, f"“{fact.name}”: {said}")


def _equals(number: str, wanted: Any, values: Values, form: Form) -> Held:
    found, one = values.get(number), form.by_id[number]
    words = {True: "Yes", False: "No"}.get(wanted) or form.label(one, wanted)
    holds = found is not None and found == wanted
    return Held(holds, f"{number} is {words}" if holds else f"{number} isn't {words}")


def _includes(number: str, wanted: tuple[str, ...], values: Values, form: Form) -> Held:
    found, one = values.get(number, ()), form.by_id[number]
    hits = [form.label(one, code) for code in wanted if code in found]
    if hits:
        return Held(True, f"{number} includes {', '.join(hits)}")
    named = form.label(one, wanted[0]) if len(wanted) == 1 else "none of the codes that ask for it"
    return Held(False, f"{number} {'has' if len(wanted) > 1 else 'does not include'} {named}")


def _several(word: str, parts: Sequence[Held]) -> Held:
    """Kleene's logic: one that decides is enough, also beside one that isn't known."""
    decides = word == "any"
    deciding = [part for part in parts if part.holds is decides]
    if deciding:
        return Held(decides, deciding[0].because)
    unknown = [part for part in parts if part.holds is None]
    if unknown:
        return Held(None, "; ".join(part.because for part in unknown))
    return Held(not decides, "; ".join(part.because for part in parts))
