"""When a step may begin: "not before 22:00". A moment is read once, when the step's turn has come, and kept."""

import datetime as dt

from plumbing.expressions import render
from runbooks.definitions.times import CLOCK, REMEDY
from runbooks.engine import timers
from runbooks.engine.work import Work
from runbooks.errors import BadMoment
from runbooks.models import Timer


def wait_until(work: Work, step: str) -> bool:
    """Find out when the step's `not_before` is, and set its timer. True: the moment has come already.

    Raises BadMoment, ExpressionError."""
    row, spec = work.row(step), work.spec(step)
    at = moment_of(str(render(spec.not_before, work.values_for(step))), work.now)
    if at <= work.now:
        work.keep(row, not_before=at)
        return True
    work.keep(row, not_before=at, why=f"Not before {at:%Y-%m-%d %H:%M} UTC.")
    timers.put(row, timers.NOT_BEFORE, at)
    return False


def moment_of(text: str, now: dt.datetime) -> dt.datetime:
    """ "22:00" is the next one, in UTC, today's if it is this very minute; else a moment with its zone.

    Raises BadMoment."""
    text = text.strip()
    if CLOCK.fullmatch(text):
        at = now.replace(hour=int(text[:2]), minute=int(text[3:]), second=0, microsecond=0)
        return at if at >= now.replace(second=0, microsecond=0) else at + dt.timedelta(days=1)
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise BadMoment(text[:100], REMEDY) from error
    if at.tzinfo is None:
        raise BadMoment(text[:100], REMEDY)
    return at.astimezone(dt.UTC)


def come(work: Work, timer: Timer) -> None:
    """The moment has come: the row says so, and the planner is asked."""
    if timer.step_run is not None:
        row = work.row(timer.step_run.step)
        if row.not_before is not None and row.not_before <= work.now:
            work.keep(row, not_before=row.not_before)
