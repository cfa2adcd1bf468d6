"""Starting runs. One transaction, that says in the ledger who and with what."""

from collections.abc import Iterable, Mapping
from typing import Any

from audit import ledger
from catalog.models import Team, User
from plumbing import clock
from plumbing.database import atomic
from runbooks.engine import starting
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import VersionNotPublished
from runbooks.models import Run, RunbookVersion, StepRun, VersionState
from runbooks.signals import run_started


@atomic()
def start_run(
    version: RunbookVersion,
    *,
    stream: str,
    inputs: Mapping[str, Any],
    starter: User | None,
    teams: Iterable[Team],
    context: Mapping[str, Any] | None = None,
    assignees: Mapping[str, User] | None = None,
    mode: str = "live",
    environment: str = "production",
    origin: Run | None = None,
    kept: Mapping[str, StepRun] | None = None,
) -> Run:
    """Start one run of a published version; its history goes to `stream`.

    inputs: by name, checked against the definition. context: what expressions see beside (`{"incident": {...}}`).
    assignees: who does a human step, by the step's `assign` (`role:commander`). starter: None when a rule started it.
    origin, kept: the run that this one repeats, and those of its rows that stay as they came out, by step.
    Raises BadInput, VersionNotPublished; DefinitionError if the text no longer parses.
    """
    was_published = origin is not None and version.state == VersionState.RETIRED  # the same text may run again
    if version.state != VersionState.PUBLISHED and not was_published:
        raise VersionNotPublished(str(version), version.state)
    now = clock.now()
    order = starting.Order(
        version=version,
        stream=stream,
        inputs=inputs,
        starter=starter,
        teams=teams,
        context=context or {},
        assignees=assignees or {},
        mode=mode,
        environment=environment,
        origin=origin,
        kept=kept or {},
    )
    run, definition = starting.create(order, now)
    work = Work(run, definition, now)
    work.say("run.started", starting.told(run, definition.title), starter or ledger.SYSTEM)
    settle(work)
    run_started.send(sender=Run, run=run)
    work.close()
    return run
