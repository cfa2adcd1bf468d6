"""What people do with steps that are theirs: begin, finish, hand on, take over.

Every act carries `seen_at`, the StepRun.seen_at of the page it was decided on: a late click gets StaleStep.
"""

from collections.abc import Mapping
from typing import Any

from audit.ledger import Actor
from catalog.models import User
from plumbing.database import atomic
from runbooks.actions.base import Done, Failed
from runbooks.engine import consent
from runbooks.engine.facts import Kind
from runbooks.engine.model import Effect
from runbooks.engine.outputs import typed
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import NoConsent, RunbookError
from runbooks.models import Run, StepRun
from runbooks.services import guards
from runbooks.services.marking import mark
from runbooks.services.outcomes import record_outcome
from runbooks.states import SETTLED_STEPS, RunState, StepState


def start_step(run_uid: str, step: str, *, actor: User, seen_at: int) -> StepRun:
    """A person begins a step that waits for one. Call it outside of any transaction: an approval that can't be used
    sends the step back to be asked anew, and that stays although NoConsent is raised.

    Raises StaleStep, NotYours, IllegalTransition, NoConsent."""
    with atomic():
        work = lock(run_uid)
        row = guards.seen(work, step, seen_at)
        guards.human(work, step)
        guards.theirs(work, row, actor)
        guards.running(work)
        because = _begin(work, row, actor)
        if because:
            settle(work)
        work.close()
    if because:
        raise NoConsent(because)
    return row


def _begin(work: Work, row: StepRun, actor: User) -> str:
    """Begin it, with the approval that it needs; "" when it began. Else it waits for consent again: the reason."""
    if because := consent.use(work, row.step, actor):
        why = f"It could not begin: {because}."
        consent.withdraw(work, row.step, why, actor)
        work.reconsider(row.step)
        work.move(row.step, StepState.APPROVAL, why, actor=actor)
        return because
    if row.assignee is None:
        work.keep(row, assignee=actor)
    work.move(row.step, StepState.RUNNING, f"{actor} began.", actor=actor)
    return ""


def finish_step(
    run_uid: str,
    step: str,
    *,
    actor: User,
    seen_at: int,
    worked: bool,
    note: str,
    outputs: Mapping[str, Any] | None = None,
) -> StepRun:
    """A person says how their step came out. Call it outside of any transaction, as `start_step`.

    Raises StaleStep, NotYours, IllegalTransition, NoConsent; ReasonNeeded when it failed and the note is empty."""
    if not worked:
        guards.explained(note)
    with atomic():
        row, because = _finish(lock(run_uid), step, actor, seen_at, note, outputs or {}, worked=worked)
    if because:
        raise NoConsent(because)
    return row


def _finish(
    work: Work, step: str, actor: User, seen_at: int, note: str, outputs: Mapping[str, Any], *, worked: bool
) -> tuple[StepRun, str]:
    row = guards.seen(work, step, seen_at)
    guards.human(work, step)
    guards.theirs(work, row, actor)
    if row.state == StepState.READY:
        guards.running(work)
        if because := _begin(work, row, actor):
            settle(work)
            work.close()
            return row, because
    spec = work.spec(step)
    said = Done({**outputs, "note": note}) if worked else Failed(note, effect=Effect.MAYBE)
    outcome = typed(spec, Kind.ACT, said)
    if worked and isinstance(outcome, Failed):
        raise RunbookError(outcome.error)
    record_outcome(work, row, actor, outcome)
    settle(work)
    work.close()
    return row, ""


@atomic()
def take_over(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person takes a human step from its assignee. Raises StaleStep, ReasonNeeded."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    _hand(work, row, actor, actor=actor, reason=reason)
    work.close()
    return row


@atomic()
def reassign(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str, to: User) -> StepRun:
    """Give a human step to somebody who may do it (the door has checked that). Raises StaleStep, ReasonNeeded."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    if row.assignee == to:
        raise RunbookError(f"“{work.title(step)}” is {to}'s already.")
    _hand(work, row, to, actor=actor, reason=reason)
    work.close()
    return row


def _hand(work: Work, row: StepRun, to: User, *, actor: Actor, reason: str) -> None:
    guards.human(work, row.step)
    if row.state in SETTLED_STEPS:
        raise guards.stale(work, row)
    was = row.assignee
    mark(work, row, assignee=to)
    fields = {"step": row.step, "title": work.title(row.step), "reason": reason, "to": to.actor_id}
    work.say("step.reassigned", {**fields, "was": was.actor_id if was else ""}, actor)


def hold_runs(stream: str) -> None:
    """Lock the stream's live runs until commit: for whoever writes to the stream before calling `assign`."""
    live = Run.objects.filter(stream=stream, state__in=[RunState.RUNNING, RunState.PAUSED])
    list(live.select_for_update().order_by("pk").values_list("pk", flat=True))


@atomic()
def assign(stream: str, wanted: str, user: User, *, actor: Actor) -> int:
    """Give the open steps of a stream's running runs that ask for `wanted` (`role:commander`) to somebody.

    Called when a role changes hands. Returns how many steps changed hands with it."""
    changed = 0
    running = Run.objects.filter(stream=stream, state__in=[RunState.RUNNING, RunState.PAUSED])
    works = [lock(uid) for uid in running.order_by("pk").values_list("uid", flat=True)]  # all, before the stream
    for work in works:
        for step in work.definition.steps:
            row = work.rows[step.id]
            if step.assign == wanted and row.assignee_id != user.pk and row.state not in SETTLED_STEPS:
                _hand(work, row, user, actor=actor, reason=f"{user} is {wanted.partition(':')[2]} now.")
                changed += 1
    for work in works:
        work.close()
    return changed
