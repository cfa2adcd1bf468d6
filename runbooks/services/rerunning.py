"""A run again from one of its steps, keeping what came before; and what would be done a second time, said first."""

from collections.abc import Iterable

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine.model import Effect
from runbooks.engine.reading import definition_of, definition_of_run
from runbooks.engine.repeating import Repetition, asked_for, repetition
from runbooks.engine.run_lock import lock
from runbooks.errors import NotSafe, RunbookError
from runbooks.models import Run, RunbookVersion
from runbooks.services import guards
from runbooks.services.marking import mark_run
from runbooks.services.runs import start_run
from runbooks.states import Role, RunState, StepState

ENDED = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.UNDONE})


def rerun_forecast(run: Run, step: str, version: RunbookVersion | None = None) -> Repetition:
    """What a rerun from the step would keep, and what it would do a second time. Raises RunbookError."""
    old, new = definition_of_run(run), definition_of(version or run.version)
    if step not in new.by_id:
        raise RunbookError(f"{version or run.version} has no step {step}; it can't begin there.")
    rows = list(run.steps.filter(role=Role.STEP).values_list("step", "state", "effect"))
    states = {step: StepState(state) for step, state, _ in rows}
    return repetition(old, new, step, states, {step: Effect(effect) for step, _, effect in rows})


@atomic()
def rerun_from(
    run_uid: str,
    step: str,
    *,
    actor: User,
    seen_at: int,
    reason: str,
    accept: Iterable[str] = (),
    version: RunbookVersion | None = None,
) -> Run:
    """Start a new run that begins at a step of an ended one; what isn't behind it stays as it came out.

    accept: steps that may be done a second time although nobody promised that this is harmless. version: another
    published one of the same runbook. Returns the new run.
    Raises StaleRun, ReasonNeeded, NotSafe, RunbookError, VersionNotPublished, BadInput."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    origin = work.run
    if origin.state not in ENDED:
        state = RunState(origin.state).label.lower()
        raise RunbookError(f"The run is {state}: cancel it first, then what has happened is known.")
    if version is not None and version.runbook_id != origin.version.runbook_id:
        raise RunbookError(f"{version} is another runbook's. Start a run of it instead.")
    planned = rerun_forecast(origin, step, version)
    if missing := asked_for(planned, accept):
        raise NotSafe([(each.step, each.title, each.why) for each in missing])
    mark_run(work)
    title = work.title(step)
    work.say("run.rerun", {"step": step, "title": title, "reason": reason, "twice": _twice(planned)}, actor)
    work.close()
    rows = {row.step: row for row in origin.steps.filter(step__in=planned.kept).select_related("run", "assignee")}
    return start_run(
        version or origin.version,
        stream=origin.stream,
        inputs=origin.inputs,
        starter=actor,
        teams=origin.teams.all(),
        context=origin.context,
        assignees=_assignees(origin),
        mode=origin.mode,
        environment=origin.environment,
        origin=origin,
        kept=rows,
    )


def _twice(planned: Repetition) -> list[str]:
    return [each.title for each in (*planned.safe, *planned.unsafe)]


def _assignees(origin: Run) -> dict[str, User]:
    """Who did the human steps, by what the steps ask for."""
    spec = definition_of_run(origin).by_id
    rows = origin.steps.filter(assignee__isnull=False, role=Role.STEP).select_related("assignee")
    return {spec[row.step].assign: row.assignee for row in rows if row.assignee and spec[row.step].assign}
