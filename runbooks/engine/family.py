"""Runs inside runs: whose child a run is, and which runbooks a plan would run inside itself."""

from runbooks.actions.run import RUN
from runbooks.engine.model import Definition
from runbooks.models import Run, RunbookVersion, StepRun, VersionState

DEEPEST = 5  # runs inside each other, the outermost one included


def ancestors(run: Run) -> list[StepRun]:
    """The steps that wait for this run, innermost first."""
    found: list[StepRun] = []
    while run.parent_id is not None and len(found) <= DEEPEST:
        row = StepRun.objects.select_related("run__version").get(pk=run.parent_id)
        found.append(row)
        run = row.run
    return found


def patterns(definition: Definition) -> tuple[str, ...]:
    """Names of the runbooks that a plan runs as steps, in its order, each once."""
    names = (str(step.with_.get("runbook", "")) for step in definition.steps if step.action == RUN)
    return tuple(dict.fromkeys(name for name in names if name))


def published(names: frozenset[str]) -> dict[str, RunbookVersion]:
    """The published versions of these runbooks, by name."""
    found = RunbookVersion.objects.filter(runbook__slug__in=names, state=VersionState.PUBLISHED)
    return {version.runbook.slug: version for version in found.select_related("runbook").order_by("number")}
