"""Whether a report is complete and consistent, and why each field is asked for."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audit.filings.checking import Severity, check, duty_of
from audit.filings.errors import BadValue
from audit.filings.reading import shipped
from audit.filings.values import as_typed, duration, lei_is_valid, moment_of, parse, shown
from tests.audit.filing_cases import FINAL, INITIAL, INTERMEDIATE, LEI, STAGES, stored

FORM = shipped("eu_dora_major_incident")


def found(told, stage="final"):
    return [(str(each.severity), each.field) for each in check(FORM, stage, stored(FORM, told))]


@pytest.mark.parametrize(("stage", "told"), STAGES.items())
def test_every_value_of_a_complete_report_is_needed_or_may_stay(stage, told):
    """Taken out one by one: a gap or a question appears exactly where the field is needed."""
    for key in told:
        if key.startswith("fact."):
            continue
        rest = {name: value for name, value in told.items() if name != key}
        duty = duty_of(FORM, FORM.by_id[key], stage, stored(FORM, rest))
        gaps = [field for severity, field in found(rest, stage) if severity == "gap"]
        assert (key in gaps) == bool(duty.needed), key


CASES = [
    ({"2.2": "2026-03-02T08:00:00Z"}, [("error", "2.2")]),
    ({"2.3": "2026-03-02T08:59:00Z"}, [("error", "2.3")]),
    ({"3.3": "2026-03-02T08:00:00Z"}, [("error", "3.3")]),
    ({"4.8": "2026-03-02T08:00:00Z"}, [("error", "4.8")]),
    ({"2.5": ["duration_and_service_downtime", "economic_impact"]}, [("warning", "2.5")]),
    ({"2.5": ["critical_services_affected", "economic_impact"]}, [("warning", "2.5")]),
    ({"3.12": ["actual_figures_for_clients_affected"]}, [("error", "3.12"), ("error", "3.12")]),
    ({"3.31": ["csirt", "none"]}, [("error", "3.31")]),
    ({"4.1": ["system_failure_malfunction"]}, [("error", "4.2")]),
    ({"4.1": ["process_failure", "system_failure_malfunction", "human_error"]}, [("error", "4.2")]),
    ({"4.3": ["logging"]}, [("error", "4.3")]),
    ({"3.23": ["other"]}, [("gap", "3.24")]),
    ({"3.24": "Something"}, [("error", "3.24")]),
    ({"3.23": ["cybersecurity-related"]}, [("gap", "3.25")]),
    ({"1.13": "Nord Holding SE"}, [("error", "1.14")]),
    ({"fact.in_group": True}, [("gap", "1.13"), ("gap", "1.14")]),
    ({"fact.in_group": None}, [("question", "fact.in_group")]),
    ({"fact.recurring": True, "4.15": "Three times."}, [("gap", "4.16"), ("error", "4.16")]),
    ({"3.33": False}, []),
    ({"3.28": "no"}, []),
]


@pytest.mark.parametrize(("change", "expected"), CASES)
def test_what_does_not_fit_is_named_with_its_field(change, expected):
    assert found(FINAL | change) == expected


def test_downtime_needs_a_recovery_once_resolved():
    told = {key: value for key, value in FINAL.items() if key != "3.3"}
    assert ("gap", "3.3") in found(told)
    assert ("error", "3.3") in found(told)


def test_a_duty_is_explained_by_what_it_follows_from():
    values = stored(FORM, INTERMEDIATE | {"2.5": ["critical_services_affected", "geographical_spread"]})
    assert duty_of(FORM, FORM.by_id["2.6"], "intermediate", values).because == (
        "Required because 2.5 includes geographical spread."
    )
    assert duty_of(FORM, FORM.by_id["3.20"], "intermediate", values).because == (
        "Not required because 2.5 does not include data losses."
    )
    assert duty_of(FORM, FORM.by_id["4.1"], "intermediate", values).because.startswith("Not asked for at this stage")
    del values["fact.in_group"]
    unknown = duty_of(FORM, FORM.by_id["1.13"], "intermediate", values)
    assert unknown.needed is None
    assert "not answered yet" in unknown.because


def test_a_reference_never_changes_between_reports():
    findings = check(FORM, "initial", stored(FORM, INITIAL), {"2.1": "INC-1"})
    assert [(each.severity, each.rule) for each in findings] == [(Severity.ERROR, "stable_reference")]


BAD = [
    ("1.3", "529900T8BM49AURSDO56", "check digits"),
    ("1.3", "nothing", "an LEI"),
    ("1.8", "ines", "an address such as"),
    ("1.9", "069 123", "international prefix"),
    ("2.2", "yesterday", "a time such as"),
    ("2.5", ["sunshine"], "none of the choices"),
    ("2.5", "critical_services_affected, economic_impact", "none of the choices"),
    ("2.7", "dog", "none of the choices"),
    ("2.9", "maybe", "yes or no"),
    ("2.4", "a" * 32_768, "at most 32767"),
    ("2.4", "a\x00b", "control character"),
    ("2.1", "a\nb", "one line"),
    ("3.4", "-1", "whole number"),
    ("3.4", 1.5, "whole number"),
    ("3.4", True, "whole number"),
    ("3.5", "12,4", "a point before the decimals"),
    ("3.5", "NaN", "a number such as"),
    ("3.11", "1e400", "a number such as"),
    ("3.11", "12.345", "at most two decimals"),
    ("3.15", "25:00", "days:hours:minutes"),
    ("1.6", [LEI, "x"], "is no LEI"),
    ("1.6", {"a": 1}, "a list of texts"),
    ("1.2", 7, "a text is expected"),
]


@pytest.mark.parametrize(("number", "said", "words"), BAD)
def test_what_is_no_value_is_refused_and_said_what_would_be_right(number, said, words):
    with pytest.raises(BadValue, match=words) as refused:
        parse(FORM, FORM.by_id[number], said)
    assert refused.value.field == number


GOOD = [
    ("1.9", "+49 (69) 123-4567", "+49691234567"),
    ("2.2", "2026-03-02T10:00+01:00", "2026-03-02T09:00:00Z"),
    ("2.2", "2026-03-02T09:00", "2026-03-02T09:00:00Z"),
    ("3.4", "12 400", 12_400),
    ("3.5", "12.45", "12.5"),
    ("3.5", 100, "100.0"),
    ("3.11", "2 500 000.50", "2500000.5"),
    ("4.14", "0", "0"),
    ("2.9", "no", False),
    ("2.5", ["economic_impact", "data_losses", "data_losses"], ["data_losses", "economic_impact"]),
    ("1.5", "Nordbank AG\n\n Südbank AG ", ["Nordbank AG", "Südbank AG"]),
    ("2.4", "  ", None),
    ("2.5", [], None),
]


@pytest.mark.parametrize(("number", "said", "value"), GOOD)
def test_what_was_typed_becomes_one_form(number, said, value):
    one = FORM.by_id[number]
    assert parse(FORM, one, said) == value
    assert parse(FORM, one, as_typed(one, value)) == value
    assert isinstance(shown(FORM, one, value), str)


ZONES = [dt.UTC, *(dt.timezone(dt.timedelta(minutes=minutes)) for minutes in (-720, -210, 60, 345, 840))]


@given(st.integers(0, 4_000_000_000), st.sampled_from(ZONES))
def test_a_moment_survives_in_any_zone(seconds, zone):
    moment = dt.datetime.fromtimestamp(seconds, zone)
    value = parse(FORM, FORM.by_id["2.2"], moment.isoformat())
    assert moment_of(value) == moment


@given(st.timedeltas(dt.timedelta(0), dt.timedelta(days=1500)))
def test_a_duration_is_always_well_formed_and_never_shorter(length):
    text = duration(length)
    assert parse(FORM, FORM.by_id["3.15"], text) == text
    days, hours, minutes = map(int, text.split(":"))
    assert dt.timedelta(days=days, hours=hours, minutes=minutes) >= min(length, dt.timedelta(days=999, hours=23))


@given(st.text(alphabet="0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=20, max_size=20))
def test_one_wrong_sign_makes_an_lei_wrong(text):
    assert lei_is_valid(LEI)
    assert not lei_is_valid(LEI[:5] + ("7" if LEI[5] != "7" else "8") + LEI[6:])
    lei_is_valid(text)
