"""What the classification that a person decided gives to a report: since when, on which criteria, with which figures.

The figures are the facts of the worksheet, as they stood when it was decided or were stated since.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from audit.filings.contents import DORA_INCIDENT
from audit.filings.entities import entity_of
from audit.filings.prefill import Offer, Question
from audit.filings.values import TIME
from audit.regimes import events

CLASSIFICATION = "the classification"
CRITERIA = "classification_criterion"  # the list of codes of field 2.5
WORKSHEETS = ("dora_classification", "dora_recurring")
FIGURES = {"clients_affected": "3.4", "counterparts_affected": "3.6", "transactions_affected": "3.9"}
SHARES = {
    "3.5": ("clients_affected", "clients_total_of_service"),
    "3.7": ("counterparts_affected", "counterparts_total_of_service"),
    "3.10": ("transactions_affected", "transactions_daily_average"),
}  # field -> affected over all of them, in percent
FAMILIES = {
    "clients_affected": "clients",
    "counterparts_affected": "financial_counterparts",
    "transactions_affected": "transactions",
}
REPUTATION = {
    "media_coverage": "the_major_ict-related_incident_has_been_reflected_in_the_media",
    "repetitive_complaints": "the_major_ict-related_incident_has_resulted_in_repetitive_complaints_from_different_"
    "clients_or_financial_counterparts_on_client-facing_services_or_critical_business_relationships",
    "regulatory_requirements_missed": "the_financial_entity_will_not_be_able_to_or_is_likely_not_to_be_able_to_meet_"
    "regulatory_requirements_as_a_result_of_the_major_ict-related_incident",
    "material_client_loss": "the_financial_entity_will_or_is_likely_to_lose_clients_or_financial_counterparts_with_a_"
    "material_impact_on_its_business_as_a_result_of_the_major_ict-related_incident",
}


@dataclass(frozen=True, slots=True)
class Known:
    """A fact of the worksheet, with the entries that it rests on."""

    value: Any
    is_estimate: bool
    supports: tuple[tuple[str, int], ...]


def offers(question: Question) -> Iterator[Offer]:
    """What the classification says that stands, and the figures that it rests on."""
    if question.form.id != DORA_INCIDENT:
        return
    holds = events.standing(events.read(question.stream).decisions_of(question.entity, WORKSHEETS))
    met: list[str] = []
    if holds is not None and holds.verdict:
        supports = ((question.stream, holds.seq),)
        met = [
            code
            for code in (each.code for each in question.form.codes[CRITERIA])
            if code in holds.fields.get("met", ())
        ]
        yield Offer("2.3", holds.at.strftime(TIME), CLASSIFICATION, supports)
        yield Offer("2.5", met, CLASSIFICATION, supports)
    entity, facts = entity_of(question.entity), _facts(question)
    yield from _figures(facts)
    yield from _kinds(facts, met, entity.home_state if entity else "")
    if (costs := facts.get("costs_and_losses_eur")) and entity and entity.currency == "EUR":
        yield Offer("4.13", str(costs.value), CLASSIFICATION, costs.supports)


def _facts(question: Question) -> dict[str, Known]:
    """operand -> the fact as it was stated last."""
    found: dict[str, Known] = {}
    for row in question.rows:
        said = row.fields.get("facts")
        if row.kind != events.FACTS or row.fields.get("entity") != question.entity or not isinstance(said, dict):
            continue
        if row.fields.get("worksheet") not in WORKSHEETS:
            continue
        for name, told in said.items():
            if isinstance(told, dict):
                places = (row.seq, *(seq for seq in told.get("supports", ()) if isinstance(seq, int)))
                supports = tuple((question.stream, seq) for seq in dict.fromkeys(places))
                found[name] = Known(told.get("value"), bool(told.get("is_estimate")), supports)
    return {name: known for name, known in found.items() if known.value is not None}


def _figures(facts: Mapping[str, Known]) -> Iterator[Offer]:
    for name, field in FIGURES.items():
        if name in facts:
            yield Offer(field, facts[name].value, CLASSIFICATION, facts[name].supports)
    for field, (part, whole) in SHARES.items():
        if part in facts and whole in facts and (share := _share(facts[part].value, facts[whole].value)):
            supports = tuple(dict.fromkeys((*facts[part].supports, *facts[whole].supports)))
            yield Offer(field, share, CLASSIFICATION, supports)
    if amount := facts.get("transactions_value_affected"):
        yield Offer("3.11", str(amount.value), CLASSIFICATION, amount.supports)
    told = {family: facts[name] for name, family in FAMILIES.items() if name in facts}
    if len(told) == len(FAMILIES):
        codes = [_status(family, known) for family, known in told.items()]
        supports = tuple(dict.fromkeys(place for known in told.values() for place in known.supports))
        yield Offer("3.12", codes, CLASSIFICATION, supports)


def _status(family: str, known: Known) -> str:
    """The code of field 3.12 for one family of figures."""
    if known.value == 0:
        return f"no_impact_on_{family}"
    return f"{'estimates' if known.is_estimate else 'actual_figures'}_for_{family}_affected"


def _share(part: Any, whole: Any) -> str:
    """A percentage with six decimals, to be rounded by the field; "" where there is none."""
    try:
        of = Decimal(str(whole))
        return f"{Decimal(str(part)) * 100 / of:.6f}" if of > 0 else ""
    except InvalidOperation:
        return ""


def _kinds(facts: Mapping[str, Known], met: Sequence[str], home: str) -> Iterator[Offer]:
    """What was answered with yes or no, and which states are hit; authorities expect the home state to be left out."""
    if (states := facts.get("member_states")) and "geographical_spread" in met and isinstance(states.value, list):
        yield Offer("2.6", [state for state in states.value if state != home], CLASSIFICATION, states.supports)
    if relevant := facts.get("relevant_party_affected"):
        yield Offer("3.8", relevant.value, CLASSIFICATION, relevant.supports)
        yield Offer("fact.relevant_parties", relevant.value, CLASSIFICATION, relevant.supports)
    if transactions := facts.get("transactions_affected"):
        yield Offer("fact.transactions", transactions.value != 0, CLASSIFICATION, transactions.supports)
    kinds = [name for name in REPUTATION if name in facts and facts[name].value is True]
    if kinds and "reputational_impact" in met:
        supports = tuple(dict.fromkeys(place for name in kinds for place in facts[name].supports))
        yield Offer("3.13", [REPUTATION[name] for name in kinds], CLASSIFICATION, supports)
