"""One run under lock: its rows, and what this transaction will say about it in the ledger.

Lock order in every transaction of the engine: the run, its rows, the ledger stream last.
"""

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from audit import ledger
from audit.ledger import Actor
from plumbing import clock, doorbell
from runbooks.engine.intent import Intent, intent_of
from runbooks.engine.model import Definition
from runbooks.engine.reading import definition_of, values_of
from runbooks.models import Attempt, Run, StepRun
from runbooks.states import RUN_MOVES, STEP_MOVES, AttemptState, RunState, StepState, check_move

STARTED = frozenset({StepState.RUNNING})
ENDED = frozenset({StepState.DONE, StepState.FAILED, StepState.SKIPPED, StepState.CANCELLED})


@dataclass
class Work:
    """One run under lock, and what this transaction will say about it in the ledger."""

    run: Run
    definition: Definition
    now: dt.datetime
    entries: list[tuple[str, Actor, dict[str, Any]]] = field(default_factory=list)
    queued: list[Attempt] = field(default_factory=list)
    _rows: dict[str, StepRun] = field(default_factory=dict)
    _values: dict[str, Any] | None = None

    def row(self, step: str) -> StepRun:
        """The row of one step: most transactions touch one or two, however long the plan."""
        if step not in self._rows:
            self._rows[step] = self.run.steps.get(step=step)
        return self._rows[step]

    @property
    def rows(self) -> dict[str, StepRun]:
        """The rows of all steps."""
        if len(self._rows) < len(self.definition.steps):
            self._rows = {row.step: self._rows.get(row.step, row) for row in self.run.steps.all()}
        return self._rows

    def say(self, kind: str, fields: dict[str, Any], actor: Actor = ledger.SYSTEM) -> None:
        """Note an entry; `close` writes them all as the transaction's last statements."""
        self.entries.append((kind, actor, {"run": self.run.uid, **fields}))

    def values(self) -> dict[str, Any]:
        """What expressions see now."""
        if self._values is None:
            self._values = values_of(self.run)
        return self._values

    def keep_output(self, step: str, output: dict[str, Any]) -> None:
        """Keep what a step left for later steps."""
        row = self.row(step)
        if row.output == output:
            return
        row.output = output
        row.save(update_fields=["output"])
        self._values = None

    def keep_inputs(self, inputs: dict[str, Any]) -> None:
        """Give the run other inputs."""
        self.run.inputs = inputs
        self.run.save(update_fields=["inputs"])
        self._values = None

    def intent(self, step: str) -> Intent:
        """What the step would do with today's inputs and outputs. Raises ExpressionError."""
        spec, version = self.definition.by_id[step], self.run.version.digest
        return intent_of(spec, self.values(), version=version, environment=self.run.environment)

    def move(self, step: str, to: StepState, why: str, *, actor: Actor = ledger.SYSTEM, **fields: Any) -> StepRun:
        """Move a step along the table and note it. Raises IllegalTransition."""
        row, title = self.row(step), self.definition.by_id[step].title
        came_from = StepState(row.state)
        check_move(STEP_MOVES, f"Step “{title}”", came_from, to)
        row.state, row.why, row.changed_at, row.seen_at = to, why[:500], self.now, row.seen_at + 1
        changed = ["state", "why", "changed_at", "seen_at"]
        if to in STARTED and row.started_at is None:
            row.started_at = self.now
            changed.append("started_at")
        if to in ENDED or row.ended_at is not None:
            row.ended_at = self.now if to in ENDED else None
            changed.append("ended_at")
        row.save(update_fields=changed)
        self.say(f"step.{to}", {"step": step, "title": title, "from": came_from, "why": why, **fields}, actor)
        return row

    def end(self, state: RunState, why: str, *, actor: Actor = ledger.SYSTEM) -> None:
        """End the run and note why. Raises IllegalTransition."""
        check_move(RUN_MOVES, f"The run of {self.run.version}", self.run.state, state)
        self.run.state, self.run.why, self.run.ended_at = state, why[:300], self.now
        self.run.save(update_fields=["state", "why", "ended_at"])
        self.say(f"run.{state}", {"why": why, "runbook": str(self.run.version)}, actor)

    def take_back(self, step: str, why: str) -> None:
        """Void a queued attempt before a worker gets it. A leased one comes to its end by itself."""
        queued = Attempt.objects.filter(step_run=self.row(step), state=AttemptState.QUEUED)
        if queued.update(state=AttemptState.VOID, ended_at=self.now, error=why[:1000]):
            self.say("attempt.void", {"step": step, "title": self.definition.by_id[step].title, "why": why})

    def flush(self) -> None:
        """Write the entries noted so far."""
        if self.entries:
            ledger.record_many(self.run.stream, self.entries)
            self.entries = []

    def close(self) -> None:
        """Write the entries and ring for what was queued. The last thing that a transaction of the engine does."""
        self.flush()
        for attempt in self.queued:
            if attempt.not_before <= self.now:
                doorbell.ring("attempt", str(attempt.pk))
        self.queued = []


def lock(run_uid: str) -> Work:
    """The run under lock, inside the caller's transaction. Raises Run.DoesNotExist."""
    found = Run.objects.select_for_update(of=("self",)).select_related("version__runbook").get(uid=run_uid)
    return Work(found, definition_of(found.version), clock.now())
