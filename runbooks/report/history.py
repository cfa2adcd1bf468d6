"""Runs as their entries tell them. Pure: what a report says must be in the ledger, not in our tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from audit.canonical import Json
from audit.reports.reading import Hidden, Reading
from audit.selectors import EntryRow
from runbooks.definitions.parser import parse
from runbooks.definitions.problems import DefinitionError
from runbooks.engine.model import Definition, Step

ENDS = frozenset({"run.succeeded", "run.failed", "run.stopped", "run.undone"})
TRIED = frozenset({"attempt.succeeded", "attempt.failed", "attempt.lost"})
BEGAN = frozenset({"running", "verifying"})
OVER = frozenset({"done", "failed", "unknown", "skipped", "bypassed", "cancelled", "undone", "stuck"})
PASSED = frozenset({"done", "skipped", "bypassed"})


@dataclass
class StepTold:
    """What the entries say of one step. acted: whoever began it by hand or recorded its outcome."""

    id: str
    title: str = ""
    state: str = "waiting"
    began: datetime | None = None
    ended: datetime | None = None
    tries: int = 0
    acted: dict[str, None] = field(default_factory=dict)
    asked: EntryRow | None = None  # step.approval: it needed consent


@dataclass
class RunTold:
    """What a stream says about one run, in order."""

    uid: str
    rows: list[EntryRow] = field(default_factory=list)
    steps: dict[str, StepTold] = field(default_factory=dict)

    def first(self, kind: str) -> EntryRow | None:
        return next((row for row in self.rows if row.kind == kind), None)

    @property
    def started(self) -> EntryRow | None:
        return self.first("run.started")

    @property
    def end(self) -> EntryRow | None:
        """The entry that ended it; None while it goes on, also after it was let go on."""
        last = next((row for row in reversed(self.rows) if row.kind in ENDS | {"run.reopened", "run.rerun"}), None)
        return last if last is not None and last.kind in ENDS else None

    @property
    def digest(self) -> str:
        """Of the version that it was started from, or moved to; "" where that isn't disclosed."""
        named = [row.fields.get("digest") for row in self.rows if row.kind in ("run.started", "run.migrated")]
        return next((each for each in reversed(named) if isinstance(each, str) and not isinstance(each, Hidden)), "")

    def definition(self, files: Mapping[str, bytes]) -> Definition | None:
        """The runbook that it followed; None where its text isn't in the pack."""
        text = files.get(f"versions/{self.digest}.yaml")
        if text is None:
            return None
        try:
            return parse(text.decode(), filename="version.yaml")
        except (DefinitionError, UnicodeDecodeError):
            return None


def runs_in(rows: Iterable[EntryRow]) -> list[RunTold]:
    """The runs that these entries are about, by when they were first spoken of."""
    found: dict[str, RunTold] = {}
    for row in rows:
        uid = row.fields.get("run")
        if isinstance(uid, str) and not isinstance(uid, Hidden):
            run = found.setdefault(uid, RunTold(uid))
            run.rows.append(row)
            _hear(run, row)
    return [run for run in found.values() if run.started or run.steps]


def title_of(reading: Reading, run: RunTold, step: Step) -> str:
    """A step's title as the runbook has it, unless the entries' own may not be shown: then neither may this one."""
    told = run.steps.get(step.id)
    if told is not None and isinstance(told.title, Hidden):
        return str(told.title)
    hides = any(isinstance(each.title, Hidden) for each in run.steps.values())
    return step.title if told is not None or not hides else reading.words("hidden.withheld")


def _hear(run: RunTold, row: EntryRow) -> None:
    """Take in what an entry says of a step."""
    step, kind = row.fields.get("step"), row.kind
    if not isinstance(step, str) or not kind.startswith(("step.", "attempt.")):
        return
    told = run.steps.setdefault(step, StepTold(step))
    told.title = _text(row.fields.get("title")) or told.title
    if kind.startswith("attempt."):
        told.tries += (
            kind in ("attempt.succeeded", "attempt.failed", "attempt.lost") and row.fields.get("of") != "verify"
        )
        _note_actor(told, row)
        return
    state = kind.removeprefix("step.")
    if "from" not in row.fields:  # says something of the step, and moves it nowhere
        return
    told.state = state
    if state == "approval":
        told.asked = told.asked or row
    if state in BEGAN:
        told.began = told.began or row.time
        _note_actor(told, row)
    told.ended = row.time if state in OVER else None


def _note_actor(told: StepTold, row: EntryRow) -> None:
    if row.actor.startswith("usr_"):
        told.acted[row.actor] = None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""
