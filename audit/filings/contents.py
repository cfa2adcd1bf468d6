"""Which form a report of a regime has: DORA's data fields, or the contents that the regime's data lists, as texts."""

from collections.abc import Mapping
from dataclasses import dataclass

from audit.filings.errors import NoSuchForm
from audit.filings.model import Field, Form, Kind, Need
from audit.filings.reading import shipped
from audit.regimes.model import Regime, Stage

DORA_INCIDENT, DORA_THREAT = "eu_dora_major_incident", "eu_dora_cyber_threat"
RECLASSIFICATION = "reclassification"
FLAGS: Mapping[tuple[str, str], str] = {
    (DORA_INCIDENT, "initial"): "initial",
    (DORA_INCIDENT, "intermediate"): "intermediate",
    (DORA_INCIDENT, "intermediate_update"): "intermediate",
    (DORA_INCIDENT, "final"): "final",
    (DORA_INCIDENT, RECLASSIFICATION): "initial",
    (DORA_THREAT, "notification"): "notification",
}
"""(regime, stage) of the reports that have data fields -> the stage whose mandatory flags hold."""

SUBMISSION = {
    "initial": "initial_notification",
    "intermediate": "intermediate_report",
    "intermediate_update": "intermediate_report",
    "final": "final_report",
    RECLASSIFICATION: "major_incident_reclassified_as_non-major",
}
"""Stage -> field 1.1: never a free choice."""


@dataclass(frozen=True, slots=True)
class Kindred:
    """One kind of report: the regime, its stage, and the form. flags: stage whose mandatory flags hold."""

    regime: Regime
    stage: Stage
    form: Form
    flags: str


def kind_of(regimes: Mapping[str, Regime], regime: str, stage: str) -> Kindred:
    """What a report of this stage is made of. Raises NoSuchForm."""
    found = regimes.get(regime)
    at = next((one for one in found.stages if one.id == stage), None) if found else None
    if found is None or at is None:
        raise NoSuchForm(regime, stage)
    if flags := FLAGS.get((regime, stage)):
        return Kindred(found, at, shipped(regime), flags)
    return Kindred(found, at, _listed(found.id, found.name, at), at.id)


def _listed(regime: str, title: str, stage: Stage) -> Form:
    """A form of texts, one for each thing that the regime's data says a report contains."""
    need = Need.REQUIRED if stage.obligation in ("mandatory", "expected") else Need.CONDITIONAL
    fields = tuple(
        Field(
            id=f"c{place}", name=each[:1].upper() + each[1:], section="contents", kind=Kind.TEXT,
            need={stage.id: need}, confidence=stage.confidence, condition="where it applies",
        )
        for place, each in enumerate(stage.contents or ("what is reported",), 1)
    )  # fmt: skip
    return Form(
        id=f"{regime}.{stage.id}", title=title, instrument=stage.citation, url="", confidence=stage.confidence,
        reviewed_on="", stages=(stage.id,), sections={"contents": "What the report contains"}, fields=fields,
    )  # fmt: skip
