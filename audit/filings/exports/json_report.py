"""The JSON report: each value at the place that the data file names. What isn't filled in has no key at all.

Places: `incident.incidentDuration`; `[]` at the end makes a list; `affectedEntity[].name` takes one of several entities
each; `classificationTypes[data_losses]` means the object of that criterion, which is there only if 2.5 names it.
"""

import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from audit.filings.exports.report import THOUSANDS, Report
from audit.filings.model import Field, Form, Kind
from audit.filings.values import LEI

PART = re.compile(r"(?P<key>\w+)(?:\[(?P<of>\w*)\])?")
CRITERIA = "2.5"
ROLES = {
    "submittingEntity": "SUBMITTING_ENTITY",
    "affectedEntity": "AFFECTED_ENTITY",
    "ultimateParentUndertaking": "ULTIMATE_PARENT_UNDERTAKING_ENTITY",
}  # what the incident schema calls each entity; its rules about names and codes hang on that


def as_json(report: Report) -> bytes:
    """The report in JSON, UTF-8, keys in the order of the fields, two spaces, one line feed at the end."""
    return json.dumps(json_report(report), ensure_ascii=False, indent=2).encode() + b"\n"


def json_report(report: Report) -> dict[str, Any]:
    """The report as an object."""
    made: dict[str, Any] = {}
    for one in report.form.fields:
        value = report.values.get(one.id)
        if value is not None and one.json:
            _put(made, report, one, value)
    if report.form.by_id.get(CRITERIA):
        for key, role in ROLES.items():
            for entity in _listed(made.get(key)):
                entity["entityType"] = role
    return made


def _listed(value: Any) -> list[dict[str, Any]]:
    return value if isinstance(value, list) else [value] if value else []


def _put(made: dict[str, Any], report: Report, one: Field, value: Any) -> None:
    if one.id == CRITERIA and one.json.endswith("].classificationCriterion"):
        made.setdefault("incident", {})["classificationTypes"] = [{"classificationCriterion": code} for code in value]
        return
    parts = _place(one, value, report).split(".")
    if parts[0].endswith("[]") and len(parts) > 1:
        _put_each(made, parts, report, one, value)
        return
    at = made
    for part in parts[:-1]:
        found = _inner(at, part)
        if found is None:
            return  # the criterion isn't declared: the schema has no place for it
        at = found
    at[parts[-1].removesuffix("[]")] = written(report, one, value)


def _place(one: Field, value: Any, report: Report) -> str:
    """Where this value stands; a code that is no LEI stands elsewhere, and so does it in the older threat schema."""
    first, _, second = one.json.partition(" | ")
    if not second:
        return first
    has_lei_key = report.schema != "CYB-1.1"
    return first if has_lei_key and LEI.fullmatch(value) else second


def _inner(at: dict[str, Any], part: str) -> dict[str, Any] | None:
    """The object that the next part stands in, made if it may be."""
    match = PART.fullmatch(part)
    assert match, part
    key, of = match["key"], match["of"]
    if of:
        return next((each for each in at.get(key, []) if each["classificationCriterion"] == of), None)
    inner: dict[str, Any] = at.setdefault(key, {})
    return inner


def _put_each(made: dict[str, Any], parts: list[str], report: Report, one: Field, value: Any) -> None:
    """A field of the affected entities: names and LEIs go one to each, in order; kinds go to all of them."""
    entities = made.setdefault(parts[0].removesuffix("[]"), [])
    count = max(len(value) if one.kind in (Kind.STRINGS, Kind.LEIS) else 1, _entities(report))
    while len(entities) < count:
        entities.append({})
    key = parts[-1].removesuffix("[]")
    for place, entity in enumerate(entities):
        if one.kind == Kind.MULTICHOICE:
            entity[key] = written(report, one, value)
        elif place < len(value):
            entity[key] = value[place]


def _entities(report: Report) -> int:
    """How many entities are affected: as many as there are names or LEIs."""
    listed = [report.values.get(one.id) for one in report.form.fields if one.kind in (Kind.STRINGS, Kind.LEIS)]
    return max((len(each) for each in listed if each), default=1)


def written(report: Report, one: Field, value: Any) -> Any:
    """A stored value as JSON has it."""
    match one.kind:
        case Kind.PERCENT:
            return number(min(Decimal(value), Decimal(100)))
        case Kind.MONEY:
            return number(Decimal(value) / 1000 if report.scale == THOUSANDS else Decimal(value))
        case Kind.MULTICHOICE:
            return list(value)
    return value


def number(value: Decimal) -> int | float:
    """A JSON number without a superfluous fraction: 100, not 100.0."""
    return int(value) if value == value.to_integral_value() else float(value)


def own_schema(form: Form) -> Mapping[str, Any]:
    """A JSON schema (draft 7) of the form's own: every key with its type, codes and pattern, and no other key.

    It isn't the authority's: that one isn't ours to ship. It catches as much of single values."""
    schema: dict[str, Any] = {"$schema": "http://json-schema.org/draft-07/schema#", "title": form.title}
    schema |= _object()
    for one in form.fields:
        for place in one.json.split(" | ") if one.json else ():
            _describe(schema, form, one, place)
    return schema


def _object() -> dict[str, Any]:
    return {"type": "object", "properties": {}, "additionalProperties": False}


def _describe(schema: dict[str, Any], form: Form, one: Field, place: str) -> None:
    at = schema
    *inner, last = place.split(".")
    for part in inner:
        key, is_list = part.partition("[")[0], "[" in part
        made = {"type": "array", "minItems": 1, "items": _object()} if is_list else _object()
        found = at["properties"].setdefault(key, made)
        at = found["items"] if is_list else found
        if key in ROLES and form.by_id.get(CRITERIA):
            at["properties"]["entityType"] = {"const": ROLES[key]}
    told = _type(form, one)
    if last.endswith("[]"):
        told = {"type": "array", "items": told, "minItems": 1, "uniqueItems": True}
    at["properties"][last.removesuffix("[]")] = told


def _type(form: Form, one: Field) -> dict[str, Any]:
    match one.kind:
        case Kind.CHOICE | Kind.MULTICHOICE:
            return {"enum": [code.code for code in form.choices(one)]}
        case Kind.BOOLEAN:
            return {"type": "boolean"}
        case Kind.INTEGER:
            return {"type": "integer", "minimum": 0}
        case Kind.PERCENT:
            return {"type": "number", "minimum": 0, "maximum": 100}
        case Kind.MONEY:
            return {"type": "number", "minimum": 0}
        case Kind.DATETIME:
            return {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"}
        case Kind.DURATION:
            return {"type": "string", "pattern": r"^\d{1,3}:(?:[01]\d|2[0-3]):[0-5]\d$"}
        case Kind.LEI | Kind.LEIS:
            return {"type": "string", "pattern": LEI.pattern.join("^$")}
    return {"type": "string", "minLength": 1, "maxLength": 32_767}
