"""What a nested run and its parent hear of each other: read without a lock, rung for, found by the sweep."""

from typing import Any

from django.db.models import Q

from plumbing import doorbell
from runbooks.engine import watching
from runbooks.engine.nested import ENDED, HOLDER, open_attempts
from runbooks.engine.work import Work
from runbooks.errors import NestedRefused
from runbooks.models import Attempt, Run, StepRun
from runbooks.states import RUN_MOVES, AttemptState, Goal, Role, RunState, StepState, check_move

WITH_PARENT = "With the run that it is part of"  # begins the reason of whatever a child does because its parent did
LIVE = (RunState.RUNNING, RunState.PAUSED)
LONGEST_WHY = 300


def find_due() -> set[str]:
    """Runs that have something to hear of their child, their parent or their proposals, in case nobody rang."""
    return _nested_due() | watching.find_lapsed()


def _nested_due() -> set[str]:
    held = Attempt.objects.filter(state=AttemptState.LEASED, worker__startswith=HOLDER)
    parents = {worker.removeprefix(HOLDER): uid for worker, uid in held.values_list("worker", "step_run__run__uid")}
    if not parents:
        return set()
    undoing = held.filter(step_run__role=Role.UNDO).values_list("worker", flat=True)
    undone = {worker.removeprefix(HOLDER) for worker in undoing}
    children = Run.objects.filter(uid__in=parents)
    never_begun = Q(state=RunState.RUNNING) & ~Q(steps__seen_at__gt=0)
    paused = Q(state=RunState.RUNNING, parent__run__state=RunState.PAUSED)
    resumed = Q(state=RunState.PAUSED, why__startswith=WITH_PARENT, parent__run__state=RunState.RUNNING)
    stopped = Q(state__in=LIVE, goal=Goal.FINISH) & ~Q(parent__run__goal=Goal.FINISH)
    taken_back = Q(uid__in=undone) & ~Q(goal=Goal.UNDO)
    following = set(
        children.filter(never_begun | paused | resumed | stopped | taken_back).values_list("uid", flat=True)
    )
    ended = children.filter(state__in=ENDED).exclude(taken_back).values_list("uid", flat=True)
    nothing_left = {uid for child, uid in parents.items() if not child}
    return following | {parents[uid] for uid in ended} | nothing_left


def follow(work: Work) -> bool:
    """Do what the parent's state asks of this run; let go of proposals that came too late. True when something changed.

    The first thing that a transaction does which advances a run."""
    watching.lapse(work)
    if work.run.parent_id is None:
        return False
    parent = Run.objects.get(steps=work.run.parent_id)
    if _is_to_be_taken_back(work.run):
        return _take_back(work)
    if work.run.state in LIVE and work.run.goal == Goal.FINISH and parent.goal != Goal.FINISH:
        goal_why = f"{WITH_PARENT}: {parent.goal_why}"[:LONGEST_WHY]
        _set(work, goal=Goal.STOP, goal_why=goal_why, state=RunState.RUNNING, why="")  # paused, it would never end
        work.say("run.cancelled", {"reason": f"{WITH_PARENT}: {parent.goal_why}", "with_undo": False})
        return True
    if work.run.state == RunState.RUNNING and parent.state == RunState.PAUSED:
        _set(work, state=RunState.PAUSED, why=f"{WITH_PARENT}: {parent.why}"[:LONGEST_WHY])
        work.say("run.paused", {"reason": f"{WITH_PARENT}: {parent.why}"})
        return True
    if _is_paused_with(work.run) and parent.state == RunState.RUNNING:
        _set(work, state=RunState.RUNNING, why="")
        work.say("run.resumed", {"reason": f"{WITH_PARENT}."})
        return True
    return False


def _is_paused_with(run: Run) -> bool:
    return run.state == RunState.PAUSED and run.why.startswith(WITH_PARENT)


def _is_to_be_taken_back(run: Run) -> bool:
    held = Attempt.objects.filter(worker=f"{HOLDER}{run.uid}", state=AttemptState.LEASED, step_run__role=Role.UNDO)
    return run.goal != Goal.UNDO and run.state != RunState.UNDONE and held.exists()


def _take_back(work: Work) -> bool:
    why = f"{WITH_PARENT}: its step is taken back."
    _set(work, goal=Goal.UNDO, goal_why=why, state=RunState.RUNNING, why="", ended_at=None)
    what = f"“{work.definition.title}”"
    work.say("run.undo_asked", {"what": what, "order": "", "stays": "", "reason": why})
    return True


def _set(work: Work, **facts: Any) -> None:
    if facts.get("state", work.run.state) != work.run.state:
        check_move(RUN_MOVES, f"The run of {work.run.version}", work.run.state, facts["state"])
    for name, value in facts.items():
        setattr(work.run, name, value)
    work.run.seen_at += 1
    work.run.save(update_fields=[*facts, "seen_at"])


def ring_parent(run: Run) -> None:
    """Let the parent look: this run came to its end."""
    if run.parent_id is not None:
        doorbell.ring("run", Run.objects.values_list("uid", flat=True).get(steps=run.parent_id))


def ring_children(run: Run) -> None:
    """Let the live children look: this run was paused, resumed or cancelled."""
    for attempt in open_attempts(run):
        doorbell.ring("run", attempt.worker.removeprefix(HOLDER))


def check_reopen(run: Run) -> None:
    """Raises NestedRefused when somebody wants a failed child to go on whose parent has gone on without it."""
    if run.parent_id is None:
        return
    waits = Attempt.objects.filter(step_run=run.parent_id, state=AttemptState.LEASED, worker=f"{HOLDER}{run.uid}")
    if not waits.exists():
        row = StepRun.objects.select_related("run").get(pk=run.parent_id)
        state = StepState(row.state).label.lower()
        raise NestedRefused(run.version.runbook.slug, f"the step that it ran for is {state} already. Retry that step.")
