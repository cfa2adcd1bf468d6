"""What the worksheet and its decision give to a report: each value with the entries that bear it out."""

import pytest

from audit.filings import contents, decided, selectors
from audit.filings.prefill import Offer, Question
from audit.models import LegalEntity
from audit.regimes import rules, sheets
from audit.regimes.sheets import Said
from tests.audit.test_regime_services import ANNA, DORA, STREAM, decide, entity, sheet, stream

__all__ = ["stream"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stream")]
FIGURES = {
    "clients_affected": Said(12_000, True, "From the log", (0,)),
    "clients_total_of_service": Said(100_000),
    "counterparts_affected": Said(0),
    "transactions_affected": Said(60_000),
    "transactions_daily_average": Said(240_000),
    "transactions_value_affected": Said(1_500_000),
}


def state(bank: LegalEntity, said: dict[str, Said]) -> None:
    found = sheet(bank)
    sheets.state_facts(STREAM, bank, found.worksheet, said, seen=found.seen, actor=ANNA)


def offered(bank: LegalEntity, regime: str = DORA, stage: str = "final") -> dict[str, Offer]:
    form = contents.kind_of(rules.regimes(), regime, stage).form
    question = Question(STREAM, regime, stage, bank.uid, form, selectors.every_row(STREAM))
    return {each.key: each for each in decided.offers(question)}


def values(bank: LegalEntity) -> dict[str, object]:
    return {key: each.value for key, each in offered(bank).items()}


def test_without_facts_and_decision_nothing_is_offered() -> None:
    assert offered(entity()) == {}


def test_figures_come_with_their_shares_and_entries() -> None:
    bank = entity()
    state(bank, FIGURES)
    found = offered(bank)
    assert {key: each.value for key, each in found.items()} == {
        "3.4": 12_000,
        "3.5": "12.000000",
        "3.6": 0,
        "3.9": 60_000,
        "3.10": "25.000000",
        "3.11": "1500000",
        "3.12": [
            "estimates_for_clients_affected",
            "no_impact_on_financial_counterparts",
            "actual_figures_for_transactions_affected",
        ],
        "fact.transactions": True,
    }
    assert found["3.4"].supports == ((STREAM, 1), (STREAM, 0)), "the statement, and what it named"
    assert found["3.5"].supports == ((STREAM, 1), (STREAM, 0))


def test_a_share_of_nothing_is_not_offered() -> None:
    bank = entity()
    state(bank, {"clients_affected": Said(5), "clients_total_of_service": Said(0)})
    assert values(bank) == {"3.4": 5}


def test_a_fact_that_was_taken_back_is_not_offered() -> None:
    bank = entity()
    state(bank, {"clients_affected": Said(5)})
    state(bank, {"clients_affected": Said(None)})
    assert values(bank) == {}


def test_no_transactions_is_an_answer() -> None:
    bank = entity()
    state(bank, {"transactions_affected": Said(0)})
    assert values(bank)["fact.transactions"] is False


def test_the_decision_gives_its_time_and_the_criteria_that_were_met() -> None:
    bank = entity()
    everything = {
        "ict_supports_critical_function": Said(True),
        "member_states": Said(["DE", "AT", "FR"]),
        "media_coverage": Said(True),
        "repetitive_complaints": Said(False),
        "relevant_party_affected": Said(True),
        "costs_and_losses_eur": Said(180_000),
    }
    state(bank, everything | FIGURES)
    decide(bank, yes=True)
    found = values(bank)
    assert found["2.3"] == "2026-03-02T11:00:00Z", "UTC"
    assert {"reputational_impact", "geographical_spread"} <= set(found["2.5"])
    assert found["2.6"] == ["AT", "FR"], "the home state is left out"
    assert found["3.8"] is True
    assert found["3.13"] == [decided.REPUTATION["media_coverage"]]
    assert found["4.13"] == "180000"


def test_a_decision_that_it_is_not_major_gives_no_criteria() -> None:
    bank = entity()
    state(bank, {"media_coverage": Said(True), "member_states": Said(["DE", "AT", "FR"])})
    decide(bank, yes=False)
    assert not {"2.3", "2.5", "2.6", "3.13"} & values(bank).keys()


def test_figures_of_another_entity_and_of_another_report_are_not_offered() -> None:
    bank, other = entity(), entity(name="Other AG")
    state(bank, FIGURES)
    assert offered(other) == {}
    assert offered(bank, contents.DORA_THREAT, rules.regime_of(contents.DORA_THREAT).stages[0].id) == {}


def test_costs_are_offered_in_euro_alone() -> None:
    bank = entity(currency="SEK")
    state(bank, {"costs_and_losses_eur": Said(180_000)})
    assert "4.13" not in values(bank)
