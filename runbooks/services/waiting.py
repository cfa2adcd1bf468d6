"""What people do about a step that waits for a lock: let it act beside the others, on the record of all of them."""

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine import locks
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.models import StepRun
from runbooks.services import guards
from runbooks.states import StepState


@atomic()
def override_lock(run_uid: str, step: str, *, actor: User, seen_at: int, reason: str) -> StepRun:
    """Give a waiting step its locks although others work there.

    Raises StaleStep, ReasonNeeded; NotWaiting and QueueMoved when the queue is not what the person saw."""
    work = lock(run_uid)
    row = guards.seen(work, step, seen_at)
    guards.explained(reason)
    guards.running(work)
    guards.in_state(work, row, StepState.LOCKED)
    locks.override(work, step, actor, reason)
    settle(work)
    work.close()
    return row
