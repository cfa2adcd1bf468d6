"""Reads of the runbooks room. Lists start from `visible_to`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from typing import Any

from django.db.models import QuerySet

from approvals.models import ApprovalRequest
from approvals.states import RequestState
from audit.selectors import EntryRow
from catalog.models import User
from catalog.permissions import teams_where
from catalog.states import Right
from runbooks.engine.graph import Branch, Graph, graph_of, spec_of
from runbooks.engine.layout import Layout, critical_path, layout
from runbooks.engine.model import Definition, OnFailure, Step, Strategy
from runbooks.engine.reading import definition_of_run, subject_of
from runbooks.models import Attempt, Run, Runbook, RunbookVersion, StepRun, VersionState
from runbooks.states import (
    LIVE_STEPS,
    PASSED_STEPS,
    SETTLED_STEPS,
    AttemptState,
    GroupState,
    Role,
    RunState,
    StepState,
)

BROKEN = frozenset({StepState.FAILED, StepState.CANCELLED, StepState.UNDOING, StepState.UNDONE, StepState.STUCK})


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
    def waits_for(self) -> str:
        """Which workers could begin it, where not all of them may; empty when it waits for none."""
        queued = self.attempt if self.attempt and self.attempt.state == AttemptState.QUEUED else None
        if queued is None or not queued.executor or queued.started_at is not None:
            return ""
        return f"Waits for a worker with the label {queued.executor}."

    @property
    def why(self) -> str:
        """Why it is as it is: the worker that it waits for, or what its last move said."""
        return self.waits_for or self.row.why

    @property
    def is_over(self) -> bool:
        return self.state in SETTLED_STEPS or self.state in (StepState.FAILED, StepState.STUCK)

    @property
    def key(self) -> str:
        """Its id in the run: the step's own, or that of an item or an undo."""
        return self.row.step


@dataclass(frozen=True)
class BranchOverview:
    """A branch of a group: titles of its members, and whether all of them passed or one is broken."""

    titles: tuple[str, ...]
    steps: tuple[str, ...]
    passed: bool
    broken: bool


@dataclass(frozen=True)
class GroupOverview:
    """A group that says what a failure means, as it stands. id: of its section, "" for the whole run.

    seen_at: what an answer to its question must carry."""

    id: str
    title: str
    strategy: Strategy
    state: GroupState
    why: str
    seen_at: int
    branches: tuple[BranchOverview, ...]

    @property
    def passed(self) -> int:
        return sum(branch.passed for branch in self.branches)

    @property
    def broken(self) -> int:
        return sum(branch.broken for branch in self.branches)


@dataclass(frozen=True)
class RunOverview:
    """A run as it stands: steps in the author's order, the picture of the plan, and its critical path.

    extras: items of loops and steps that take others back, in the order in which they came to be. groups: those with a
    strategy, the whole run among them when it has one or asks something."""

    run: Run
    definition: Definition
    steps: tuple[StepOverview, ...]
    picture: Layout
    critical: frozenset[tuple[str, str]]
    extras: tuple[StepOverview, ...] = ()
    groups: tuple[GroupOverview, ...] = ()

    def count(self, *states: StepState) -> int:
        return sum(step.state in states for step in self.steps)

    def goes_back(self, step: str) -> bool:
        """Whether a group around the step is being taken back, or was."""
        graph = graph_of(self.definition)
        around = graph.above[graph.group_of[step]] if step in graph.group_of else ()
        back = {group.id for group in self.groups if group.state in (GroupState.UNDOING, GroupState.UNDONE)}
        return not back.isdisjoint(around)

    @cached_property
    def by_id(self) -> dict[str, StepOverview]:
        return {step.key: step for step in (*self.steps, *self.extras)}


def visible_to(user: User) -> QuerySet[Runbook]:
    """Runbooks of the teams in which the reader may view."""
    return Runbook.objects.filter(team__in=teams_where(user, Right.VIEW))


def current_version(runbook: Runbook) -> RunbookVersion | None:
    """The published version, which runs when nothing else is said."""
    return runbook.versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()


def run_overview(run: Run) -> RunOverview:
    """The run with its steps. Five queries, whatever the size of the plan."""
    definition = definition_of_run(run)
    rows = list(run.steps.exclude(role=Role.WATCH).select_related("assignee"))
    attempts = {attempt.step_run_id: attempt for attempt in Attempt.objects.filter(step_run__run=run).order_by("pk")}
    requests = _pending(run)

    def overview(row: StepRun) -> StepOverview:
        spec = spec_of(definition, row.step, Role(row.role), row.of)
        return StepOverview(
            step=spec,
            row=row,
            state=StepState(row.state),
            after=tuple(definition.by_id[need].title for need in spec.needs),
            assignee=row.assignee,
            attempt=attempts.get(row.pk),
            request=requests.get(subject_of(run, row.step)),
        )

    by_step = {row.step: row for row in rows}
    steps = tuple(overview(by_step[step.id]) for step in definition.steps)
    extras = tuple(overview(row) for row in sorted(rows, key=lambda row: row.pk) if row.role != Role.STEP)
    picture, critical = picture_of(definition)
    return RunOverview(run, definition, steps, picture, critical, extras, _groups(run, definition, by_step))


def _groups(run: Run, definition: Definition, rows: Mapping[str, StepRun]) -> tuple[GroupOverview, ...]:
    graph, told = graph_of(definition), {row.group: row for row in run.groups.all()}
    found = []
    for group in graph.groups:
        row, strategy = told.get(group), graph.strategy(group)
        state = GroupState(row.state) if row else GroupState.OPEN
        if strategy.on_failure is OnFailure.STOP and state in (GroupState.OPEN, GroupState.PASSED, GroupState.FAILED):
            continue  # nothing to say that its steps don't say
        branches = tuple(_branch(graph, branch, rows) for branch in graph.branches(group))
        why, seen_at = (row.why, row.seen_at) if row else ("", 0)
        found.append(GroupOverview(group, graph.title(group), strategy, state, why, seen_at, branches))
    return tuple(found)


def _branch(graph: Graph, branch: Branch, rows: Mapping[str, StepRun]) -> BranchOverview:
    inner = [step for group in branch.groups for step in graph.all_steps(group)]
    steps = tuple(sorted((*branch.steps, *inner), key=lambda step: graph.place[step]))
    states = {StepState(rows[step].state) for step in steps}
    titles = tuple(graph.by_id[step].title for step in steps)
    return BranchOverview(titles, steps, passed=states <= PASSED_STEPS, broken=bool(states & BROKEN))


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
    definition = definition_of_run(row.run)
    step = spec_of(definition, row.step, Role(row.role), row.of)
    after = tuple(definition.by_id[need].title for need in step.needs)
    return StepOverview(step, row, StepState(row.state), after, row.assignee, None, None)


def history_of(row: StepRun) -> QuerySet[Attempt]:
    """All attempts at a step, oldest first."""
    return row.attempts.order_by("pk")


def is_live(run: Run) -> bool:
    """Whether anything of the run is still going on."""
    return run.steps.filter(state__in=[state.value for state in LIVE_STEPS]).exists()


def figures(run: Run) -> dict[str, Any]:
    """Plan in figures: how many of how many steps, and since when."""
    states = list(run.steps.filter(role=Role.STEP).values_list("state", flat=True))
    done = sum(state in PASSED_STEPS for state in states)
    started: datetime = run.started_at
    return {"done": done, "total": len(states), "since": started}


def version_files(stream_uid: str, rows: Sequence[EntryRow]) -> dict[str, bytes]:
    """The runbook versions that these entries name by digest, for an evidence pack: path -> the text as published."""
    told = {row.fields.get("digest") for row in rows if isinstance(row.fields.get("digest"), str)}
    found = RunbookVersion.objects.filter(digest__in=told).values_list("digest", "source")
    return {f"versions/{digest}.yaml": source.encode() for digest, source in found}
