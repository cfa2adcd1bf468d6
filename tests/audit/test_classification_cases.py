"""The rule of classification: the worked cases of the data, each boundary, and what is said about missing facts."""

# ruff: noqa: E501 - tables of cases read best a case a line

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.regimes import shipped
from audit.regimes.evaluating import Evaluation, evaluate

SHEET = "dora_classification"
THRESHOLDS = {name for name, one in shipped.worksheets()[SHEET].criteria.items() if one.role == "threshold"}
CRITICAL = {"ict_supports_critical_function": True}
ALL_KNOWN = {
    name: False if operand.type == "boolean" else 0
    for name, operand in shipped.worksheets()[SHEET].operands.items()
    if operand.type != "states"
}
WHOLES = {"clients_total_of_service", "counterparts_total_of_service", "transactions_daily_average", "transactions_value_daily_average"}  # fmt: skip


def judge(worksheet: str = SHEET, /, **facts: Any) -> Evaluation:
    return evaluate(shipped.worksheets()[worksheet], facts)


CASES: dict[str, tuple[dict[str, Any], bool, set[str], bool]] = {
    "C01": ({"ict_supports_critical_function": True, "regulated_financial_service_affected": True, "clients_affected": 150000, "clients_total_of_service": 1000000, "critical_service_downtime_hours": 3, "duration_hours": 3}, True, {"clients_financial_counterparts_and_transactions_affected", "duration_and_service_downtime"}, True),
    "C02": ({"ict_supports_critical_function": True, "clients_affected": 100000, "clients_total_of_service": 1000000, "critical_service_downtime_hours": 2, "duration_hours": 24, "costs_and_losses_eur": 100000}, True, set(), False),
    "C03": ({"successful_malicious_unauthorised_access": True, "malicious_access_may_cause_data_loss": True}, True, {"data_losses"}, True),
    "C04": ({"duration_hours": 40, "media_coverage": True, "costs_and_losses_eur": 250000}, False, {"reputational_impact", "duration_and_service_downtime", "economic_impact"}, False),
    "C05": ({"ict_supports_critical_function": True, "regulated_financial_service_affected": True, "transactions_affected": 60000, "transactions_daily_average": 500000, "critical_service_downtime_hours": 1.5, "duration_hours": 1.5}, True, {"clients_financial_counterparts_and_transactions_affected"}, False),
    "C06": ({"ict_supports_critical_function": True, "regulated_financial_service_affected": True, "transactions_affected": 60000, "transactions_daily_average": 500000, "critical_service_downtime_hours": 1.5, "duration_hours": 1.5, "repetitive_complaints": True}, True, {"clients_financial_counterparts_and_transactions_affected", "reputational_impact"}, True),
    "C07": ({"regulated_financial_service_affected": True, "data_impact_adverse": True, "regulatory_requirements_missed": True}, True, {"reputational_impact", "data_losses"}, True),
    "C08": ({"ict_supports_critical_function": True, "member_states_impacted": 2, "duration_hours": 26, "critical_service_downtime_hours": 26}, True, {"duration_and_service_downtime", "geographical_spread"}, True),
    "C09": ({"regulated_financial_service_affected": True, "relevant_party_affected": True, "costs_and_losses_eur": 90000}, True, {"clients_financial_counterparts_and_transactions_affected"}, False),
    "C10": ({"ict_supports_critical_function": True, "counterparts_affected": 31, "counterparts_total_of_service": 100, "critical_service_downtime_hours": 2.0167}, True, {"clients_financial_counterparts_and_transactions_affected", "duration_and_service_downtime"}, True),
    "C11": ({"regulated_financial_service_affected": True, "successful_malicious_unauthorised_access": False, "malicious_access_may_cause_data_loss": False}, True, set(), False),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("is_complete", [True, False], ids=["others are no", "others are unknown"])
def test_the_worked_cases(case: str, is_complete: bool) -> None:
    facts, critical, thresholds, major = CASES[case]
    found = judge(**({**ALL_KNOWN, **facts} if is_complete else facts))
    assert found.met_criteria("primary") == ({"critical_services_affected"} if critical else set())
    assert found.met_criteria("threshold") == thresholds
    assert found.is_met is major


def test_recurring_incidents_are_judged_together() -> None:
    together = {"ict_supports_critical_function": True, "clients_affected": 130000, "clients_total_of_service": 1000000}
    together |= {"critical_service_downtime_hours": 4.5, "duration_hours": 4.5}
    how = {"occurrences": 3, "within_months": 5, "same_apparent_root_cause": True, "entity_exempt": False}
    found = judge("dora_recurring", **together, **how)  # C12
    assert found.is_met
    assert found.met_criteria("threshold") == {
        "clients_financial_counterparts_and_transactions_affected",
        "duration_and_service_downtime",
    }
    for other in (
        {"occurrences": 1},
        {"within_months": 7},
        {"same_apparent_root_cause": False},
        {"entity_exempt": True},
    ):
        assert not judge("dora_recurring", **together, **{**how, **other}).is_met, other


def test_the_cases_are_those_of_the_reference_data(shared_data: Any) -> None:
    said = yaml.safe_load((shared_data.parent / "regulatory" / "dora-classification.yaml").read_text())
    for case in said["test_cases"]:
        facts, worksheet = dict(case["input"]), SHEET
        if again := case.get("recurring"):
            facts |= {name: again[name] for name in ("occurrences", "within_months", "same_apparent_root_cause")}
            facts, worksheet = {**facts, "entity_exempt": again["entity_exempt"]}, "dora_recurring"
        found, expected = judge(worksheet, **facts), case["expected"]
        assert found.is_met is expected["major"], case["id"]
        assert found.met_criteria("threshold") == set(expected["thresholds"]), case["id"]
        assert ("critical_services_affected" in found.met_criteria("primary")) is expected["critical"], case["id"]
        if via := expected.get("via"):
            assert via in found.met_ids
    assert len(said["test_cases"]) == 12


@pytest.mark.parametrize(
    ("facts", "above"),
    [
        ({"clients_affected": 10, "clients_total_of_service": 100}, {"clients_affected": 11}),
        ({"clients_affected": 100000}, {"clients_affected": 100001}),
        ({"counterparts_affected": 30, "counterparts_total_of_service": 100}, {"counterparts_affected": 31}),
        ({"transactions_affected": 10, "transactions_daily_average": 100}, {"transactions_affected": 11}),
        (
            {"transactions_value_affected": 10, "transactions_value_daily_average": 100},
            {"transactions_value_affected": 10.01},
        ),
        ({"duration_hours": 24}, {"duration_hours": 24.01}),
        ({"critical_service_downtime_hours": 2}, {"critical_service_downtime_hours": 2.01}),
        ({"costs_and_losses_eur": 100000}, {"costs_and_losses_eur": 100000.01}),
        ({"member_states_impacted": 1}, {"member_states_impacted": 2}),
    ],
)
def test_each_threshold_lies_where_the_law_says(facts: dict[str, Any], above: dict[str, Any]) -> None:
    assert not judge(**facts).met_criteria("threshold")
    assert len(judge(**{**facts, **above}).met_criteria("threshold")) == 1


def test_no_value_stands_for_unknown_and_is_said_to_matter_only_where_it_could_change_the_outcome() -> None:
    found = judge(**CRITICAL, media_coverage=True)
    assert (found.is_met, found.is_open) == (False, True)
    assert "duration_hours" in found.missing_that_matter
    assert "repetitive_complaints" not in found.missing_that_matter  # reputation is met already
    assert "regulated_financial_service_affected" not in found.missing_that_matter  # so is the precondition
    nothing = judge(**dict.fromkeys(("ict_supports_critical_function", "regulated_financial_service_affected", "successful_malicious_unauthorised_access"), False))  # fmt: skip
    assert (nothing.is_met, nothing.is_open, nothing.missing_that_matter) == (False, False, ())
    decided = judge(**CRITICAL, media_coverage=True, duration_hours=30)
    assert (decided.is_met, decided.is_open, decided.missing_that_matter) == (True, False, ())


def test_a_ratio_of_nothing_is_unknown_and_no_error() -> None:
    found = judge(**CRITICAL, clients_affected=3, clients_total_of_service=0)
    assert found.is_open
    assert "clients_total_of_service" in found.missing_that_matter


def test_the_number_of_states_is_counted_and_the_home_state_left_out_where_the_entity_says_so() -> None:
    sheet = shipped.worksheets()[SHEET]
    facts = {**ALL_KNOWN, "member_states_impacted": None, "member_states": ["DE", "FR"]}
    assert "geographical_spread" in evaluate(sheet, facts, home_state="DE").met_criteria("threshold")
    left_out = evaluate(sheet, facts, home_state="DE", count_home=False)
    assert left_out.met_criteria("threshold") == set()
    abroad = evaluate(sheet, {**facts, "member_states": ["FR", "IT"]}, home_state="DE", count_home=False)
    assert "geographical_spread" in abroad.met_criteria("threshold")


def test_each_line_says_value_comparison_threshold_and_what_became_of_it() -> None:
    lines = {
        line.id: line
        for line in judge(**CRITICAL, clients_affected=150000, clients_total_of_service=1000000).lines
        if line.id
    }
    assert (
        lines["9_1_a"].words
        == "Clients affected, as a share of all clients of the affected service: 15 %, threshold more than 10 %"
    )
    assert (lines["9_1_a"].state, lines["9_1_c"].state) == ("met", "missing")
    assert lines["9_1_b"].words == "Clients affected: 150,000 clients, threshold more than 100,000 clients"


def test_the_cyber_threat_and_the_triggers_of_other_regimes() -> None:
    threat = {"could_affect_functions": True, "high_probability": True}
    assert judge("dora_cyber_threat", **threat).is_open
    assert judge("dora_cyber_threat", **threat, could_meet_clients=True).is_met
    assert not judge("dora_cyber_threat", high_probability=False).is_open
    assert judge("gdpr_breach", personal_data_breach=True, is_controller=True, risk_unlikely=False).is_met
    assert not judge("gdpr_breach", personal_data_breach=True, is_controller=True, risk_unlikely=True).is_met
    assert judge("nis2_significant", in_scope_of_2024_2690=True, direct_loss_eur=500001).is_met
    assert not judge("nis2_significant", in_scope_of_2024_2690=True, direct_loss_eur=500000).is_met
    assert judge("trigger_us_banking_36h", trigger_met=True).is_met


VALUES = {
    name: st.booleans() if operand.type == "boolean" else st.integers(0, 10**6)
    for name, operand in shipped.worksheets()[SHEET].operands.items()
    if operand.type != "states"
}


@settings(deadline=None, max_examples=60)
@given(st.fixed_dictionaries({}, optional=VALUES), st.fixed_dictionaries(VALUES))
def test_what_is_decided_stays_so_whatever_the_missing_facts_turn_out_to_be(
    known: dict[str, Any], rest: dict[str, Any]
) -> None:
    before = judge(**known)
    after = judge(**{**rest, **dict.fromkeys(WHOLES, 100), **known})
    if not before.is_open:
        assert after.is_met is before.is_met
    if before.is_met:
        assert after.is_met


@settings(deadline=None, max_examples=60)
@given(st.fixed_dictionaries(VALUES), st.sampled_from(sorted(VALUES)))
def test_a_graver_fact_never_makes_it_less_major(facts: dict[str, Any], name: str) -> None:
    if name in WHOLES:
        return
    graver = True if isinstance(facts[name], bool) else facts[name] + 10**6
    assert judge(**{**facts, name: graver}).is_met >= judge(**facts).is_met
