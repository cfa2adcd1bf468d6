"""What people do with one step. Each is one transaction and says in the ledger who and why.

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
from runbooks.engine.outputs import as_evidence, typed
from runbooks.engine.shell import settle
from runbooks.engine.work import Work, lock
from runbooks.errors import NotYours, RunbookError, StaleStep
from runbooks.models import Attempt, AttemptKind, Run, StepRun
from runbooks.services import guards
from runbooks.states import SETTLED_STEPS, AttemptState, RunState, StepState


@atomic()
def start_step(run_uid: str, step: str, *, actor: User, seen_at: int) -> StepRun:
    """A person begins a step that waits for one. Raises StaleStep, NotYours, IllegalTransition."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.human(work, step)
    if row.assignee is not None and row.assignee != actor:
        raise NotYours(work.definition.by_id[step].title, str(row.assignee))
    if row.assignee is None:
        row.assignee = actor
        row.save(update_fields=["assignee"])
    work.move(step, StepState.RUNNING, f"{actor} began.", actor=actor)
    work.close()
    return row


@atomic()
def take_over(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person takes a human step from its assignee. Raises StaleStep, ReasonNeeded."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.human(work, step)
    guards.explained(reason)
    came_from, row.assignee, row.seen_at = row.assignee, actor, row.seen_at + 1
    row.save(update_fields=["assignee", "seen_at"])
    fields = {"step": step, "title": work.definition.by_id[step].title, "reason": reason}
    work.say("step.reassigned", {**fields, "was": came_from.actor_id if came_from else ""}, actor)
    work.close()
    return row


@atomic()
def assign(stream: str, wanted: str, user: User, *, actor: Actor) -> int:
    """Give the open steps of a stream's running runs that ask for `wanted` (`role:commander`) to somebody.

    Called when a role changes hands. Returns how many steps changed hands with it."""
    changed = 0
    running = Run.objects.filter(stream=stream, state=RunState.RUNNING)
    works = [lock(uid) for uid in running.order_by("pk").values_list("uid", flat=True)]  # all, before the stream
    for work in works:
        for step in work.definition.steps:
            row = work.rows[step.id]
            if step.assign == wanted and row.assignee_id != user.pk and row.state not in SETTLED_STEPS:
                was, row.assignee, row.seen_at = row.assignee, user, row.seen_at + 1
                row.save(update_fields=["assignee", "seen_at"])
                fields = {"step": step.id, "title": step.title, "reason": f"{user} is {wanted.partition(':')[2]} now."}
                work.say("step.reassigned", {**fields, "was": was.actor_id if was else ""}, actor)
                changed += 1
    for work in works:
        work.close()
    return changed


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
    if row.assignee is not None and row.assignee != actor:
        raise NotYours(work.definition.by_id[step].title, str(row.assignee))
    if not worked:
        guards.explained(note)
    if row.state == StepState.READY:
        work.move(step, StepState.RUNNING, f"{actor} began.", actor=actor)
    spec = work.definition.by_id[step]
    said = Done({**(outputs or {}), "note": note}) if worked else Failed(note, effect=Effect.MAYBE)
    outcome = typed(spec, Kind.ACT, said)
    if worked and isinstance(outcome, Failed):
        raise RunbookError(outcome.error)
    _person_attempt(work, row, actor, outcome)
    settle(work)
    work.close()
    return row


@atomic()
def retry_step(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person sends a failed step into another try; consent is asked anew where the step needs one."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.reopen(work, actor, reason)
    spec = work.definition.by_id[step]
    if spec.approval is not None:
        work.run.shapers.add(actor)  # they ask now, so they don't decide
        work.flush()
        consent.withdraw(work, step, "The step is tried again.", actor)
    target = StepState.READY if spec.approval is None else StepState.APPROVAL
    work.move(step, target, f"{actor} tries again: {reason}", actor=actor)
    settle(work)
    work.close()
    return row


@atomic()
def skip_step(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """A person lets the plan go on without this step. Raises StaleStep, ReasonNeeded, IllegalTransition."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.reopen(work, actor, reason)
    work.take_back(step, f"Skipped by {actor}.")
    work.flush()
    consent.withdraw(work, step, "The step was skipped.", actor)
    work.move(step, StepState.SKIPPED, f"{actor}: {reason}", actor=actor)
    settle(work)
    work.close()
    return row


@atomic()
def settle_unknown(run_uid: str, step: str, *, actor: User, seen_at: int, happened: bool, evidence: str) -> StepRun:
    """A person says what became of a step whose worker was lost. Raises StaleStep, ReasonNeeded, IllegalTransition."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    if row.state != StepState.UNKNOWN:
        raise StaleStep(work.definition.by_id[step].title, StepState(row.state).label, row.why)
    guards.explained(evidence)
    spec = work.definition.by_id[step]
    outcome = Done({"note": evidence}) if happened else Failed(evidence, effect=Effect.NONE)
    _person_attempt(work, row, actor, outcome)
    after = StepState.VERIFYING if spec.verify is not None else StepState.DONE
    why = f"{actor} found: {evidence}"
    work.move(step, after if happened else StepState.FAILED, why, actor=actor)
    settle(work)
    work.close()
    return row


def _person_attempt(work: Work, row: StepRun, actor: User, outcome: Done | Failed) -> None:
    """What a person did is an attempt like a worker's: the planner and the evidence read the same rows."""
    row.tries += 1
    row.save(update_fields=["tries"])
    worked = isinstance(outcome, Done)
    if worked:
        work.keep_output(row.step, outcome.output)
    Attempt.objects.create(
        step_run=row,
        kind=AttemptKind.ACT,
        number=row.tries,
        idempotency_key=f"{work.run.uid}/{row.step}/{row.group}",
        binding="",
        state=AttemptState.SUCCEEDED if worked else AttemptState.FAILED,
        queued_at=work.now,
        not_before=work.now,
        started_at=row.started_at,
        ended_at=work.now,
        worker=actor.actor_id,
        output=outcome.output,
        error="" if isinstance(outcome, Done) else outcome.error[:1000],
        effect="unknown" if isinstance(outcome, Done) else outcome.effect,
    )
    fields = {"step": row.step, "title": work.definition.by_id[row.step].title, "attempt": row.tries, "of": "act"}
    fields |= as_evidence(outcome.output)
    work.say(f"attempt.{'succeeded' if worked else 'failed'}", fields, actor)
