"""What reports ask for is data: all fields of Annex II and III, read strictly, each with its codes and its place."""

import re
from collections import Counter
from typing import Any

import pytest
import yaml

from audit.filings.checking import RULES, asked_fields
from audit.filings.errors import BadFieldData
from audit.filings.model import Need
from audit.filings.reading import DATA, FORMS, _codes, read_form, shipped
from tests.audit.filing_cases import official

INCIDENT, THREAT = FORMS


def test_there_are_76_fields_of_an_incident_and_20_of_a_threat():
    form = shipped(INCIDENT)
    assert Counter(one.section for one in form.fields) == {
        "general": 15, "initial": 10, "intermediate": 35, "final": 16,
    }  # fmt: skip
    assert len(shipped(THREAT).fields) == 20
    assert {one.confidence for one in form.fields} == {"verified"}


@pytest.mark.parametrize(
    ("stage", "required", "conditional"), [("initial", 18, 7), ("intermediate", 32, 28), ("final", 43, 33)]
)
def test_the_flags_of_annex_2_are_all_there(stage, required, conditional):
    flags = Counter(one.need_at(stage) for one in shipped(INCIDENT).fields)
    assert (flags[Need.REQUIRED], flags[Need.CONDITIONAL]) == (required, conditional)


def test_the_shared_facts_say_the_same_of_every_field(shared_data):
    told = yaml.safe_load((shared_data.parent / "regulatory" / "dora-fields.yaml").read_text("utf-8"))
    form = shipped(INCIDENT)
    assert [one.id for one in form.fields] == [one["id"] for one in told["fields"]]
    for ours, theirs in zip(form.fields, told["fields"], strict=True):
        assert ours.name == theirs["name"]
        assert {stage: str(need) for stage, need in ours.need.items()} == theirs["mandatory"], ours.id
        assert (ours.codes or None) == theirs.get("enum"), ours.id
    for name, codes in told["enums"].items():
        ours_of = {**form.codes, **shipped(THREAT).codes}[name]
        assert [(code.code, code.label, code.parent) for code in ours_of] == [
            (one["code"], one["label"], one.get("parent", "")) for one in codes
        ], name


@pytest.mark.parametrize(("form", "version"), [(INCIDENT, "IR-1.3.0"), (THREAT, "CYB-1.2.0")])
def test_every_key_and_code_of_the_official_schema_is_ours(form, version):
    schema = official(version)
    ours = shipped(form)
    keys = {part.partition("[")[0] for one in ours.fields for part in re.split(r" \| |\.", one.json)}
    theirs = {*schema["properties"]}.union(*(part["properties"] for part in schema["$defs"].values()))
    assert theirs - keys == ({"entityType"} if form == INCIDENT else set())
    assert keys <= theirs
    known = {tuple(sorted(code.code for code in codes)) for codes in ours.codes.values()}
    for codes in _enums(schema):
        assert tuple(sorted(codes)) in known, codes


def _enums(node: Any) -> list[list[str]]:
    """The code lists of single values; those of conditional rules stand under `oneOf`."""
    if isinstance(node, list):
        return [found for each in node for found in _enums(each)]
    if not isinstance(node, dict):
        return []
    own = [node["enum"]] if "enum" in node else []
    inner = (value for key, value in node.items() if key not in ("oneOf", "dependencies", "entityType"))
    return own + [found for value in inner for found in _enums(value)]


def test_every_rule_of_the_data_has_its_code():
    assert {rule.id for rule in shipped(INCIDENT).rules} == set(RULES)


def test_a_stage_carries_what_the_stages_before_it_carried():
    form = shipped(INCIDENT)
    assert [len(asked_fields(form, stage)) for stage in form.stages] == [25, 60, 76]
    assert len(asked_fields(shipped(THREAT), "notification")) == 20


CHANGES = [
    (lambda told: told.update(extra=1), "the file: extra isn't known"),
    (lambda told: told.pop("url"), "the file: url is missing"),
    (lambda told: told["fields"][0].update(type="colour"), "field 1.1: found 'colour'"),
    (lambda told: told["fields"][0].update(codes="nothing"), "codes: 'nothing' doesn't fit"),
    (lambda told: told["fields"][0].update(section="fifth"), "there is no section 'fifth'"),
    (lambda told: told["fields"][0]["mandatory"].update(initial=False), "found False, expected one of required"),
    (lambda told: told["fields"][0]["mandatory"].pop("final"), "mandatory names other stages"),
    (lambda told: told["fields"][4].pop("condition"), "a conditional field says its condition"),
    (lambda told: told["fields"][4].update(when={"fact": "sunshine"}), "its condition asks for sunshine"),
    (lambda told: told["fields"][4].update(when={"maybe": "1.1"}), "'maybe' is no condition"),
    (lambda told: told["fields"][4].update(when={"filled": "9.9"}), "its condition asks for 9.9"),
    (lambda told: told["fields"][1].update(id="1.1"), "a number comes twice"),
    (lambda told: told["rules"][0].update(severity="mild"), "rule chronology: found 'mild'"),
    (lambda told: told["rules"][0].update(fields=["7.7"]), "there is no field 7.7"),
]


@pytest.mark.parametrize(("change", "words"), CHANGES)
def test_what_is_not_known_is_refused_with_its_place(change, words):
    told = yaml.safe_load((DATA / f"{INCIDENT}.yaml").read_text("utf-8"))
    change(told)
    with pytest.raises(BadFieldData, match=re.escape(words)):
        read_form(told, file="changed.yaml", codes_of=_codes)


def test_a_bare_no_in_a_file_of_codes_is_refused(tmp_path, monkeypatch):
    (tmp_path / "codes.yaml").write_text("answers:\n  yes: Yes\n")
    monkeypatch.setattr("audit.filings.reading.DATA", tmp_path)
    with pytest.raises(BadFieldData, match="the code True is no text: put it in quotes"):
        _codes("codes")


def test_a_key_that_comes_twice_is_refused_with_its_line(tmp_path, monkeypatch):
    (tmp_path / "codes.yaml").write_text("answers:\n  a: A\n  a: B\n")
    monkeypatch.setattr("audit.filings.reading.DATA", tmp_path)
    with pytest.raises(BadFieldData, match="line 3: 'a' stands there twice"):
        _codes("codes")
