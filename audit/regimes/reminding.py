"""When people are reminded of a clock: halfway, with a fifth of the time left, at the safe target, and when late.

Pure but for the row it looks at. A clock without a moment ("without undue delay") is reminded of once, after a day.
"""

import datetime as dt

from audit.models import Clock, ClockState

HALF, FIFTH, SAFE, LATE, DAY = "half", "fifth", "safe", "late", "day"
TITLES = {
    HALF: "Half the time is over",
    FIFTH: "A fifth of the time is left",
    SAFE: "The safe target is reached",
    LATE: "Late",
    DAY: "Still open after a day",
}
A_DAY = dt.timedelta(days=1)


def schedule(clock: Clock) -> list[tuple[dt.datetime, str]]:
    """(when, which) of everything that is told about a clock, in order."""
    if clock.legal_at is None or clock.safe_at is None:
        return [(clock.started_at + A_DAY, DAY)]
    whole = clock.safe_at - clock.started_at
    told = [(clock.started_at + whole / 2, HALF), (clock.started_at + whole * 0.8, FIFTH), (clock.safe_at, SAFE)]
    return [*told, (clock.legal_at + dt.timedelta(milliseconds=1), LATE)]


def due_now(clock: Clock, now: dt.datetime) -> str:
    """Which message is due, the latest of those that nobody was sent; "" for none."""
    waiting = [which for at, which in schedule(clock) if at <= now and which not in clock.told]
    return waiting[-1] if waiting else ""


def passed(clock: Clock, now: dt.datetime) -> list[str]:
    """All whose time has come: sent, or overtaken by a later one."""
    return [which for at, which in schedule(clock) if at <= now]


def next_look(clock: Clock) -> dt.datetime | None:
    """When the sweep has to look at it again; None for a clock that needs nobody."""
    if clock.state != ClockState.RUNNING and not (clock.state == ClockState.LATE and LATE not in clock.told):
        return None
    return min((at for at, which in schedule(clock) if which not in clock.told), default=None)
