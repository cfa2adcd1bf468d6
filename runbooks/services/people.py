"""What people do with steps that are theirs: begin, finish, hand on, take over.

Every act carries `seen_at`, the StepRun.seen_at of the page it was decided on: a late click gets StaleStep.
"""

from collections.abc import Mapping
from typing import Any

from audit.ledger import Actor
from catalog.models import User
from plumbing.database import atomic
from runbooks.actions.base import Done, Failed
from runbooks.engine.facts import Kind
from runbooks.engine.model import Effect
from runbooks.engine.outputs import typed
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import RunbookError
from runbooks.models import Run, StepRun
from runbooks.services import guards
from runbooks.services.marking import mark
from runbooks.services.outcomes import record_outcome
from runbooks.states import SETTLED_STEPS, RunState, StepState


@atomic()
def start_step(run_uid: str, step: str, *, actor: User, seen_at: int) -> StepRun:
    """A person begins a step that waits for one. Raises StaleStep, NotYours, IllegalTransition."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.human(work, step)
    guards.theirs(work, row, actor)
    guards.running(work)
    if row.assignee is None:
        row.assignee = actor
        row.save(update_fields=["assignee"])
    work.move(step, StepState.RUNNING, f"{actor} began.", actor=actor)
    work.close()
    return row


@atomic()
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
    """A person says how their step came out.

    Raises StaleStep, NotYours, IllegalTransition; ReasonNeeded when it failed and the note is empty."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.human(work, step)
    guards.theirs(work, row, actor)
    if not worked:
        guards.explained(note)
    if row.state == StepState.READY:
        guards.running(work)
        work.move(step, StepState.RUNNING, f"{actor} began.", actor=actor)
    spec = work.spec(step)
    said = Done({**(outputs or {}), "note": note}) if worked else Failed(note, effect=Effect.MAYBE)
    outcome = typed(spec, Kind.ACT, said)
    if worked and isinstance(outcome, Failed):
        raise RunbookError(outcome.error)
    record_outcome(work, row, actor, outcome)
    settle(work)
    work.close()
    return row


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
