"""An incident as its entries tell it. Pure: what a report says must be in the ledger, not in our tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.reports.reading import Reading
from audit.selectors import EntryRow


@dataclass(frozen=True)
class IncidentTold:
    """The entries of one incident, and the moments that matter."""

    reading: Reading
    rows: Sequence[EntryRow]

    def first(self, kind: str, **fields: str) -> EntryRow | None:
        """The first entry of this kind with these fields."""
        return next(iter(self.every(kind, **fields)), None)

    def last(self, kind: str, **fields: str) -> EntryRow | None:
        return next(iter(self.every(kind, **fields)[::-1]), None)

    def every(self, kind: str, **fields: str) -> list[EntryRow]:
        return [
            row
            for row in self.rows
            if row.kind == kind and all(row.fields.get(name) == value for name, value in fields.items())
        ]

    @property
    def opened(self) -> EntryRow | None:
        return self.first("incident.opened")

    @property
    def began(self) -> datetime | None:
        """When it began, as the opening says; None where that isn't known."""
        return self.reading.moment_in(self.opened.fields.get("began_at")) if self.opened else None

    @property
    def detected(self) -> EntryRow | None:
        """The first that Muster heard of it."""
        return self.first("signal.joined") or self.opened

    @property
    def engaged(self) -> EntryRow | None:
        """Somebody took command."""
        return self.first("role.taken", role="commander")

    @property
    def decided(self) -> EntryRow | None:
        """The first approval of an act."""
        return self.first("approval.approved")

    @property
    def resolved(self) -> EntryRow | None:
        """The move to resolution that stood; None while it burns."""
        moved = [row for row in self.every("incident.moved") if str(row.fields.get("to")) in AFTERWARDS | BURNING]
        if not moved or str(moved[-1].fields.get("to")) not in AFTERWARDS:
            return None
        return self.last("incident.moved", to="resolution")

    @property
    def closed(self) -> EntryRow | None:
        return self.last("incident.moved", to="closed")

    @property
    def mitigated(self) -> EntryRow | None:
        """Our own probes were all green again; where none had failed, the run had ended well."""
        end = self.resolved
        red: set[str] = set()
        for row in self.rows:
            if end is not None and row.seq > end.seq:
                break
            if row.kind == "health.changed":
                probe = str(row.fields.get("probe"))
                (red.discard if row.fields.get("now") == "green" else red.add)(probe)
                if not red and row.fields.get("now") == "green" and not self._fails_again(row, end):
                    return row
        return self.first("run.succeeded")

    def _fails_again(self, row: EntryRow, end: EntryRow | None) -> bool:
        """Whether a probe changes once more before the incident is resolved: then this was not yet it."""
        later = [each for each in self.every("health.changed") if each.seq > row.seq]
        return any(end is None or each.seq < end.seq for each in later)

    @property
    def severity(self) -> str:
        """As it was last set."""
        if row := self.last("severity.set"):
            return self.reading.field(row, "to")
        return self.reading.field(self.opened, "severity") if self.opened else ""

    @property
    def commanders(self) -> list[str]:
        """Actor ids of who led it, in order."""
        return list(dict.fromkeys(str(row.fields.get("user")) for row in self.every("role.taken", role="commander")))


AFTERWARDS = frozenset({"resolution", "review", "closed"})
BURNING = frozenset({"detection", "mobilization", "diagnosis", "mitigation"})
