"""What people say about a step that failed: try again, leave it out, it was done in another way, give up.

The person's word is kept as the step's `choice`; the planner carries it out in the same transaction.
"""

from catalog.models import User
from plumbing.database import atomic
from runbooks.actions.base import Done
from runbooks.engine import consent
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import RunbookError
from runbooks.models import StepRun
from runbooks.services import guards
from runbooks.services.marking import LONGEST_WHY, mark
from runbooks.services.outcomes import record_outcome
from runbooks.states import Choice, Role, StepState

RETRIED = frozenset({StepState.FAILED, StepState.CANCELLED})
NOT_BEGUN = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY})


@atomic()
def retry_step(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person sends a failed step into another try; consent is asked anew where the step needs one.

    Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.in_state(work, row, *RETRIED)
    guards.reopen(work, actor, reason)
    if work.spec(step).approval is not None:
        work.run.shapers.add(actor)  # they ask now, so they don't decide
        work.flush()
        consent.withdraw(work, step, "The step is tried again.", actor)
    _answer(work, row, Choice.RETRY, f"{actor} tries again: {reason}", actor, reason)
    settle(work)
    work.close()
    return row


@atomic()
def skip_step(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person lets the plan go on without this step. Raises StaleStep, ReasonNeeded, RunbookError, IllegalTransition.

    An undo is never left out: what it was to take back would read as taken back."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    if row.role == Role.UNDO:
        raise RunbookError(f"“{work.title(step)}” can't be skipped. Retry it, or say that it was done by hand.")
    guards.reopen(work, actor, reason)
    why = f"{actor}: {reason}"
    if row.state == StepState.FAILED:
        _answer(work, row, Choice.SKIP, why, actor, reason)
    else:
        guards.in_state(work, row, *NOT_BEGUN)
        work.take_back(step, f"Skipped by {actor}.")
        work.flush()
        consent.withdraw(work, step, "The step was skipped.", actor)
        work.move(step, StepState.SKIPPED, why, actor=actor)
    settle(work)
    work.close()
    return row


def _answer(work: Work, row: StepRun, choice: Choice, why: str, actor: User, reason: str) -> None:
    """Note what a person says about a failure; the planner carries it out."""
    mark(work, row, choice=choice, choice_why=why[:LONGEST_WHY])
    work.say(
        "step.answered", {"step": row.step, "title": work.title(row.step), "choice": choice, "reason": reason}, actor
    )


@atomic()
def give_up(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person lets a failure stand: its group hears of it. Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.in_state(work, row, StepState.FAILED)
    guards.is_open(work)
    _answer(work, row, Choice.GIVE_UP, f"{actor}: {reason}", actor, reason)
    settle(work)
    work.close()
    return row


@atomic()
def replace_step(run_uid: str, step: str, *, actor: User, seen_at: int, evidence: str) -> StepRun:
    """What a failed or unknown step was for has been done in another way, by hand: it is done, with this evidence.

    Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(evidence)
    guards.in_state(work, row, StepState.FAILED, StepState.UNKNOWN)
    guards.reopen(work, actor, evidence)
    fields = {"step": step, "title": work.title(step), "evidence": evidence}
    work.say("step.replaced", fields, actor)
    record_outcome(work, row, actor, Done({**row.output, "note": evidence}))
    work.move(step, StepState.DONE, f"{actor} did it in another way: {evidence}", actor=actor)
    settle(work)
    work.close()
    return row
