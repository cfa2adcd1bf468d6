"""Fires a timer: once, whoever finds it, by the database's clock."""

from collections.abc import Callable

from plumbing.database import atomic
from runbooks.engine import deadlines, locks, moments, timers
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.models import Timer
from runbooks.states import RunState

HANDLERS: dict[str, Callable[[Work, Timer], None]] = {
    timers.REMIND: deadlines.remind,
    timers.ESCALATE: deadlines.escalate,
    timers.WITHIN: deadlines.over,
    timers.LOCK_WAIT: locks.ask_a_person,
    timers.NOT_BEFORE: moments.come,
}


def fire(timer_id: int) -> bool:
    """Do what the timer is for. False when it isn't due, or somebody else has fired it: two sweeps are harmless."""
    with atomic():
        timer = Timer.objects.select_related("run", "step_run").filter(pk=timer_id, fired_at=None).first()
        if timer is None:
            return False
        work = lock(timer.run.uid)
        due = Timer.objects.filter(pk=timer_id, fired_at=None, due_at__lte=work.now)
        if work.run.state != RunState.RUNNING or not due.update(fired_at=work.now):
            return False
        HANDLERS[timer.kind](work, timer)
        settle(work)
        work.close()
    return True
