"""Whether a report is complete and consistent at its stage: Annex II's flags and the rules over several fields. Pure.

The authorities' schema checks less than the law asks for (it has no date formats, few required keys); this is what
Muster holds a report to besides it.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from audit.filings.conditions import Held, Values, evaluate
from audit.filings.model import Field, Form, Kind, Need
from audit.filings.values import shown


class Severity(StrEnum):
    """How bad a finding is."""

    GAP = "gap"  # must be filled at this stage, and is empty
    QUESTION = "question"  # a circumstance isn't known, so nobody can say whether a field must be filled
    ERROR = "error"  # two values can't both be right
    WARNING = "warning"  # allowed, and worth a look
    NOTE = "note"  # what the report can't carry, or does otherwise than one might think


BLOCKS = (Severity.GAP, Severity.QUESTION, Severity.ERROR)  # with these nothing is sent for review


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to settle. field: number of the field, or key of the circumstance, where it is settled."""

    severity: Severity
    field: str
    words: str
    rule: str = ""

    def __str__(self) -> str:
        return self.words if self.field.startswith("fact.") else f"{self.field}: {self.words}"


@dataclass(frozen=True, slots=True)
class Duty:
    """Whether a field must be filled now, and why. needed: None while a circumstance isn't known."""

    needed: bool | None
    because: str


def duty_of(form: Form, one: Field, stage: str, values: Values) -> Duty:
    """Whether the field must be filled at this stage, explained."""
    need = one.need_at(stage)
    if need == Need.NO:
        return Duty(False, "Not asked for at this stage; may be filled early.")
    if need == Need.REQUIRED and one.applies is None:
        return Duty(True, "Always required at this stage.")
    condition = one.applies or one.when
    if condition is None:
        return Duty(False, f"Required only where it applies: {one.condition}")
    held: Held = evaluate(condition, values, form)
    if held.holds is None:
        return Duty(None, f"It depends on {held.because}.")
    return Duty(held.holds, f"{'Required' if held.holds else 'Not required'} because {held.because}.")


def asked_fields(form: Form, stage: str) -> list[Field]:
    """The fields that a report of this stage may carry, in order: those of its sections and of all before it."""
    order = list(form.sections)
    last = max((order.index(one.section) for one in form.fields if one.need_at(stage) != Need.NO), default=-1)
    return [one for one in form.fields if order.index(one.section) <= last]


def check(form: Form, stage: str, values: Values, others: Mapping[str, Any] | None = None) -> list[Finding]:
    """Everything to settle, in the order of the fields. others: number -> value that an earlier report of the same
    incident gave for a field that must never change."""
    found = [*_gaps(form, stage, values)]
    for rule in form.rules:
        for field, words in RULES[rule.id](form, values):
            found.append(Finding(Severity(rule.severity), field, words, rule.id))
    found.extend(_limits(form, values))
    for number, value in (others or {}).items():
        if values.get(number) not in (None, value):
            words = f"An earlier report of this incident says {value}; the reference is the same in all of them."
            found.append(Finding(Severity.ERROR, number, words, "stable_reference"))
    order = {one.id: place for place, one in enumerate(form.fields)} | {fact.key: -1 for fact in form.facts}
    return sorted(found, key=lambda finding: order.get(finding.field, len(order)))


def _gaps(form: Form, stage: str, values: Values) -> Iterator[Finding]:
    open_questions: dict[str, list[str]] = {}
    for one in asked_fields(form, stage):
        if one.id in values:
            continue
        duty = duty_of(form, one, stage, values)
        if duty.needed:
            yield Finding(Severity.GAP, one.id, f"{one.name} is empty. {duty.because}", "mandatory")
        elif duty.needed is None:
            for fact in _unknown_facts(form, one, values):
                open_questions.setdefault(fact, []).append(one.id)
    for key, numbers in open_questions.items():
        words = f"{form.fact_of[key].name}? The answer decides whether {', '.join(numbers)} must be filled."
        yield Finding(Severity.QUESTION, key, words, "circumstance")


def _unknown_facts(form: Form, one: Field, values: Values) -> list[str]:
    """Keys of the circumstances in a field's condition that nobody has answered."""
    found: list[str] = []
    waiting = [one.applies or one.when or {}]
    while waiting:
        for word, told in waiting.pop().items():
            if word in ("any", "all"):
                waiting.extend(told)
            elif word == "fact" and values.get(f"fact.{told}") is None:
                found.append(f"fact.{told}")
    return found


def _limits(form: Form, values: Values) -> Iterator[Finding]:
    """What the schema caps or can't hold."""
    for one in form.fields:
        value = values.get(one.id)
        if one.kind == Kind.PERCENT and value is not None and Decimal(value) > 100:
            words = f"{shown(form, one, value)} is more than the schema holds: the JSON says 100. Explain it in 2.10."
            yield Finding(Severity.WARNING if values.get("2.10") else Severity.ERROR, one.id, words, "percent_cap")
    economic = "economic_impact" in values.get("2.5", ())
    if form.by_id.get("4.12") and values.get("4.12") is not None and not economic:
        words = "The JSON has no place for it, because 2.5 doesn't include economic impact. Spreadsheet and PDF say it."
        yield Finding(Severity.NOTE, "4.12", words, "no_place")


Broken = Iterator[tuple[str, str]]


def _chronology(form: Form, values: Values) -> Broken:
    for earlier, later in (("3.2", "2.2"), ("2.2", "2.3"), ("3.2", "3.3"), ("3.2", "4.8")):
        first, second = values.get(earlier), values.get(later)
        if first is not None and second is not None and first > second:
            names = form.by_id[earlier], form.by_id[later]
            yield later, f"{shown(form, names[1], second)} is before {earlier}, {shown(form, names[0], first)}."


def _major_logic(form: Form, values: Values) -> Broken:
    found = set(values.get("2.5", ()))
    if not found:
        return
    others = found - {"critical_services_affected"}
    if "critical_services_affected" not in found:
        yield "2.5", "Without critical services affected an incident isn't major under Article 8 of 2024/1772."
    elif len(others) < 2 and others != {"data_losses"}:
        yield "2.5", "Beside critical services, two criteria are needed, or data losses by malicious access."


def _downtime(form: Form, values: Values) -> Broken:
    if values.get("3.16") is not None and values.get("3.3") is None and values.get("4.8") is not None:
        yield "3.3", "The incident is resolved and had downtime (3.16), so say when the services were back."


def _actual_or_estimate(form: Form, values: Values) -> Broken:
    chosen = values.get("3.12")
    if chosen is None:
        return
    for family in ("clients", "financial_counterparts", "transactions"):
        count = sum(code.removesuffix("_affected").endswith(f"_{family}") for code in chosen)
        if count != 1:
            words = f"Say exactly one thing about {family.replace('_', ' ')}: actual, estimated, or no impact."
            yield "3.12", words


def _none_alone(form: Form, values: Values) -> Broken:
    chosen = values.get("3.31", ())
    if "none" in chosen and len(chosen) > 1:
        yield "3.31", "None excludes every other authority."


def _root_causes(form: Form, values: Values) -> Broken:
    for child, parent in (("4.2", "4.1"), ("4.3", "4.2")):
        above = values.get(parent, ())
        for code in form.choices(form.by_id[child]):
            if code.code in values.get(child, ()) and code.parent not in above:
                label = form.label(form.by_id[parent], code.parent)
                yield child, f"“{code.label}” belongs under “{label}”, which {parent} doesn't have."
    below = {code.parent for code in form.choices(form.by_id["4.2"]) if code.code in values.get("4.2", ())}
    for code in values.get("4.1", ()) if "4.2" in values else ():
        if code not in below:
            yield "4.2", f"“{form.label(form.by_id['4.1'], code)}” of 4.1 needs at least one detail here."


OTHERS = {"3.23": ("3.24", ("other",)), "3.25": ("3.26", ("other",)), "3.31": ("3.32", ("other",))}


def _other_needs_text(form: Form, values: Values) -> Broken:
    """The other way round from the gaps: a text about "other" where "other" wasn't chosen."""
    for number, (text, codes) in OTHERS.items():
        if values.get(text) is not None and not set(codes) & set(values.get(number, ())):
            yield text, f"It explains “other”, which {number} doesn't include."
    if values.get("4.4") is not None and not any(code.endswith("_other") for code in values.get("4.2", ())):
        yield "4.4", "It explains “other”, which 4.2 doesn't include."


def _pair(first: str, second: str) -> Callable[[Form, Values], Broken]:
    def broken(form: Form, values: Values) -> Broken:
        for one, other in ((first, second), (second, first)):
            if values.get(one) is None and values.get(other) is not None:
                yield one, f"{one} and {other} go together; {other} is filled in."

    return broken


def _nothing(form: Form, values: Values) -> Broken:
    """Checked against earlier reports and the entity, which only check() and its caller know."""
    return iter(())


RULES: Mapping[str, Callable[[Form, Values], Broken]] = {
    "chronology": _chronology,
    "major_logic": _major_logic,
    "downtime_needs_recovery": _downtime,
    "actual_or_estimate": _actual_or_estimate,
    "none_alone": _none_alone,
    "root_cause_tree": _root_causes,
    "other_needs_text": _other_needs_text,
    "parent_pair": _pair("1.13", "1.14"),
    "recurrence_pair": _pair("4.15", "4.16"),
    "stable_reference": _nothing,
    "home_state": _nothing,
}
