"""What a regime is: an authority's reporting rules as data. Pure values; `reading` makes them from YAML.

A regime has stages (initial, intermediate, final …); a stage has a clock: what starts it and how long it runs. A
worksheet is the question that decides whether the regime's trigger is met, with the rule that answers it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from audit.regimes.limits import Limit
from audit.regimes.tree import Node

Confidence = Literal["verified", "memory"]
Basis = Literal["primary", "secondary", "memory"]
Status = Literal["in_force", "adopted_future", "pending"]

SUBMITTED = "submitted:"  # events that say that a stage was filed: submitted:initial
LATEST_INTERMEDIATE = "submitted:latest_intermediate"
EVENTS: dict[str, str] = {
    "occurred": "The incident began",
    "detected": "First technical detection",
    "aware": "The entity became aware",
    "brought_to_notice": "A third party told the entity",
    "classified_major": "Classified as major",
    "determined_reportable": "Decided that it is reportable",
    "determined_material": "Determined to be material",
    "threshold_met": "The reporting threshold is met",
    "tolerance_breached": "A critical operation is outside its tolerance",
    "recovered": "Regular activities recovered",
    "resolved": "The incident is resolved",
    "payment_made": "A ransom was paid",
    "corrective_measure_available": "A fix or mitigation is available",
    "information_available": "Missing information became known",
    "requested": "The authority asked",
    "discovered": "The institution found the incident",
    "reasonably_believes": "Reasonable belief that a covered incident occurred",
    "significant_change": "A significant change since the last report",
    "incident_handled": "Handling of the incident is completed",
    "delay_foreseen": "A time limit will be missed",
    "determined_never_major": "Concluded that it never was major",
}
"""What can start a clock, as the reader is told. Beside them `submitted:<stage>`."""

OBLIGATIONS = {
    "mandatory": "Mandatory",
    "conditional": "Where its condition is met",
    "voluntary": "Voluntary",
    "expected": "Expected by the authority",
    "on_request": "On request",
    "continuing": "Continuing duty",
    "exception": "Exception",
    "not_yet": "Not yet a duty",
}


@dataclass(frozen=True, slots=True)
class Citation:
    """Where a rule is written."""

    ref: str
    url: str = ""
    basis: str = ""


@dataclass(frozen=True, slots=True)
class Cap:
    """A second limit that runs beside the first; whichever ends earlier counts."""

    start: str
    limit: Limit
    dropped_when_passed: bool = False  # the first starts only after the cap has ended: then the cap doesn't count


@dataclass(frozen=True, slots=True)
class Variant:
    """Another limit for some kinds of entity."""

    tags: frozenset[str]
    limit: Limit


@dataclass(frozen=True, slots=True)
class Clock:
    """What starts a time limit and how long it runs.

    starts: the first of these that happened starts it. also_on: each later one of these starts it anew.
    after: only what happens after this event starts it."""

    starts: tuple[str, ...]
    limit: Limit
    cap: Cap | None = None
    also_on: tuple[str, ...] = ()
    after: str = ""
    variants: tuple[Variant, ...] = ()
    wording: str = ""
    exception: str = ""


@dataclass(frozen=True, slots=True)
class DayRule:
    """Noon of the next working day where a limit falls on a free day. not_for: entities without that relief."""

    id: str
    rule: str
    not_for: frozenset[str] = frozenset()
    citation: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """One report, notice or record that a regime asks for."""

    id: str
    name: str
    obligation: str
    clock: Clock
    citation: str
    confidence: Confidence
    basis: Basis
    trigger: str = ""
    applies_to: frozenset[str] = frozenset()  # tags of entities; empty: all
    day_rule: DayRule | None = None
    day_note: str = ""
    contents: tuple[str, ...] = ()
    fields: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Operand:
    """One fact that a worksheet asks for. type: boolean, integer, number, states (ISO 3166 codes)."""

    name: str
    type: str
    label: str
    meaning: str = ""
    article: str = ""
    unit: str = ""
    group: str = ""
    estimate_allowed: bool = False
    counts: str = ""  # name of a `states` operand that this is the number of, unless it is stated


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a worksheet. role: primary (always necessary), threshold (counted), plain."""

    id: str
    label: str
    role: str
    article: str
    rule: Node
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Worksheet:
    """Whether a trigger is met: facts asked for, criteria, the rule, and what a yes and a no are called."""

    id: str
    title: str
    question: str
    operands: Mapping[str, Operand]
    criteria: Mapping[str, Criterion]
    rule: Node
    yes: str
    no: str
    yields: str  # the event that a yes is
    article: str = ""
    confidence: Confidence = "verified"
    basis: Basis = "primary"
    notes: tuple[str, ...] = ()
    citations: tuple[Citation, ...] = ()
    digest: str = ""  # SHA-256 of the file: which rules were applied

    @property
    def groups(self) -> list[str]:
        """The headings of the operands, in order."""
        return list(dict.fromkeys(operand.group for operand in self.operands.values()))


@dataclass(frozen=True, slots=True)
class Regime:
    """One authority's reporting rules."""

    id: str
    name: str
    short: str
    jurisdiction: str
    status: Status
    confidence: Confidence
    basis: Basis
    who: tuple[tuple[str, str], ...]  # (group or "", words)
    trigger: str
    authority: str
    applies: Node
    worksheets: tuple[str, ...]
    stages: tuple[Stage, ...]
    citations: tuple[Citation, ...] = ()
    applies_from: str = ""  # ISO date; "" where the data has none
    calendar: str = ""  # country whose working days count; "" for the entity's own
    period_ends: str = ""  # day: a period in months ends with its last day
    facts: tuple[tuple[str, str], ...] = ()  # more that a reader wants to know: (heading, words)
    is_own: bool = False  # the institution's own, not shipped
    digest: str = ""
    source: str = field(default="", repr=False)

    def stage(self, stage_id: str) -> Stage | None:
        """The stage of that id, or None."""
        return next((stage for stage in self.stages if stage.id == stage_id), None)

    @property
    def submittable(self) -> tuple[Stage, ...]:
        """Stages that a filing can be made for."""
        return tuple(stage for stage in self.stages if stage.obligation not in ("exception", "not_yet"))
