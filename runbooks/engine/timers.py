"""Timers of a run: rows that become due by the database's clock. The sweep finds them; each fires once (due.py)."""

import datetime as dt
from typing import Any

from runbooks.engine.model import Step
from runbooks.models import StepRun, Timer
from runbooks.states import RunState, StepState

REMIND, ESCALATE, WITHIN, LOCK_WAIT, NOT_BEFORE = "remind", "escalate", "within", "lock_wait", "not_before"
AT_WORK = frozenset({StepState.READY, StepState.RUNNING, StepState.VERIFYING})
MOST = 500  # of one pass of the sweep


def put(row: StepRun, kind: str, due_at: dt.datetime, **data: Any) -> None:
    """Let a timer of this kind become due. A step has one of a kind: it is moved."""
    if not Timer.objects.filter(step_run=row, kind=kind, fired_at=None).update(due_at=due_at, data=data):
        Timer.objects.create(run_id=row.run_id, step_run=row, kind=kind, due_at=due_at, data=data)


def drop(row: StepRun, *kinds: str) -> None:
    """Take back the step's timers of these kinds that have not fired."""
    Timer.objects.filter(step_run=row, kind__in=kinds, fired_at=None).delete()


def follow(row: StepRun, spec: Step, came_from: StepState, now: dt.datetime) -> None:
    """The step has moved from `came_from`: set its deadlines when it becomes ready, drop them when nobody is at it."""
    if spec.deadline is None and spec.within_s is None:
        return
    if row.state == StepState.READY and came_from not in AT_WORK:
        for kind, after_s, data in _due(spec):
            put(row, kind, now + dt.timedelta(seconds=after_s), **data)
    elif row.state not in AT_WORK:
        drop(row, REMIND, ESCALATE, WITHIN)


def _due(spec: Step) -> list[tuple[str, float, dict[str, Any]]]:
    found: list[tuple[str, float, dict[str, Any]]] = []
    if spec.within_s is not None:
        found.append((WITHIN, spec.within_s, {}))
    if spec.deadline is not None and spec.human:
        if spec.deadline.remind_s is not None:
            found.append((REMIND, spec.deadline.remind_s, {}))
        if spec.deadline.escalate_s is not None:
            found.append((ESCALATE, spec.deadline.escalate_s, {"to": spec.deadline.to}))
    return found


def find_timers(now: dt.datetime) -> list[str]:
    """Timers that are due, of runs that run: those of a paused run fire when it goes on."""
    due = Timer.objects.filter(fired_at=None, due_at__lte=now, run__state=RunState.RUNNING)
    return [str(pk) for pk in due.order_by("due_at", "pk").values_list("pk", flat=True)[:MOST]]
