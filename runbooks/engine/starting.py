"""The rows of a new run: one way for runs that people start, that rules start, and that are steps of other runs."""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog.models import Team, User
from runbooks.engine import watching
from runbooks.engine.inputs import check_environment, checked
from runbooks.engine.model import Definition
from runbooks.engine.reading import definition_of
from runbooks.models import GroupRun, Run, RunbookVersion, StepRun


@dataclass(frozen=True)
class Order:
    """What is to run, for whom. context: what expressions see beside. assignees: who does a human step, by its
    `assign`. kept: rows of `origin`, the run that this one repeats, that stay as they came out, by step."""

    version: RunbookVersion
    stream: str
    inputs: Mapping[str, Any]
    starter: User | None
    teams: Iterable[Team]
    context: Mapping[str, Any] = field(default_factory=dict)
    assignees: Mapping[str, User] = field(default_factory=dict)
    mode: str = "live"
    environment: str = "production"
    is_linear: bool = False
    parent: StepRun | None = None
    origin: Run | None = None
    kept: Mapping[str, StepRun] = field(default_factory=dict)


def create(order: Order, now: dt.datetime) -> tuple[Run, Definition]:
    """The run with a row per step, watch and group; nothing has begun. Raises BadInput, DefinitionError."""
    definition = definition_of(order.version)
    check_environment(definition, order.environment)
    run = Run.objects.create(
        version=order.version,
        stream=order.stream,
        mode=order.mode,
        environment=order.environment,
        is_linear=order.is_linear,
        inputs=checked(definition, order.inputs),
        context=dict(order.context),
        starter=order.starter,
        parent=order.parent,
        origin=order.origin,
        started_at=now,
    )
    run.teams.set(order.teams)
    rows = [
        StepRun(run=run, step=step.id, position=position, changed_at=now, assignee=order.assignees.get(step.assign))
        for position, step in enumerate(definition.steps)
    ]
    for row in rows:
        if row.step in order.kept:
            _keep(row, order.kept[row.step])
    StepRun.objects.bulk_create([*rows, *watching.rows(run, definition, now)])
    groups = ["", *(section.id for section in definition.sections if section.strategy)]
    GroupRun.objects.bulk_create([GroupRun(run=run, group=group, changed_at=now) for group in groups])
    return run, definition


def _keep(row: StepRun, was: StepRun) -> None:
    """What the run before came to is what this one goes on from. Its effects are that run's: never undone here."""
    row.state, row.output, row.decision, row.items = was.state, was.output, was.decision, was.items
    row.started_at, row.ended_at, row.assignee = was.started_at, was.ended_at, was.assignee
    row.is_kept, row.why = True, f"Kept as it came out in the run of {was.run.started_at:%-d %b %Y, %H:%M} UTC."


def told(run: Run, title: str) -> dict[str, Any]:
    """What `run.started` says."""
    return {
        "runbook": title,
        "version": run.version.number,
        "digest": run.version.digest,
        "mode": run.mode,
        "environment": run.environment,
        **({"repeats": run.origin.uid} if run.origin else {}),
        **({"part_of": run.parent.run.uid, "step": run.parent.step} if run.parent else {}),
        **{f"input_{key}": str(value) for key, value in run.inputs.items()},
    }
