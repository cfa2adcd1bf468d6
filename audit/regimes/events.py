"""What happened when, for the clocks of a stream: read from its entries, nothing else.

Entries that count: `regulation.stated` (a person says when something happened), `classification.decided`, and
`filing.submitted` with `filing.rejected` and `filing.withdrawn`, which take it back. What rooms presume (an incident
was opened: the entity is aware) counts until somebody states it.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audit.models import Entry
from audit.regimes.model import EVENTS, SUBMITTED, Regime, Worksheet
from audit.regimes.providers import room_of
from audit.selectors import EntryRow, row_of

STATED, DECIDED, FACTS = "regulation.stated", "classification.decided", "classification.stated"
SENT, UNSENT = "filing.submitted", ("filing.rejected", "filing.withdrawn")
NEVER = "determined_never_major"
BY_DECISION = frozenset(
    {"classified_major", "determined_reportable", "determined_material", "threshold_met", "reasonably_believes", NEVER}
)  # follow from a worksheet that a person decided, never from a statement
STATABLE = {name: words for name, words in EVENTS.items() if name not in BY_DECISION}


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, and the entry that says so."""

    at: dt.datetime
    seq: int
    is_presumed: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided on a worksheet: yes or no, since when, on which entry."""

    entity: str
    worksheet: str
    verdict: bool
    at: dt.datetime
    seq: int
    actor: str
    fields: Mapping[str, Any]


def rows_of(stream: str, kinds: Iterable[str]) -> list[EntryRow]:
    """The entries of these kinds, in order."""
    found = Entry.objects.filter(stream__uid=stream, kind__in=list(kinds)).order_by("seq")
    return [row_of(entry) for entry in found.prefetch_related("disclosures")]


@dataclass(frozen=True)
class Happened:
    """Everything of one stream that clocks may start from, read once."""

    stated: Sequence[EntryRow]
    decisions: Sequence[Decision]
    sent: Sequence[EntryRow]
    presumed: Mapping[str, Moment]

    def decisions_of(self, entity: str, worksheets: Iterable[str]) -> list[Decision]:
        """The decisions about this entity on any of these worksheets, in order."""
        wanted = set(worksheets)
        return [one for one in self.decisions if one.entity == entity and one.worksheet in wanted]

    def entities(self) -> set[str]:
        """uids of the entities that something was decided about."""
        return {one.entity for one in self.decisions}


def read(stream: str) -> Happened:
    """What happened in the stream, for its clocks."""
    rows = rows_of(stream, [STATED, DECIDED, SENT, *UNSENT])
    gone = {str(row.fields.get("filing")) for row in rows if row.kind in UNSENT}
    return Happened(
        stated=[row for row in rows if row.kind == STATED],
        decisions=[found for row in rows if row.kind == DECIDED and (found := decision_of(row))],
        sent=[row for row in rows if row.kind == SENT and _is_whole(row) and str(row.fields.get("filing")) not in gone],
        presumed={each.event: Moment(each.at, each.seq, True) for each in room_of(stream).presumes(stream)},
    )


def _is_whole(row: EntryRow) -> bool:
    """Whether nothing that a clock needs was erased of it."""
    return {"regime", "entity", "stage", "submitted_at"} <= set(row.fields)


def decision_of(row: EntryRow) -> Decision | None:
    """The entry as a decision; None where its fields were erased."""
    said = row.fields
    if not {"entity", "worksheet", "verdict", "at"} <= set(said):
        return None
    at = dt.datetime.fromisoformat(str(said["at"]))
    return Decision(str(said["entity"]), str(said["worksheet"]), said["verdict"] == "yes", at, row.seq, row.actor, said)


def standing(decisions: Sequence[Decision]) -> Decision | None:
    """The decision that holds: where it was confirmed since, the one that first said so.

    A confirmation must not start a clock anew; only a yes after a no does."""
    holding: Decision | None = None
    for one in decisions:
        if holding is None or holding.verdict != one.verdict:
            holding = one
    return holding


def moments(happened: Happened, regime: Regime, entity: str, worksheets: Mapping[str, Worksheet]) -> dict[str, Moment]:
    """event -> when, for one regime and one entity. What a person stated counts before what is presumed."""
    found = dict(happened.presumed)
    for row in happened.stated:
        if _is_meant(row, regime.id, entity):
            found[str(row.fields["event"])] = Moment(dt.datetime.fromisoformat(str(row.fields["at"])), row.seq)
    for row in happened.sent:
        if row.fields.get("regime") == regime.id and row.fields.get("entity") == entity:
            _keep_latest(found, f"{SUBMITTED}{row.fields['stage']}", row)
    for name in regime.worksheets:
        decided = happened.decisions_of(entity, [name])
        holds = standing(decided)
        if holds is None or name not in worksheets:
            continue
        if holds.verdict:
            earlier = found.get(worksheets[name].yields)
            if earlier is None or earlier.is_presumed or holds.at < earlier.at:
                found[worksheets[name].yields] = Moment(holds.at, holds.seq)
        elif any(one.verdict for one in decided) and holds.fields.get("never") is True:
            found[NEVER] = Moment(holds.at, holds.seq)
    return found


def _keep_latest(found: dict[str, Moment], event: str, row: EntryRow) -> None:
    at = dt.datetime.fromisoformat(str(row.fields["submitted_at"]))
    if event not in found or found[event].at < at:
        found[event] = Moment(at, row.seq)


def _is_meant(row: EntryRow, regime: str, entity: str) -> bool:
    said = row.fields
    if not {"event", "at"} <= set(said):
        return False
    return said.get("regime", "") in ("", regime) and said.get("entity", "") in ("", entity)


def is_event(name: str, regime: Regime | None) -> bool:
    """Whether somebody may state it: an event that no worksheet decides, or that a stage was submitted."""
    if name in STATABLE:
        return True
    return regime is not None and name.startswith(SUBMITTED) and regime.stage(name.removeprefix(SUBMITTED)) is not None
