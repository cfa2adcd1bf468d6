"""Which regimes apply to an entity, and why: the rule of the data, or what a person decided."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from zoneinfo import ZoneInfo

from audit.models import LegalEntity, Nis2Status
from audit.regimes import tree
from audit.regimes.calendars import WorkingDays
from audit.regimes.deadlines import Profile
from audit.regimes.model import Regime
from audit.regimes.tree import Finding, Rules, Value

Answer = Literal["applies", "no", "unsure"]
ANSWERS: dict[Answer, str] = {"applies": "Applies", "no": "Doesn’t apply", "unsure": "To be decided"}
LABELS = {
    "home_state": "Home state", "states": "States", "types": "Kind of entity", "nis2": "NIS2 status",
    "significant": "Designated as significant",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Applies:
    """Whether one regime applies to one entity. by_rule: what the data says. reason: a person's, where one decided."""

    regime: Regime
    answer: Answer
    by_rule: Answer
    because: tuple[str, ...]
    reason: str = ""
    is_decided: bool = False

    @property
    def words(self) -> str:
        """Applies, Doesn't apply, To be decided."""
        return ANSWERS[self.answer]


def facts_of(entity: LegalEntity) -> dict[str, Value]:
    """What a rule may ask of an entity; None where nobody has said."""
    states = sorted({entity.home_state, *entity.other_states} - {""})
    return {
        "home_state": entity.home_state or None,
        "states": states or None,
        "types": list(entity.types) or None,
        "nis2": entity.nis2 or None,
        "significant": entity.significant,
    }


def profile_of(entity: LegalEntity) -> Profile:
    """What of an entity changes its deadlines."""
    tags = set(entity.types)
    if entity.nis2 in (Nis2Status.ESSENTIAL, Nis2Status.IMPORTANT):
        tags.add("nis2_entity")
    if entity.significant:
        tags.add("significant")
    free = frozenset(dt.date.fromisoformat(day) for day in entity.days_off)
    return Profile(frozenset(tags), WorkingDays(ZoneInfo(entity.zone), entity.country, entity.subdivision, free))


def applies(entity: LegalEntity, regime: Regime, today: dt.date) -> Applies:
    """Whether the regime applies to the entity on that day, and why."""
    by_rule, because = _by_rule(entity, regime, today)
    said = entity.decided.get(regime.id)
    if not isinstance(said, dict):
        return Applies(regime, by_rule, by_rule, because)
    answer: Answer = "applies" if said["applies"] else "no"
    return Applies(regime, answer, by_rule, because, str(said["reason"]), is_decided=True)


def all_of(entity: LegalEntity, regimes: Mapping[str, Regime], today: dt.date) -> list[Applies]:
    """Every regime for this entity: those that apply first, then those to be decided."""
    order = {"applies": 0, "unsure": 1, "no": 2}
    found = [applies(entity, regime, today) for regime in regimes.values()]
    return sorted(found, key=lambda one: (order[one.answer], one.regime.id))


def _by_rule(entity: LegalEntity, regime: Regime, today: dt.date) -> tuple[Answer, tuple[str, ...]]:
    if regime.status == "pending":
        return "no", ("The rule is not final. It can be switched on by a person.",)
    if regime.applies_from and today < dt.date.fromisoformat(regime.applies_from):
        return "no", (f"It applies from {regime.applies_from}.",)
    found = tree.evaluate(regime.applies, facts_of(entity), Rules({}))
    answer: Answer = "unsure" if found.result is None else "applies" if found.result else "no"
    return answer, tuple(_said(leaf) for leaf in found.leaves())


def _said(leaf: Finding) -> str:
    label = LABELS[leaf.node.names[0]]
    if leaf.result is None:
        return f"{label}: not known."
    figure = leaf.figure if isinstance(leaf.figure, list) else [str(leaf.figure)]
    shown = ", ".join(each.replace("_", " ") for each in figure)
    return f"{label}: {shown}, which is {'' if leaf.result else 'not '}among those meant."
