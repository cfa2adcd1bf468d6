"""The files of regimes: read strictly, complete against the reference facts, and refused with file and line."""

# ruff: noqa: E501 - a case a line

import datetime as dt
from typing import Any

import pytest
import yaml

from audit.regimes import shipped
from audit.regimes.errors import RegimeRefused
from audit.regimes.limits import read_limit
from audit.regimes.reading import DATA, read_regime, read_worksheet

FILES = sorted(path for path in DATA.glob("*.yaml") if path.name != "terms.yaml")


def test_eighteen_regimes_are_read_with_their_worksheets() -> None:
    assert len(shipped.regimes()) == 18
    for regime in shipped.regimes().values():
        assert all(name in shipped.worksheets() for name in regime.worksheets)
        assert all(stage.citation and stage.confidence and stage.basis for stage in regime.stages)


def test_facts_are_those_of_the_reference(shared_data: Any) -> None:
    said = yaml.safe_load((shared_data.parent / "regulatory" / "regimes.yaml").read_text())["regimes"]
    assert {one["id"] for one in said} == set(shipped.regimes())
    for one in said:
        regime = shipped.regimes()[one["id"]]
        for name in ("status", "confidence", "basis", "jurisdiction"):
            assert getattr(regime, name) == one[name], one["id"]
        assert regime.applies_from == one.get("applies_from", "")
        assert [stage.id for stage in regime.stages] == [stage["id"] for stage in one["stages"]]
        for stage, told in zip(regime.stages, one["stages"], strict=True):
            assert stage.clock.limit == read_limit(told["clock"]["limit"]), stage.id
            assert stage.clock.starts[0] == told["clock"]["start"], stage.id
            assert stage.obligation == told["obligation"], stage.id
            assert stage.confidence == told.get("confidence", told["clock"].get("confidence", one["confidence"])), (
                stage.id
            )
            assert len(stage.contents) == len(told.get("contents", [])), stage.id
    assert sum(len(one["stages"]) for one in said) == sum(len(one.stages) for one in shipped.regimes().values())


def test_what_is_not_final_or_starts_later_is_marked() -> None:
    regimes = shipped.regimes()
    assert regimes["us_circia"].status == "pending"
    assert dt.date.fromisoformat(regimes["uk_fca_pra_operational_incident"].applies_from) == dt.date(2027, 3, 18)
    assert regimes["hk_hkma"].confidence == "memory"


def test_the_home_state_of_norway_is_no_boolean() -> None:
    assert "NO" in shipped.terms().sets["eea"]
    assert len(shipped.terms().sets["eea"]) == 30


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_unknown_key_in_any_file_is_refused_with_its_line(path: Any) -> None:
    lines = path.read_text().splitlines()
    lines.insert(3, "surprise: yes")
    with pytest.raises(RegimeRefused, match=rf"{path.name}, line .*surprise"):
        read_regime("\n".join(lines), path.name, sets=shipped.terms().sets)


@pytest.mark.parametrize(
    ("was", "now", "says"),
    [
        ("limit: PT4H", "limit: 4h", "PT4H"),
        ("start: classified_major", "start: lunch", "lunch"),
        ("day_rule: dora_noon_next_working_day\n", "day_rule: siesta\n", "siesta"),
        ("'submitted:initial'", "'submitted:nothing'", "submitted:nothing"),
        ("id: intermediate\n", "id: initial\n", "initial"),
        ("any_of: '@eea'", "any_of: '@mars'", "@mars"),
        ("operand: home_state", "operand: shoe_size", "shoe_size"),
        ("obligation: mandatory", "obligation: perhaps", "perhaps"),
        ("confidence: verified", "confidence: sure", "sure"),
    ],
)
def test_a_mistake_is_named_with_file_and_line(was: str, now: str, says: str) -> None:
    text = (DATA / "eu_dora_major_incident.yaml").read_text()
    assert was in text
    with pytest.raises(RegimeRefused) as error:
        read_regime(text.replace(was, now, 1), "dora.yaml", sets=shipped.terms().sets)
    assert says in str(error.value)
    assert "dora.yaml, line " in str(error.value)


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "a: &x 1\nb: *x", "!!python/object:os.system x", "regime: [", "a: 1\na: 2", "a: \x00", "[" * 100, "x" * 200_000, "? [1]\n: 2"],
    ids=["empty", "list", "alias", "tag", "broken", "twice", "nul", "deep", "long", "key"],
)  # fmt: skip
def test_hostile_text_is_refused(text: str) -> None:
    with pytest.raises(RegimeRefused):
        read_regime(text, "hostile.yaml", sets=shipped.terms().sets)


def test_a_worksheet_that_names_what_isn_t_there_is_refused() -> None:
    text = (DATA / "worksheets" / "gdpr_breach.yaml").read_text()
    with pytest.raises(RegimeRefused, match="is_moon"):
        read_worksheet(text.replace("'true': is_controller", "'true': is_moon"), "gdpr.yaml", sets={})
