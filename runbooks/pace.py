"""How long the steps of a run take: in earlier runs, or as their author says; and so what is left of this run.

A step seen done fewer than FEWEST times takes what its author allows for it, and is marked so.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from plumbing.errors import MusterError
from runbooks.actions.durations import seconds
from runbooks.engine.foresight import Task
from runbooks.engine.model import Definition, Step
from runbooks.engine.reading import definition_of_run
from runbooks.engine.watching import members
from runbooks.models import Run, StepRun
from runbooks.states import SETTLED_STEPS, Goal, Role, StepState

FEWEST = 3  # samples below which an author's word counts more than history
MOST_RUNS = 50
MOST_ROWS = 20_000  # rows of earlier runs that are read
BEGUN = frozenset({s for s in StepState if s not in SETTLED_STEPS and s is not StepState.WAITING})


@dataclass(frozen=True)
class History:
    """Of earlier runs: seconds that each step took, what each decision opened, and how many runs there were."""

    spans: Mapping[str, tuple[float, ...]]
    ways: Mapping[str, tuple[frozenset[str], ...]]
    runs: int


def history(run: Run, definition: Definition) -> History:
    """How the same steps went in earlier runs of this runbook, the newest. Two queries."""
    most = max(min(MOST_RUNS, MOST_ROWS // max(len(definition.steps), 1)), 1)
    earlier = Run.objects.filter(version__runbook=run.version.runbook_id, mode=run.mode).exclude(pk=run.pk)
    runs = {one.pk: one for one in earlier.select_related("version__runbook").order_by("-started_at")[:most]}
    rows: dict[int, list[StepRun]] = {pk: [] for pk in runs}
    wanted = StepRun.objects.filter(run__in=runs, ended_at__isnull=False, is_kept=False)
    for row in wanted.only("run_id", "step", "role", "of", "needs", "state", "ended_at", "decision").order_by("pk"):
        rows[row.run_id].append(row)
    spans: dict[str, list[float]] = {}
    ways: dict[str, list[frozenset[str]]] = {}
    for pk, one in runs.items():
        _learn(one, definition_of_run(one), rows[pk], spans, ways)
    return History(
        {step: tuple(found) for step, found in spans.items()},
        {step: tuple(found) for step, found in ways.items()},
        sum(bool(found) for found in rows.values()),
    )


def _learn(
    run: Run,
    definition: Definition,
    rows: Iterable[StepRun],
    spans: dict[str, list[float]],
    ways: dict[str, list[frozenset[str]]],
) -> None:
    """Add what one earlier run says. A step's span begins with the end of the last thing that it needed."""
    ended = {row.step: row.ended_at for row in rows if row.ended_at is not None}
    for row in rows:
        needs = row.needs if row.role == Role.UNDO else _needs(definition, row.step)
        if row.state != StepState.DONE or row.role not in (Role.STEP, Role.UNDO) or row.ended_at is None:
            continue
        begun = max([run.started_at, *(ended[need] for need in needs if need in ended)])
        spans.setdefault(row.step, []).append(max((row.ended_at - begun).total_seconds(), 0.0))
        if row.decision.get("case"):
            ways.setdefault(row.step, []).append(frozenset(members(definition, row.decision.get("go", ()))))


def tasks_of(run: Run, definition: Definition, past: History, now: dt.datetime) -> tuple[Task, ...]:
    """The plan as the forecast sees it, each task after what it needs. One query."""
    rows = {row.step: row for row in run.steps.exclude(role__in=[Role.ITEM, Role.WATCH])}
    ended = {row.step: row.ended_at for row in rows.values() if row.ended_at and row.state in SETTLED_STEPS}
    left = _Left(run, past, now, ended)
    tasks = []
    for step in definition.plan_order:
        row = rows.get(step.id)
        goes_on = row is not None and row.state not in SETTLED_STEPS and (run.goal == Goal.FINISH or row.state in BEGUN)
        tasks.append(
            left.task(row, _needs(definition, step.id), authored_s(step))
            if row and goes_on
            else Task(step.id, over=True)
        )
    for row in rows.values():
        if row.role == Role.UNDO and row.state in SETTLED_STEPS:
            tasks.append(Task(row.step, tuple(row.needs), over=True))
        elif row.role == Role.UNDO:
            undo = definition.by_id[row.of].undo if row.of in definition.by_id else None
            tasks.append(left.task(row, tuple(row.needs), undo.timeout_s if undo is not None else Step.timeout_s))
    return tuple(_in_order(tasks))


@dataclass(frozen=True)
class _Left:
    """What is needed to say what is left of one step. ended: when those that are over came to their end."""

    run: Run
    past: History
    now: dt.datetime
    ended: Mapping[str, dt.datetime]

    def task(self, row: StepRun, needs: tuple[str, ...], allowed_s: float) -> Task:
        samples, ways = self.past.spans.get(row.step, ()), self.past.ways.get(row.step, ())
        authored = len(samples) < FEWEST
        earliest = (row.not_before - self.now).total_seconds() if row.not_before is not None else 0.0
        return Task(
            id=row.step,
            needs=needs,
            samples=(allowed_s,) if authored else samples,
            authored=authored,
            under_way_s=self._under_way_s(row, needs),
            earliest_s=max(earliest, 0.0),
            ways=ways,
            named=frozenset[str]().union(*ways),
        )

    def _under_way_s(self, row: StepRun, needs: tuple[str, ...]) -> float | None:
        """A failed step begins anew when somebody retries it."""
        if row.state == StepState.FAILED or not all(need in self.ended for need in needs):
            return None
        begun = max([self.run.started_at, *(self.ended[need] for need in needs)])
        return max((self.now - begun).total_seconds(), 0.0)


def _in_order(tasks: list[Task]) -> list[Task]:
    """Each after what it needs: undo rows may stand in any order among themselves."""
    by_id, placed, ordered = {task.id: task for task in tasks}, set[str](), list[Task]()
    for first in tasks:
        todo = [first.id]
        while todo:
            id_ = todo[-1]
            missing = [need for need in by_id[id_].needs if need in by_id and need not in placed]
            if missing:
                todo += missing
                continue
            todo.pop()
            if id_ not in placed:
                placed.add(id_)
                ordered.append(by_id[id_])
    return ordered


def authored_s(step: Step) -> float:
    """What the author allows for a step, in seconds: the wait itself, or timeouts of action, probe and consent."""
    if step.action == "wait":
        try:
            return seconds("wait", "for", step.with_.get("for"))
        except MusterError:  # a template: known when it runs
            return step.timeout_s
    if step.human and step.deadline is not None:
        return step.deadline.escalate_s or step.deadline.remind_s or step.timeout_s
    verify_s = step.verify.within_s if step.verify is not None else 0.0
    consent_s = (step.approval.within_s or 0.0) if step.approval is not None else 0.0
    return consent_s + (step.within_s or step.timeout_s + verify_s)


def _needs(definition: Definition, step: str) -> tuple[str, ...]:
    spec = definition.by_id.get(step)
    return (*spec.needs, *spec.after) if spec is not None else ()
