"""Checks that every act of a person on a run begins with."""

from catalog.models import User
from runbooks.engine.work import Work
from runbooks.errors import ReasonNeeded, RunbookError, StaleStep
from runbooks.models import StepRun
from runbooks.states import RunState, StepState


def seen(work: Work, step: str, seen_at: int) -> StepRun:
    """The row, unless it has moved since the person looked at it."""
    row = work.row(step)
    if row.seen_at != seen_at:
        raise StaleStep(work.definition.by_id[step].title, StepState(row.state).label, row.why)
    return row


def human(work: Work, step: str) -> None:
    spec = work.definition.by_id[step]
    if not spec.human:
        raise RunbookError(f"“{spec.title}” is done by a worker; nobody starts or finishes it by hand.")


def explained(reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded


def running(work: Work) -> None:
    if work.run.state != RunState.RUNNING:
        raise RunbookError(f"The run is {RunState(work.run.state).label.lower()} already: {work.run.why}")


def reopen(work: Work, actor: User, reason: str) -> None:
    """A failed run runs again when one of its steps is retried or skipped."""
    if work.run.state == RunState.FAILED:
        work.run.state, work.run.why, work.run.ended_at = RunState.RUNNING, "", None
        work.run.save(update_fields=["state", "why", "ended_at"])
        work.say("run.reopened", {"reason": reason}, actor)
    running(work)
