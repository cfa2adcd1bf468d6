"""Taking back what was done: a whole run, a group, the branch of a step; and what to do when an undo failed.

What an undo would do is said before it starts (`forecast_undo`), in the ledger too.
"""

from collections.abc import Mapping
from typing import Any

from catalog.models import Service, User
from plumbing.database import atomic
from plumbing.expressions import ExpressionError, render
from runbooks.engine.facts import undo_id
from runbooks.engine.following import ring_children
from runbooks.engine.model import Definition, Effect, Step
from runbooks.engine.reading import values_of
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.taking_back import LIVE, Row, UndoForecast, as_words, scope_of, undo_forecast
from runbooks.engine.work import Work
from runbooks.errors import NothingToUndo, RunbookError
from runbooks.models import GroupRun, Run, StepRun
from runbooks.services import guards
from runbooks.services.marking import LONGEST_WHY, mark, mark_group, mark_run
from runbooks.services.mending import replace_step, retry_step
from runbooks.states import Choice, Goal, GroupState, Role, RunState, StepState

LONGEST_GOAL = 300
NOT_AGAIN = frozenset({GroupState.UNDOING, GroupState.UNDONE})


def forecast_undo(run: Run, definition: Definition, kind: str, name: str = "") -> UndoForecast:
    """What an undo would do now. kind: `run`; `group`, by its id; `branch`, by the id of one of its steps."""
    found = run.steps.filter(role__in=[Role.STEP, Role.ITEM])
    values = found.values_list("step", "role", "of", "state", "effect", "is_kept")
    rows = [
        Row(step, Role(role), of, StepState(state), Effect(eff), kept) for step, role, of, state, eff, kept in values
    ]
    return undo_forecast(definition, rows, scope_of(definition, kind, name))


def who_is_asked(run: Run, forecast: UndoForecast) -> dict[str, str]:
    """Per step that is taken back, whose consent or hand its undo needs, in words; none where a worker does it."""
    values, found = values_of(run), dict[str, str]()
    for each in forecast.order:
        spec = each.spec
        asked = [f"consent of {_owner(spec, values)}"] if spec.approval is not None else []
        if spec.human:
            kind, _, name = spec.assign.partition(":")
            asked.append(f"done by {'the ' * (kind == 'role')}{name or 'anybody'}")
        if asked:
            found[each.step] = " and ".join(asked)
    return found


def _owner(spec: Step, values: Mapping[str, Any]) -> str:
    names = []
    for touched in spec.touches:
        try:
            names.append(str(render(touched, values)))
        except ExpressionError:
            names.append(touched)
    owners = Service.objects.filter(slug__in=names, owner__isnull=False).select_related("owner")
    return ", ".join(dict.fromkeys(str(service.owner) for service in owners)) or "nobody: no owner is known"


@atomic()
def undo_run(run_uid: str, *, actor: User, seen_at: int, reason: str) -> Run:
    """Stop a run, and take back everything that it did. Raises StaleRun, ReasonNeeded, RunbookError, NothingToUndo."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    guards.reopen(work, actor, reason)
    if work.run.goal == Goal.UNDO:
        raise RunbookError(f"The run is being taken back already: {work.run.goal_why}")
    _say(work, "run", "", work.definition.title, actor, reason)
    goal_why = f"{actor}: {reason}"[:LONGEST_GOAL]
    mark_run(work, state=RunState.RUNNING, why="", goal=Goal.UNDO, goal_why=goal_why)  # paused, it would never end
    ring_children(work.run)
    settle(work)
    work.close()
    return work.run


@atomic()
def undo_group(run_uid: str, group: str, *, actor: User, seen_at: int, reason: str) -> GroupRun:
    """Take back everything that a group did; outside of it, it counts as broken.

    Raises StaleStep, ReasonNeeded, RunbookError, NothingToUndo."""
    work = lock(run_uid)
    row = guards.seen_group(work, group, seen_at)
    guards.explained(reason)
    guards.reopen(work, actor, reason)
    title = guards.group_title(work, group)
    if row.state in NOT_AGAIN or row.choice:
        raise RunbookError(f"“{title}” is {GroupState(row.state).label.lower()} already. {row.choice_why}".rstrip())
    _say(work, "group", group, title, actor, reason)
    mark_group(row, choice=Choice.UNDO_ALL, choice_why=f"{actor}: {reason}"[:LONGEST_WHY])
    settle(work)
    work.close()
    return row


@atomic()
def undo_branch(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """Take back what the branch of a step did, in the group around it.

    Raises StaleStep, ReasonNeeded, RunbookError, NothingToUndo."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.reopen(work, actor, reason)
    if row.role != Role.STEP:
        raise RunbookError(f"“{work.title(step)}” is no step of the plan; undo the branch of the step that it is of.")
    live = [work.title(each) for each in scope_of(work.definition, "branch", step) if work.row(each).state in LIVE]
    if live:
        raise RunbookError(f"In this branch {', '.join(live)} is live. Let it end, or hold the branch, then undo it.")
    _say(work, "branch", step, f"the branch of “{work.title(step)}”", actor, reason)
    mark(work, row, choice=Choice.UNDO_BRANCHES, choice_why=f"{actor}: {reason}"[:LONGEST_WHY])
    settle(work)
    work.close()
    return row


def _say(work: Work, kind: str, name: str, what: str, actor: User, reason: str) -> None:
    forecast = forecast_undo(work.run, work.definition, kind, name)
    if kind != "run" and not forecast.order:
        raise NothingToUndo(what, [f"{each.title}: {each.why}" for each in forecast.stays])
    fields: dict[str, Any] = {"what": what if kind == "branch" else f"“{what}”", "scope": kind, "reason": reason}
    fields |= {"group": name} if kind == "group" else {"step": name} if kind == "branch" else {}
    work.say("run.undo_asked", {**fields, **as_words(forecast)}, actor)


def retry_undo(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """Try the failed undo of a stuck step again. seen_at: of the stuck step. Raises as retry_step does."""
    return retry_step(run_uid, undo_id(step), actor=actor, seen_at=_undo_seen(run_uid, step, seen_at), reason=reason)


def undone_by_hand(run_uid: str, step: str, *, actor: User, seen_at: int, evidence: str) -> StepRun:
    """A person took a stuck step back by hand, with this evidence. Raises as replace_step does."""
    seen = _undo_seen(run_uid, step, seen_at)
    return replace_step(run_uid, undo_id(step), actor=actor, seen_at=seen, evidence=evidence)


@atomic()
def _undo_seen(run_uid: str, step: str, seen_at: int) -> int:
    """The `seen_at` of the undo of a step that is stuck, if the step is as the person saw it."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.in_state(work, row, StepState.STUCK)
    return int(work.row(undo_id(step)).seen_at)
