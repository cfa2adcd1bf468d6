"""Control of a run as a whole: pause and resume, a speed limit, cancelling. Each says in the ledger who and why.

Every act carries `seen_at`, the Run.seen_at of the page it was decided on: a late click gets StaleRun.
"""

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine.following import ring_children
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.errors import RunbookError
from runbooks.models import Run
from runbooks.services import guards
from runbooks.services.marking import mark_run
from runbooks.states import RUN_MOVES, Goal, Role, RunState, StepState, check_move

LONGEST_WHY = 300  # characters of a reason on the run's row; the ledger has all of it
WIDEST = 1_000  # steps at a time


@atomic()
def pause_run(run_uid: str, *, actor: User, seen_at: int, reason: str) -> Run:
    """Start nothing new; what is live comes to its end and is verified. Raises StaleRun, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    guards.running(work)
    _move(work, RunState.PAUSED, f"{actor}: {reason}")
    work.say("run.paused", {"reason": reason}, actor)
    settle(work)
    ring_children(work.run)
    work.close()
    return work.run


@atomic()
def resume_run(run_uid: str, *, actor: User, seen_at: int, reason: str) -> Run:
    """Let a paused run go on. Raises StaleRun, ReasonNeeded, IllegalTransition."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    if work.run.state != RunState.PAUSED:
        raise RunbookError(f"The run is not paused: it is {RunState(work.run.state).label.lower()}.")
    _move(work, RunState.RUNNING, "")
    work.say("run.resumed", {"reason": reason}, actor)
    settle(work)
    ring_children(work.run)
    work.close()
    return work.run


def _move(work: Work, to: RunState, why: str) -> None:
    check_move(RUN_MOVES, f"The run of {work.run.version}", work.run.state, to)
    mark_run(work, state=to, why=why[:LONGEST_WHY])


@atomic()
def limit_speed(run_uid: str, *, actor: User, seen_at: int, reason: str, width: int | None) -> Run:
    """Let at most `width` steps be live at a time, None for no limit. What is live beyond it comes to its end.

    Raises StaleRun, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    guards.is_open(work)
    if width is not None and not 1 <= width <= WIDEST:
        raise RunbookError(f"A speed limit is 1 to {WIDEST} steps at a time, or none; found {width}.")
    was = work.run.width
    mark_run(work, width=width)
    work.say("run.width_set", {"was": was or 0, "width": width or 0, "reason": reason}, actor)
    settle(work)
    work.close()
    return work.run


@atomic()
def cancel_run(run_uid: str, *, actor: User, seen_at: int, reason: str) -> Run:
    """Stop a run: nothing new starts, what a worker holds comes to its end, nothing is taken back.

    To take back what it did, see undo_run. Raises StaleRun, ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    guards.seen_run(work, seen_at)
    guards.explained(reason)
    guards.is_open(work)
    mark_run(work, state=RunState.RUNNING, why="", goal=Goal.STOP, goal_why=f"{actor}: {reason}"[:LONGEST_WHY])
    work.say("run.cancelled", {"reason": reason, "with_undo": False}, actor)
    for row in list(work.rows.values()):
        if row.role == Role.STEP and row.state == StepState.WAITING:
            work.move(row.step, StepState.CANCELLED, f"{actor} cancelled the run: {reason}", actor=actor)
    settle(work)
    ring_children(work.run)
    work.close()
    return work.run
