"""What became of a step that nobody knows the outcome of: a person says so, with evidence, or its check is asked."""

from catalog.models import User
from plumbing.database import atomic
from runbooks.actions.base import Done, Failed
from runbooks.engine.facts import Kind, QueueAttempt
from runbooks.engine.model import Effect
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import apply, settle
from runbooks.errors import RunbookError
from runbooks.models import Attempt, StepRun
from runbooks.services import guards
from runbooks.services.marking import mark
from runbooks.services.outcomes import record_outcome
from runbooks.states import OPEN_ATTEMPTS, Found, StepState

EFFECTS = {Found.NOT: Effect.NONE, Found.PARTLY: Effect.MAYBE}


@atomic()
def settle_unknown(run_uid: str, step: str, *, actor: User, seen_at: int, found: str, evidence: str) -> StepRun:
    """A person says what became of an unknown step: it happened, it did not, or a part of it did.

    Happened: its probe has the word if it has one, else it is done. Raises StaleStep, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.in_state(work, row, StepState.UNKNOWN)
    guards.explained(evidence)
    guards.is_open(work)
    fields = {"step": step, "title": work.title(step), "found": Found(found).label.lower()}
    work.say("step.settled", {**fields, "evidence": evidence}, actor)
    happened = found == Found.HAPPENED
    outcome = Done({"note": evidence}) if happened else Failed(evidence, effect=EFFECTS[Found(found)])
    record_outcome(work, row, actor, outcome)
    after = StepState.VERIFYING if work.spec(step).verify is not None else StepState.DONE
    mark(work, row, effect=Effect.MAYBE if happened else EFFECTS[Found(found)])
    work.move(step, after if happened else StepState.FAILED, f"{actor} found: {evidence}", actor=actor)
    settle(work)
    work.close()
    return row


@atomic()
def ask_check(run_uid: str, step: str, *, actor: User, seen_at: int) -> StepRun:
    """Let a worker ask the unknown step's declared check what became of it.

    Raises StaleStep; RunbookError when it declares none, or is being asked already."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.in_state(work, row, StepState.UNKNOWN)
    guards.running(work)
    spec = work.spec(step)
    if spec.check is None:
        raise RunbookError(f"“{spec.title}” declares no check. Look yourself, and say what happened.")
    if Attempt.objects.filter(step_run=row, state__in=OPEN_ATTEMPTS).exists():
        raise RunbookError(f"The check of “{spec.title}” is being asked already.")
    work.say("step.check_asked", {"step": step, "title": spec.title}, actor)
    apply(work, (QueueAttempt(step, Kind.CHECK, row.tries, row.group),))
    work.close()
    return row
