"""What people do about a diagnostic that runs already: look who asks the same, and use that result."""

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine import attaching
from runbooks.engine.graph import spec_of
from runbooks.engine.reading import definition_of_run, values_of
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.models import Attempt, Run, StepRun
from runbooks.services import guards
from runbooks.states import OPEN_ATTEMPTS, Role, RunState

MOST = 50  # diagnostics of one run
ROLES = frozenset({Role.STEP, Role.ITEM})


def attachable(run: Run) -> dict[str, list[Attempt]]:
    """By step of this run that has not begun: attempts in the same history that do exactly what it would do.

    One query where no other run of the history is at it; the first MOST diagnostics are looked at."""
    if not _is_open(run) or not _others(run):
        return {}
    definition, values = definition_of_run(run), values_of(run)
    rows = [row for row in run.steps.filter(state__in=attaching.BEFORE, role=Role.STEP) if not is_attached(row)]
    steps = [step for row in rows if (step := definition.by_id[row.step]).harmless and not step.human]
    found = {step.id: attaching.twins(run, step, values) for step in steps[:MOST]}
    return {step: attempts for step, attempts in found.items() if attempts}


def twins_of(row: StepRun) -> list[Attempt]:
    """The same for one step, also for an item of a loop."""
    run = row.run
    if row.state not in attaching.BEFORE or row.role not in ROLES or is_attached(row) or not _is_open(run):
        return []
    spec = spec_of(definition_of_run(run), row.step, Role(row.role), row.of)
    return attaching.twins(run, spec, {**values_of(run), **row.scope}) if spec.harmless and _others(run) else []


def is_attached(row: StepRun) -> bool:
    """Whether the step will use somebody else's result when its turn comes."""
    return attaching.MARK in row.scope


def _is_open(run: Run) -> bool:
    return run.state == RunState.RUNNING


def _others(run: Run) -> bool:
    """Whether any other run of this history acts just now."""
    at_it = Attempt.objects.filter(state__in=OPEN_ATTEMPTS, step_run__run__stream=run.stream)
    return at_it.exclude(step_run__run=run).exists()


@atomic()
def attach_step(run_uid: str, step: str, *, actor: User, seen_at: int, attempt: int) -> StepRun:
    """Let the step use the result of an attempt that does the same now. Raises StaleStep, NothingToAttach."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.running(work)
    attaching.attach(work, step, attempt, actor)
    settle(work)
    work.close()
    return row
