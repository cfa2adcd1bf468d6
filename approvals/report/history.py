"""Requests as their entries tell them. Pure: what a report says must be in the ledger, not in our tables."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from audit.reports.reading import Hidden
from audit.selectors import EntryRow

SETTLED = frozenset(
    {"approval.approved", "approval.rejected", "approval.withdrawn", "approval.expired", "approval.voided"}
)
PREFIX = "approval."


@dataclass
class Told:
    """Everything that a stream says about one request, in order."""

    uid: str
    rows: list[EntryRow] = field(default_factory=list)

    def first(self, *kinds: str) -> EntryRow | None:
        """The first entry of one of these kinds, written with or without the room's name."""
        wanted = {kind if "." in kind else PREFIX + kind for kind in kinds}
        return next((row for row in self.rows if row.kind in wanted), None)

    def every(self, *kinds: str) -> list[EntryRow]:
        """All entries of these kinds."""
        return [row for row in self.rows if row.kind.removeprefix(PREFIX) in kinds]

    @property
    def asked(self) -> EntryRow | None:
        return self.first("asked")

    @property
    def end(self) -> EntryRow | None:
        """The entry that settled it; None while it waits."""
        return self.first(*SETTLED)

    @property
    def is_approved(self) -> bool:
        return self.end is not None and self.end.kind == "approval.approved"

    @property
    def glass(self) -> EntryRow | None:
        return self.first("glass_broken")

    @property
    def review(self) -> EntryRow | None:
        return self.first("review_justified", "review_unjustified")

    @property
    def waited(self) -> tuple[datetime, datetime] | None:
        """From the question to its end; None while it waits, or where the question isn't in the stream."""
        return (self.asked.time, self.end.time) if self.asked and self.end else None


def requests_in(rows: Iterable[EntryRow]) -> list[Told]:
    """The requests that these entries are about, by when they were first spoken of."""
    found: dict[str, Told] = {}
    for row in rows:
        uid = row.fields.get("request")
        if row.kind.startswith(PREFIX) and isinstance(uid, str):
            key = f"entry {row.seq}" if isinstance(uid, Hidden) else uid  # which request it was isn't known
            found.setdefault(key, Told(key)).rows.append(row)
    return list(found.values())
