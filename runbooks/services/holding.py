"""Holding back what has not begun, one step or a whole branch, and letting it go on."""

from collections.abc import Iterable

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine import locks
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import RunbookError
from runbooks.models import Attempt, StepRun
from runbooks.services import guards
from runbooks.services.branches import branch_of
from runbooks.services.marking import LONGEST_HELD, mark
from runbooks.states import AttemptState, StepState

HOLDABLE = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY})


@atomic()
def hold_step(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str, branch: bool = False) -> StepRun:
    """Let a step wait until somebody releases it; with `branch`, all of its branch that has not begun.

    What is queued is taken back. Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.is_open(work)
    if not branch and not _may_be_held(row):
        raise guards.stale(work, row)
    rows = [each for each in _meant(work, row, branch) if _may_be_held(each) and not each.held]
    if not rows:
        raise RunbookError(f"Nothing of it can be held: it has begun, or is held already ({row.held or row.why}).")
    for each in rows:
        _hold(work, each, actor, reason)
    settle(work)
    work.close()
    return row


@atomic()
def release_step(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str, branch: bool = False) -> StepRun:
    """Let a held step, or all of its branch, go on. Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.is_open(work)
    rows = [each for each in _meant(work, row, branch) if each.held]
    if not rows:
        raise RunbookError(f"“{work.title(step)}” is not held.")
    for each in rows:
        mark(work, each, held="")
        work.say("step.released", {"step": each.step, "title": work.title(each.step), "reason": reason}, actor)
    settle(work)
    work.close()
    return row


def _meant(work: Work, row: StepRun, branch: bool) -> Iterable[StepRun]:
    return [work.row(member) for member in branch_of(work, row.step)] if branch else [row]


def _may_be_held(row: StepRun) -> bool:
    leased = Attempt.objects.filter(step_run=row, state=AttemptState.LEASED)
    return row.state in HOLDABLE and not leased.exists()


def _hold(work: Work, row: StepRun, actor: User, reason: str) -> None:
    """Consent that was given stays good: what the step would do has not changed."""
    mark(work, row, held=f"{actor}: {reason}"[:LONGEST_HELD])
    title = work.title(row.step)
    work.say("step.held", {"step": row.step, "title": title, "reason": reason}, actor)
    if row.state == StepState.READY:
        work.take_back(row.step, f"Held back by {actor}.")
        work.flush()
        locks.free(work, row.step)  # nobody waits for a step that waits for a person
        work.move(row.step, StepState.WAITING, f"Held back by {actor}: {reason}", actor=actor)
