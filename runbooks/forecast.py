"""When a run is likely to end, what that means for the recovery time objective, and what holds it now.

`engine.foresight` draws from the spans of the same steps in earlier runs (`pace`) and says why so.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from catalog.models import Service
from plumbing.errors import MusterError
from plumbing.expressions import render
from runbooks.engine.foresight import Leg, Outlook, Task, outlook
from runbooks.engine.model import Definition
from runbooks.engine.reading import definition_of_run, values_of
from runbooks.holding import Holding, holding
from runbooks.models import Run
from runbooks.pace import history, tasks_of
from runbooks.states import RunState


class Course(StrEnum):
    ON_COURSE = "on course"  # even p90 keeps the objective
    AT_RISK = "at risk"  # p50 does, p90 doesn't
    LATE = "late"  # not even p50


@dataclass(frozen=True)
class Objective:
    """The tightest recovery time objective of the services concerned. chance: of the run's ending before `due_at`."""

    service: str
    within_s: int
    due_at: dt.datetime
    chance: float
    course: Course


@dataclass(frozen=True)
class CriticalStep:
    """A step of the longest way from now, as it typically goes. samples: earlier runs that this rests on; with
    `authored` the times are what its author allows."""

    step: str
    title: str
    begins_at: dt.datetime
    ends_at: dt.datetime
    samples: int
    authored: bool


@dataclass(frozen=True)
class Forecast:
    """runs: how many earlier runs it rests on. authored: titles of open steps without enough history. holding: what
    the run waits for now; those on the critical way first."""

    p50_at: dt.datetime
    p90_at: dt.datetime
    runs: int
    draws: int
    authored: tuple[str, ...]
    critical: tuple[CriticalStep, ...]
    holding: tuple[Holding, ...]
    objective: Objective | None


def forecast(run: Run, now: dt.datetime, *, down_since: dt.datetime | None = None) -> Forecast | None:
    """The forecast of a run that goes on; None when it is over. Eight queries, whatever the size of the plan.

    down_since: when the recovery time began to count, the incident's beginning as a rule; else the run's start."""
    if run.state not in (RunState.RUNNING, RunState.PAUSED):
        return None
    definition = definition_of_run(run)
    past = history(run, definition)
    tasks = tasks_of(run, definition, past, now)
    tightest = _tightest(run, definition)
    due_at = (down_since or run.started_at) + dt.timedelta(seconds=tightest[1]) if tightest else None
    found = outlook(tasks, seed=run.uid, within_s=(due_at - now).total_seconds() if due_at else None)
    way = {leg.id for leg in found.critical}
    by_id = {task.id: task for task in tasks}
    return Forecast(
        p50_at=now + dt.timedelta(seconds=found.p50_s),
        p90_at=now + dt.timedelta(seconds=found.p90_s),
        runs=past.runs,
        draws=found.draws,
        authored=tuple(_title(definition, task.id) for task in tasks if task.authored and not task.over),
        critical=tuple(_critical(definition, leg, by_id[leg.id], now) for leg in found.critical),
        holding=tuple(sorted(holding(run, definition, now), key=lambda one: one.step not in way)),
        objective=_objective(*tightest, due_at, found, now) if tightest and due_at else None,
    )


def _critical(definition: Definition, leg: Leg, task: Task, now: dt.datetime) -> CriticalStep:
    return CriticalStep(
        step=leg.id,
        title=_title(definition, leg.id),
        begins_at=now + dt.timedelta(seconds=leg.begins_s),
        ends_at=now + dt.timedelta(seconds=leg.ends_s),
        samples=0 if task.authored else len(task.samples),
        authored=task.authored,
    )


def _objective(service: str, within_s: int, due_at: dt.datetime, found: Outlook, now: dt.datetime) -> Objective:
    left_s = (due_at - now).total_seconds()
    course = Course.ON_COURSE if found.p90_s <= left_s else Course.AT_RISK if found.p50_s <= left_s else Course.LATE
    return Objective(service, within_s, due_at, found.chance or 0.0, course)


def _title(definition: Definition, step: str) -> str:
    of = step.removeprefix("undo:")
    title = definition.by_id[of].title if of in definition.by_id else of
    return title if of == step else f"Undo: {title}"


def _tightest(run: Run, definition: Definition) -> tuple[str, int] | None:
    """(slug, seconds) of the service with the shortest recovery time, of those touched and those of the incident."""
    values: dict[str, Any] = values_of(run)
    slugs = {_filled(name, values) for name in definition.services()}
    slugs |= set(map(str, run.context.get("incident", {}).get("services", ())))
    found = Service.objects.filter(slug__in=slugs, recovery_time_s__isnull=False).order_by("recovery_time_s", "slug")
    row = found.values_list("slug", "recovery_time_s").first()
    return (row[0], int(row[1] or 0)) if row else None


def _filled(name: str, values: Mapping[str, Any]) -> str:
    try:
        return str(render(name, values))
    except MusterError:  # not known yet
        return ""
