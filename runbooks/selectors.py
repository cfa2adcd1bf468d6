"""Reads of the runbooks room. Lists start from `visible_to`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import QuerySet

from approvals.models import ApprovalRequest
from approvals.states import RequestState
from audit.selectors import EntryRow
from catalog.models import User
from catalog.permissions import teams_where
from catalog.states import Right
from runbooks.engine.layout import Layout, critical_path, layout
from runbooks.engine.model import Definition, Step
from runbooks.engine.reading import definition_of, subject_of
from runbooks.models import Attempt, Run, Runbook, RunbookVersion, StepRun, VersionState
from runbooks.states import LIVE_STEPS, RunState, StepState


@dataclass(frozen=True)
class StepOverview:
    """One step of a run with everything a page says about it.

    after: titles of the steps it needs. assignee: whose it is, for a human step. request: its pending approval.
    attempt: the newest one, if any. seen_at: what an act on this step must carry."""

    step: Step
    row: StepRun
    state: StepState
    after: tuple[str, ...]
    assignee: User | None
    attempt: Attempt | None
    request: ApprovalRequest | None

    @property
    def seen_at(self) -> int:
        return self.row.seen_at

    @property
    def is_over(self) -> bool:
        return self.state in (StepState.DONE, StepState.SKIPPED, StepState.CANCELLED, StepState.FAILED)


@dataclass(frozen=True)
class RunOverview:
    """A run as it stands: steps in the author's order, the picture of the plan, and its critical path."""

    run: Run
    definition: Definition
    steps: tuple[StepOverview, ...]
    picture: Layout
    critical: frozenset[tuple[str, str]]

    def count(self, *states: StepState) -> int:
        return sum(step.state in states for step in self.steps)

    @property
    def by_id(self) -> dict[str, StepOverview]:
        return {step.step.id: step for step in self.steps}


def visible_to(user: User) -> QuerySet[Runbook]:
    """Runbooks of the teams in which the reader may view."""
    return Runbook.objects.filter(team__in=teams_where(user, Right.VIEW))


def current_version(runbook: Runbook) -> RunbookVersion | None:
    """The published version, which runs when nothing else is said."""
    return runbook.versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()


def runs_of_stream(stream: str) -> QuerySet[Run]:
    """Runs whose history is in this stream, newest first."""
    return Run.objects.filter(stream=stream).select_related("version__runbook", "starter")


def run_overview(run: Run) -> RunOverview:
    """The run with its steps. Four queries, whatever the size of the plan."""
    definition = definition_of(run.version)
    rows = {row.step: row for row in run.steps.select_related("assignee")}
    attempts = {attempt.step_run_id: attempt for attempt in Attempt.objects.filter(step_run__run=run).order_by("pk")}
    requests = _pending(run)
    steps = tuple(
        StepOverview(
            step=step,
            row=rows[step.id],
            state=StepState(rows[step.id].state),
            after=tuple(definition.by_id[need].title for need in step.needs),
            assignee=rows[step.id].assignee,
            attempt=attempts.get(rows[step.id].pk),
            request=requests.get(subject_of(run, step.id)),
        )
        for step in definition.steps
    )
    picture, critical = picture_of(definition)
    return RunOverview(run, definition, steps, picture, critical)


def _pending(run: Run) -> dict[str, ApprovalRequest]:
    found = ApprovalRequest.objects.filter(subject__startswith=f"run/{run.uid}/", state=RequestState.PENDING)
    return {request.subject: request for request in found.prefetch_related("asked__user")}


def picture_of(definition: Definition) -> tuple[Layout, frozenset[tuple[str, str]]]:
    """Where each step stands in the graph, and the edges of the longest way through. Computed once per plan."""
    nodes = tuple(step.id for step in definition.steps)
    edges = tuple((need, step.id) for step in definition.steps for need in step.needs)
    return _picture(nodes, edges)


@lru_cache(maxsize=256)
def _picture(nodes: tuple[str, ...], edges: tuple[tuple[str, str], ...]) -> tuple[Layout, frozenset[tuple[str, str]]]:
    return layout(nodes, edges), frozenset(critical_path(nodes, edges))


def waiting_for(user: User) -> list[StepOverview]:
    """Human steps of running runs that this person may start or has begun, oldest first."""
    rows = StepRun.objects.filter(
        run__state=RunState.RUNNING, assignee=user, state__in=[StepState.READY, StepState.RUNNING]
    ).select_related("run__version__runbook", "assignee")
    return [_alone(row) for row in rows.order_by("changed_at")]


def _alone(row: StepRun) -> StepOverview:
    definition = definition_of(row.run.version)
    step = definition.by_id[row.step]
    after = tuple(definition.by_id[need].title for need in step.needs)
    return StepOverview(step, row, StepState(row.state), after, row.assignee, None, None)


def step_overview(run: Run, step: str) -> StepOverview | None:
    """One step of a run, None when there is no such step."""
    return run_overview(run).by_id.get(step)


def history_of(row: StepRun) -> QuerySet[Attempt]:
    """All attempts at a step, oldest first."""
    return row.attempts.order_by("pk")


def is_live(run: Run) -> bool:
    """Whether anything of the run is still going on."""
    return run.steps.filter(state__in=[state.value for state in LIVE_STEPS]).exists()


def figures(run: Run) -> dict[str, Any]:
    """Plan in figures: how many of how many steps, and since when."""
    states = list(run.steps.values_list("state", flat=True))
    done = sum(state in (StepState.DONE, StepState.SKIPPED) for state in states)
    started: datetime = run.started_at
    return {"done": done, "total": len(states), "since": started}


def version_files(stream_uid: str, rows: Sequence[EntryRow]) -> dict[str, bytes]:
    """The runbook versions that these entries name by digest, for an evidence pack: path -> the text as published."""
    told = {row.fields.get("digest") for row in rows if isinstance(row.fields.get("digest"), str)}
    found = RunbookVersion.objects.filter(digest__in=told).values_list("digest", "source")
    return {f"versions/{digest}.yaml": source.encode() for digest, source in found}
