"""What people do about a diagnostic that runs already: look who asks the same, and use that result."""

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine import attaching
from runbooks.engine.reading import definition_of_run, values_of
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.models import Attempt, Run, StepRun
from runbooks.services import guards


def attachable(run: Run) -> dict[str, list[Attempt]]:
    """By step of this run that has not begun: attempts in the same history that do exactly what it would do."""
    definition, values = definition_of_run(run), values_of(run)
    waiting = run.steps.filter(state__in=attaching.BEFORE).values_list("step", flat=True)
    steps = [definition.by_id[step] for step in waiting if step in definition.by_id]
    found = {step.id: attaching.twins(run, step, values) for step in steps if step.harmless}
    return {step: attempts for step, attempts in found.items() if attempts}


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
