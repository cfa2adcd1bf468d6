"""One run under lock (see run_lock): its rows, what this transaction changes of them, and says in the ledger."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import F

from audit import ledger
from audit.ledger import Actor
from runbooks.engine import reading, rows, timers
from runbooks.engine.applying import is_another_try
from runbooks.engine.intent import Intent, intent_of
from runbooks.engine.memory import Memory
from runbooks.engine.model import Definition, Effect, Step
from runbooks.engine.rings import ring_for
from runbooks.engine.unwritten import Unwritten
from runbooks.models import Attempt, GroupRun, Run, StepRun
from runbooks.states import (
    GROUP_MOVES,
    RUN_MOVES,
    STEP_MOVES,
    AttemptState,
    Choice,
    GroupState,
    RunState,
    StepState,
    check_move,
)

STARTED = frozenset({StepState.RUNNING})
ENDED = frozenset({StepState.DONE, StepState.FAILED, StepState.SKIPPED, StepState.BYPASSED, StepState.CANCELLED})
ENDED |= {StepState.UNDONE}


class Work:
    """One run under lock, and what this transaction will write and say about it.

    Rows are written together, by `flush` and `close`. Who changes and saves a row from `row()` or `rows` itself need
    not say so: it is noticed when the planner is asked.

    turn: of the locks' turnstile, once this transaction has passed it. is_new: the run is made in this transaction,
    maybe among other things (see locks.take). is_hot: a worker's; it tells what it changes, and nobody else has a row
    of ours. touched: steps whose facts changed since the planner was asked."""

    def __init__(
        self, run: Run, definition: Definition, now: dt.datetime, *, memory: Memory | None = None, is_hot: bool = False
    ) -> None:
        """Without a memory: of a run that is made in this transaction, whose rows are saved already."""
        self.memory = memory or reading.remembered(run, now, definition)
        self.now = now
        self.turn: int | None = None
        self.is_new, self.is_hot = memory is None, is_hot
        self.queued: list[Attempt] = []
        self.touched: set[str] = set(self.memory.rows) if memory is None else set()
        self._given: set[str] = set()  # steps whose row somebody else has
        self._revs: set[str] = set()  # steps that others must read anew, whoever wrote them
        self._unwritten = Unwritten()
        self._has_changed = memory is None

    # ---- what there is ----------------------------------------------------------------------------------------------

    @property
    def run(self) -> Run:
        return self.memory.run

    @property
    def definition(self) -> Definition:
        return self.memory.definition

    @definition.setter
    def definition(self, plan: Definition) -> None:
        """The run follows another plan from here on; its rows stand already."""
        self.flush()
        Run.objects.filter(pk=self.run.pk).update(rev=F("rev") + 1)  # whoever remembers the old plan reads everything
        run = Run.objects.select_related("version__runbook").get(pk=self.run.pk)
        self.memory = reading.remembered(run, self.now, plan)
        self.touched |= set(self.memory.rows)

    @property
    def rev(self) -> int:
        """The `rev` that this transaction gives to what it changes."""
        return self.memory.rev + 1

    def row(self, step: str) -> StepRun:
        """The row of one step, to look at and to change. Raises StepRun.DoesNotExist."""
        self._given.add(step)
        return self._row(step)

    def _row(self, step: str) -> StepRun:
        try:
            return self.memory.rows[step]
        except KeyError:
            raise StepRun.DoesNotExist(f"{self.run.uid} has no step {step}") from None

    @property
    def rows(self) -> dict[str, StepRun]:
        """The rows of all steps, items and undos."""
        self._given.update(self.memory.rows)
        return self.memory.rows

    def peek(self, step: str) -> StepRun:
        """The row of one step, to look at only. Raises StepRun.DoesNotExist."""
        return self._row(step)

    def spec(self, step: str) -> Step:
        """What a row stands for: a step of the plan, a loop's step under the item's id, an undo as a step."""
        self._row(step)
        return reading.spec_in(self.memory, step)

    def title(self, step: str) -> str:
        """What people call it."""
        return self.spec(step).title

    def values(self) -> dict[str, Any]:
        """What expressions see now."""
        return reading.values_with(self.run, self.definition, self.memory.outputs)

    def values_for(self, step: str) -> dict[str, Any]:
        """What a step's own expressions see: the item of its loop too."""
        row = self._row(step)
        scope = row.scope or (self.memory.rows[row.of].scope if row.of in self.memory.rows else {})
        return {**self.values(), **scope} if scope else self.values()

    def intent(self, step: str) -> Intent:
        """What the step would do with today's inputs and outputs. Raises ExpressionError."""
        spec, version = self.spec(step), self.run.version.digest
        return intent_of(spec, self.values_for(step), version=version, environment=self.run.environment)

    def open_attempt(self, step: str) -> Attempt | None:
        """The step's queued or leased attempt."""
        return self.memory.open.get(step)

    # ---- what changes -----------------------------------------------------------------------------------------------

    def say(self, kind: str, fields: dict[str, Any], actor: Actor = ledger.SYSTEM) -> None:
        """Note an entry; `close` writes them all as the transaction's last statements."""
        self._unwritten.entries.append((kind, actor, {"run": self.run.uid, **fields}))

    def set(self, step: str, **fields: Any) -> StepRun:
        """Change facts of a step; they are written with the rest."""
        row = self._row(step)
        for name, value in fields.items():
            setattr(row, name, value)
        self._unwritten.note_step(step, fields)
        reading.set_facts(self.memory, step)
        self.touched.add(step)
        return row

    def keep(self, row: StepRun, **fields: Any) -> None:
        """Change facts of a row that are no move of its own: its locks, its assignee, that it is overdue."""
        self.set(row.step, **fields)

    def keep_output(self, step: str, output: dict[str, Any]) -> None:
        """Keep what a step left for later steps."""
        if self._row(step).output != output:
            self.set(step, output=output)
            self.memory.keep_output(step, output)

    def keep_inputs(self, inputs: dict[str, Any]) -> None:
        """Give the run other inputs."""
        self.run.inputs = inputs
        self.run.save(update_fields=["inputs"])
        self._has_changed = True

    def move(
        self, step: str, to: StepState, why: str, *, actor: Actor = ledger.SYSTEM, because: str = "", **fields: Any
    ) -> StepRun:
        """Move a step along the table and note it. Raises IllegalTransition.

        because: the step or decision whose end made this one due."""
        row, spec = self._row(step), self.spec(step)
        came_from = StepState(row.state)
        check_move(STEP_MOVES, f"Step “{spec.title}”", came_from, to)
        changes: dict[str, Any] = {"state": to, "why": why[:500], "changed_at": self.now, "seen_at": row.seen_at + 1}
        if to in STARTED and row.started_at is None:
            changes["started_at"] = self.now
        if to in ENDED or row.ended_at is not None:
            changes["ended_at"] = self.now if to in ENDED else None
        if is_another_try(came_from, to):
            changes |= {"group": row.group + 1, "losses": 0, "choice": Choice.NONE, "choice_why": ""}
            self.memory.forget_attempts(step)
        if came_from is StepState.UNDONE:
            changes["effect"] = Effect.NONE  # it was taken back
        if because:
            changes["because"] = because
            fields["because"] = because
        self.set(step, **changes)
        self.say(f"step.{to}", {"step": step, "title": spec.title, "from": came_from, "why": why, **fields}, actor)
        if spec.deadline is not None or spec.within_s is not None:
            self.flush()  # a timer names a row that is written
            timers.follow(row, spec, came_from, self.now)
        return row

    def move_group(self, group: str, to: GroupState, why: str, *, actor: Actor = ledger.SYSTEM) -> GroupRun:
        """Move a group along the table and note it. Raises IllegalTransition."""
        row = self.group(group)
        title = self.group_title(group)
        came_from = GroupState(row.state)
        check_move(GROUP_MOVES, f"Group “{title}”", came_from, to)
        row.state, row.why, row.changed_at, row.seen_at = to, why[:500], self.now, row.seen_at + 1
        self._changed_group(group)
        self.say(f"group.{to}", {"group": group, "title": title, "from": came_from, "why": why})
        return row

    def group(self, group: str) -> GroupRun:
        """The row of a group; made when it has none yet."""
        if group not in self.memory.groups:
            row, _ = GroupRun.objects.get_or_create(run=self.run, group=group, defaults={"changed_at": self.now})
            self.memory.groups[group] = row
        return self.memory.groups[group]

    def group_title(self, group: str) -> str:
        titles = {section.id: section.title for section in self.definition.sections}
        return titles.get(group) or self.definition.title

    def set_group(self, group: str, **fields: Any) -> None:
        """Change facts of a group."""
        row = self.group(group)
        for name, value in fields.items():
            setattr(row, name, value)
        self._changed_group(group)

    def _changed_group(self, group: str) -> None:
        self._unwritten.groups.add(group)
        self.memory.board.set_group(group, reading.group_facts(self.memory.groups[group]))

    def end(self, state: RunState, why: str, *, actor: Actor = ledger.SYSTEM) -> None:
        """End the run and note why. Raises IllegalTransition."""
        check_move(RUN_MOVES, f"The run of {self.run.version}", self.run.state, state)
        self.run.state, self.run.why, self.run.ended_at = state, why[:300], self.now
        self.run.save(update_fields=["state", "why", "ended_at"])
        self.memory.board.run_state = state
        self.say(f"run.{state}", {"why": why, "runbook": str(self.run.version)}, actor)

    def add_rows(self, new: Iterable[StepRun]) -> None:
        """More steps: items of a loop, undos."""
        for row in new:
            row.rev = self.rev
            self.memory.rows[row.step] = row
            self._unwritten.new_steps.append(row)
            reading.set_facts(self.memory, row.step)
            self.touched.add(row.step)

    def queue(self, step: str, attempt: Attempt) -> None:
        """A new attempt, written with the rest."""
        self.memory.keep_attempt(step, attempt, reading.last_of(attempt))
        self._note_attempt(step)
        self._unwritten.new_attempts.append(attempt)
        self.queued.append(attempt)

    def set_attempt(self, step: str, attempt: Attempt, **fields: Any) -> None:
        """Change the step's newest attempt. It is written only if it is in the database as it was in memory."""
        self._unwritten.note_attempt(attempt, fields)
        for name, value in fields.items():
            setattr(attempt, name, value)
        self.memory.keep_attempt(step, attempt, reading.last_of(attempt))
        self._note_attempt(step)

    def _note_attempt(self, step: str) -> None:
        self._unwritten.note_step(step)  # its row gets our `rev`: others read its attempts anew
        reading.set_facts(self.memory, step)
        self.touched.add(step)

    def take_back(self, step: str, why: str) -> None:
        """Void a queued attempt before a worker gets it. A leased one comes to its end by itself."""
        attempt = self.memory.open.get(step)
        if attempt is not None and attempt.state == AttemptState.QUEUED:
            self.set_attempt(step, attempt, state=AttemptState.VOID, ended_at=self.now, error=why[:1000])
            self.say("attempt.void", {"step": step, "title": self.title(step), "why": why})

    def reconsider(self, step: str) -> None:
        """Read anew where the consent of a step stands."""
        if reading.read_verdicts(self.memory, [step]):
            reading.set_facts(self.memory, step)
            self.touched.add(step)

    # ---- what is written --------------------------------------------------------------------------------------------

    def notice(self) -> None:
        """Read anew what somebody else may have changed: rows that were given out, their attempts, groups, the run."""
        reading.read_run(self.memory)
        if self.is_hot and not self._given:
            return
        self.flush()
        self._given |= reading.read_new_rows(self.memory)
        reading.reread(self.memory, self._given)
        reading.read_groups(self.memory)
        self.touched |= self._given
        self._revs |= self._given
        self._given = set()

    def flush(self, *, is_last: bool = False) -> None:
        """Write rows and entries as far as they are noted."""
        self._has_changed |= bool(self._unwritten)
        if self._unwritten or is_last:
            self._unwritten.write(self.memory, is_last=is_last and self._has_changed)

    def close(self) -> None:
        """Write all, and ring for what was queued. The last thing that a transaction of the engine does."""
        self._has_changed |= bool(self._given or self._revs)
        self.flush(is_last=True)
        if self._given:
            reading.reread(self.memory, self._given)
            self._revs |= self._given
        if self._has_changed:
            self._move_on()
        ring_for(self.memory, [each for each in self.queued if each.state == AttemptState.QUEUED], self.now)
        self.queued, self._given, self._revs = [], set(), set()

    def _move_on(self) -> None:
        """The run's `rev` is the next one; also of rows that were given out, and saved by whoever had them."""
        self.memory.rev = self.run.rev = self.rev
        if self._revs:
            given = self.run.steps.all() if len(self._revs) > rows.MOST else self.run.steps.filter(step__in=self._revs)
            given.update(rev=self.run.rev)
