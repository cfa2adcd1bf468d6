"""What a transaction changed of one run and has not written yet; it is written together, in few statements."""

from collections.abc import Iterable
from typing import Any

from django.db.backends.utils import CursorWrapper

from audit import ledger
from audit.ledger import Actor
from plumbing import statements
from runbooks.engine import rows
from runbooks.engine.memory import Memory
from runbooks.models import Attempt, StepRun

GROUP_FIELDS = frozenset({"rev", "state", "why", "choice", "choice_why", "changed_at", "seen_at"})

MOVE_ON = "UPDATE runbooks_run SET rev = %s WHERE id = %s"


class Overtaken(Exception):
    """An attempt isn't as it was remembered, under the run's own lock. Nothing is written; read anew and try again."""

    def __init__(self, run_uid: str) -> None:
        super().__init__(run_uid)
        self.run_uid = run_uid


class Unwritten:
    """Which rows differ from the database, in which fields, and what the ledger hears of it.

    Steps and groups are named, and their rows taken from the memory when it is written."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, Actor, dict[str, Any]]] = []
        self.groups: set[str] = set()
        self.new_steps: list[StepRun] = []
        self.new_attempts: list[Attempt] = []
        self._steps: dict[str, set[str]] = {}  # step -> fields to be written
        self._attempts: dict[int, tuple[Attempt, set[str], tuple[str, int]]] = {}

    def note_step(self, step: str, fields: Iterable[str] = ()) -> None:
        """These fields of its row are to be written, and its `rev` in any case."""
        self._steps.setdefault(step, set()).update(fields)

    def note_attempt(self, attempt: Attempt, fields: Iterable[str]) -> None:
        """These fields are to be written if its row is still as it is now. Called before they are changed."""
        if attempt.pk is not None:
            known = self._attempts.setdefault(attempt.pk, (attempt, set(), (attempt.state, attempt.fence)))
            known[1].update(fields)

    def __bool__(self) -> bool:
        return bool(self.entries or self.groups or self.new_steps or self.new_attempts or self._steps or self._attempts)

    def write(self, memory: Memory, *, is_last: bool) -> None:
        """Write all of it. is_last: the run's `rev` too, for this transaction. Raises Overtaken."""
        known, self._attempts = list(self._attempts.values()), {}
        new, self.new_attempts = self.new_attempts, []
        written, made = list[CursorWrapper](), list[CursorWrapper]()
        with statements.together():
            self._write_steps(memory)
            self._write_groups(memory)
            if known:
                fields = set[str]().union(*(changed for _, changed, _ in known))
                written = rows.update([attempt for attempt, _, _ in known], fields, [was for _, _, was in known])
            if new:
                for attempt in new:
                    attempt.step_run = attempt.step_run  # its row may have been written just now, and have a key since
                made = rows.insert(new)
            if is_last:
                statements.execute(MOVE_ON, [memory.rev + 1, memory.run.pk])
            if self.entries:
                noted, self.entries = self.entries, []
                ledger.record_many(memory.run.stream, noted)
        if sum(cursor.rowcount for cursor in written) != len(known):
            raise Overtaken(memory.run.uid)
        rows.identify(new, made)

    def _write_steps(self, memory: Memory) -> None:
        noted, self._steps = self._steps, {}
        new, self.new_steps = self.new_steps, []
        dirty = {step: fields for step, fields in noted.items() if memory.rows[step].pk is not None}
        if dirty:
            changed = [memory.rows[step] for step in dirty]
            for row in changed:
                row.rev = memory.rev + 1
            rows.update(changed, set().union({"rev"}, *dirty.values()))
        if new:
            StepRun.objects.bulk_create(new)

    def _write_groups(self, memory: Memory) -> None:
        noted, self.groups = self.groups, set()
        if noted:
            changed = [memory.groups[group] for group in noted]
            for row in changed:
                row.rev = memory.rev + 1
            rows.update(changed, GROUP_FIELDS)
