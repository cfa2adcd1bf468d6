"""What an import did, line by line: for the page, the API and the terminal."""

from collections import Counter
from dataclasses import dataclass, field

from audit.canonical import Json
from catalog.backstage import Place
from catalog.states import Outcome


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One statement of a file, and what became of it."""

    outcome: Outcome
    what: str  # service artist-lookup; dependency www-artist calls artist-lookup
    why: str  # what changed, or why it was refused; empty when there is nothing to say
    place: Place

    def as_json(self) -> dict[str, Json]:
        return {
            "outcome": self.outcome.value,
            "what": self.what,
            "why": self.why,
            "file": self.place.file,
            "document": self.place.document,
            "line": self.place.line,
        }


@dataclass(slots=True)
class ImportReport:
    """All lines, in the order the files were read."""

    lines: list[ReportLine] = field(default_factory=list)

    def add(self, outcome: Outcome, what: str, place: Place, why: str = "") -> None:
        self.lines.append(ReportLine(outcome, what, why, place))

    @property
    def counts(self) -> dict[str, int]:
        """Outcome -> how many lines; every outcome is there."""
        found = Counter(line.outcome.value for line in self.lines)
        return {outcome.value: found[outcome.value] for outcome in Outcome}

    @property
    def refused(self) -> list[ReportLine]:
        return [line for line in self.lines if line.outcome == Outcome.REFUSED]

    def sentence(self) -> str:
        """The counts in words: 3 taken, 1 refused."""
        said = [f"{count} {outcome}" for outcome, count in self.counts.items() if count]
        return f"{', '.join(said)}." if said else "The files hold nothing."

    def as_json(self) -> dict[str, Json]:
        return {"counts": dict(self.counts), "lines": [line.as_json() for line in self.lines]}
