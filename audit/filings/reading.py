"""Reads the files of data fields, strictly: what isn't known is refused, with file and place."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from audit.filings.conditions import asked_of
from audit.filings.errors import BadFieldData
from audit.filings.model import Code, Fact, Field, Form, Kind, Need, Rule

DATA = Path(__file__).parent / "data"
FORMS = ("eu_dora_major_incident", "eu_dora_cyber_threat")
FORM_KEYS = {
    "form", "title", "instrument", "url", "source", "reviewed_on", "confidence", "schema", "codes", "stages",
    "sections", "facts", "rules", "fields",
}  # fmt: skip
FIELD_KEYS = {
    "id", "name", "section", "type", "codes", "mandatory", "condition", "when", "applies", "json", "description",
    "derived", "how", "note", "confidence",
}  # fmt: skip
RULE_KEYS = {"id", "severity", "fields", "rule", "confidence", "basis"}
CONFIDENCE = ("verified", "memory")
DERIVED = ("static", "computed", "assisted", "manual", "external")


class _Lines(yaml.SafeLoader):
    """Keeps the line of every mapping, and refuses a key that comes twice."""


def _mapping(loader: _Lines, node: yaml.MappingNode) -> dict[Any, Any]:
    found: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in found:
            raise BadFieldData(loader.name, f"line {key_node.start_mark.line + 1}", f"{key!r} stands there twice")
        found[key] = loader.construct_object(value_node, deep=True)
    return found


_Lines.add_constructor("tag:yaml.org,2002:map", _mapping)


@cache
def shipped(form: str) -> Form:
    """The form with this id. Raises BadFieldData, KeyError for a form that Muster doesn't have."""
    if form not in FORMS:
        raise KeyError(form)
    return read_form(_load(DATA / f"{form}.yaml"), file=f"{form}.yaml", codes_of=_codes)


def _load(path: Path) -> Any:
    with path.open(encoding="utf-8") as stream:
        return yaml.load(stream, Loader=_Lines)  # noqa: S506 - a SafeLoader


def _codes(name: str) -> dict[str, tuple[Code, ...]]:
    lists: dict[str, dict[str, Any]] = _load(DATA / f"{name}.yaml")
    return {each: tuple(_code(f"{name}.yaml", each, *one) for one in codes.items()) for each, codes in lists.items()}


def _code(file: str, name: str, code: Any, told: Any) -> Code:
    if not isinstance(code, str):
        raise BadFieldData(file, name, f"the code {code!r} is no text: put it in quotes")
    if isinstance(told, str):
        return Code(code, told)
    if isinstance(told, Mapping) and told.keys() == {"label", "parent"}:
        return Code(code, told["label"], told["parent"])
    raise BadFieldData(file, f"{name}, {code}", "a label, or label and parent, is expected")


def read_form(told: Any, *, file: str, codes_of: Callable[[str], Mapping[str, tuple[Code, ...]]]) -> Form:
    """A form from the content of its file. codes_of: name of a file of codes -> its lists. Raises BadFieldData."""
    _keys(file, "the file", told, FORM_KEYS, FORM_KEYS)
    codes: dict[str, tuple[Code, ...]] = {}
    for name in told["codes"]:
        codes.update(codes_of(name))
    facts = tuple(Fact(**_keys(file, "facts", each, {"id", "name", "about"})) for each in told["facts"])
    fields = tuple(_field(file, told, codes, each) for each in told["fields"])
    form = Form(
        id=told["form"], title=told["title"], instrument=told["instrument"], url=told["url"],
        confidence=_one_of(file, "confidence", told["confidence"], CONFIDENCE), reviewed_on=told["reviewed_on"],
        stages=tuple(told["stages"]), sections=told["sections"], fields=fields, codes=codes, facts=facts,
        rules=tuple(_rule(file, each) for each in told["rules"]),
        schemas=(told["schema"]["current"], *told["schema"]["others"]),
    )  # fmt: skip
    _check_references(file, form)
    return form


def _field(file: str, told: Any, codes: Mapping[str, tuple[Code, ...]], one: Any) -> Field:
    place = f"field {one.get('id') if isinstance(one, Mapping) else one}"
    _keys(file, place, one, FIELD_KEYS, {"id", "name", "section", "type", "mandatory", "json", "confidence"})
    if one["section"] not in told["sections"]:
        raise BadFieldData(file, place, f"there is no section {one['section']!r}")
    kind = Kind(_one_of(file, place, one["type"], tuple(Kind)))
    has_list, needs_list = one.get("codes", "") in codes, kind in (Kind.CHOICE, Kind.MULTICHOICE)
    if has_list != needs_list:
        raise BadFieldData(file, place, f"codes: {one.get('codes')!r} doesn't fit the type {kind}")
    if set(one["mandatory"]) != set(told["stages"]):
        raise BadFieldData(file, place, f"mandatory names other stages than {', '.join(told['stages'])}")
    need = {stage: Need(_one_of(file, place, said, tuple(Need))) for stage, said in one["mandatory"].items()}
    if Need.CONDITIONAL in need.values() and "condition" not in one:
        raise BadFieldData(file, place, "a conditional field says its condition")
    return Field(
        id=one["id"], name=one["name"], section=one["section"], kind=kind, need=need,
        confidence=_one_of(file, place, one["confidence"], CONFIDENCE), codes=one.get("codes", ""),
        condition=one.get("condition", ""), when=one.get("when"), applies=one.get("applies"), json=one["json"],
        description=one.get("description", ""), how=one.get("how", ""), note=one.get("note", ""),
        derived=_one_of(file, place, one.get("derived", "manual"), DERIVED),
    )  # fmt: skip


def _rule(file: str, one: Any) -> Rule:
    place = f"rule {one.get('id')}"
    _keys(file, place, one, RULE_KEYS, RULE_KEYS - {"basis"})
    severity = _one_of(file, place, one["severity"], ("error", "warning"))
    return Rule(one["id"], severity, tuple(one["fields"]), one["rule"], one["confidence"])


def _check_references(file: str, form: Form) -> None:
    if len(form.by_id) != len(form.fields):
        raise BadFieldData(file, "fields", "a number comes twice")
    facts = {fact.id for fact in form.facts}
    for one in form.fields:
        for condition in (one.when, one.applies):
            try:
                fields, asked = asked_of(condition)
            except ValueError as error:
                raise BadFieldData(file, f"field {one.id}", str(error)) from None
            if unknown := (fields - form.by_id.keys()) | (asked - facts):
                raise BadFieldData(file, f"field {one.id}", f"its condition asks for {', '.join(sorted(unknown))}")
    for rule in form.rules:
        if unknown := set(rule.fields) - form.by_id.keys():
            raise BadFieldData(file, f"rule {rule.id}", f"there is no field {', '.join(sorted(unknown))}")


def _keys(file: str, place: str, told: Any, known: set[str], needed: set[str] | None = None) -> Any:
    """What was told, if it is a mapping with known keys and all that are needed."""
    if not isinstance(told, Mapping):
        raise BadFieldData(file, place, f"found {type(told).__name__}, expected a mapping")
    if odd := sorted(set(map(str, told)) - known):
        raise BadFieldData(file, place, f"{', '.join(odd)} isn't known here; known are {', '.join(sorted(known))}")
    if missing := sorted((known if needed is None else needed) - told.keys()):
        raise BadFieldData(file, place, f"{', '.join(missing)} is missing")
    return told


def _one_of(file: str, place: str, found: Any, known: tuple[str, ...]) -> str:
    if found not in known:
        raise BadFieldData(file, place, f"found {found!r}, expected one of {', '.join(known)}")
    return str(found)
