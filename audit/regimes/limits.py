"""Time limits as regimes write them: PT4H, P1M, 4_business_days, without_undue_delay. Pure.

Hours and minutes run on the clock, across weekends and changes of summer time. Days keep the hour of the local clock.
A month ends on the same date of the next month, or on its last day.
"""

import calendar as months_of
import datetime as dt
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from zoneinfo import ZoneInfo

KEYWORDS = {
    "without_undue_delay": "without undue delay",
    "as_soon_as_possible": "as soon as possible",
    "as_soon_as_practicable": "as soon as practicable",
    "promptly": "promptly",
    "immediately": "immediately",
    "none_stated": "no time limit stated",
}
_TIME = re.compile(r"PT(?:(\d{1,4})H)?(?:(\d{1,4})M)?")
_PERIOD = re.compile(r"P(\d{1,3})([DWMY])")
_WORKING = re.compile(r"(\d{1,3})_(business|working)_days")
LAST_MOMENT = dt.time(23, 59, 59, 999_000)  # whole milliseconds, as the ledger counts
EXPECTED = (
    "a length such as PT4H, P14D or P1M (one unit of days, weeks, months or years), 4_business_days, or one of "
    + ", ".join(KEYWORDS)
)


class Unit(StrEnum):
    TIME = "time"  # amount in seconds
    DAYS = "days"
    MONTHS = "months"
    WORKING_DAYS = "working_days"
    KEYWORD = "keyword"  # no moment follows from it


class Calendar(Protocol):
    """Which days somebody works, and where."""

    @property
    def zone(self) -> ZoneInfo:
        """The local time in which days begin and end."""

    def is_working(self, day: dt.date) -> bool:
        """Whether it is neither weekend nor holiday there."""

    def why_free(self, day: dt.date) -> str:
        """Saturday, or the holiday's name."""


@dataclass(frozen=True, slots=True)
class Limit:
    """A length of time as a rule states it. text: as written."""

    unit: Unit
    amount: int
    text: str

    @property
    def words(self) -> str:
        """ "4 hours", "1 month", "4 business days", "without undue delay"."""
        if self.unit is Unit.KEYWORD:
            return KEYWORDS[self.text]
        if self.unit is Unit.WORKING_DAYS:
            return self.text.replace("_", " ")
        if self.unit is Unit.TIME:
            hours, minutes = divmod(self.amount // 60, 60)
            return " ".join(_counted(n, word) for n, word in ((hours, "hour"), (minutes, "minute")) if n)
        return _counted(self.amount, "day" if self.unit is Unit.DAYS else "month")

    def ends(self, start: dt.datetime, calendar: Calendar) -> dt.datetime | None:
        """When it ends, to the hour at which it began; None for a keyword. start: aware."""
        if self.unit is Unit.KEYWORD:
            return None
        if self.unit is Unit.TIME:  # UTC first: adding hours to a local time across summer time is off by one
            return start.astimezone(dt.UTC) + dt.timedelta(seconds=self.amount)
        local = start.astimezone(calendar.zone)
        if self.unit is Unit.DAYS:
            day = local.date() + dt.timedelta(days=self.amount)
        elif self.unit is Unit.MONTHS:
            day = _months_on(local.date(), self.amount)
        else:
            day = working_days_on(local.date(), self.amount, calendar)
        return _at(day, local.time(), calendar)

    @property
    def runs_in_whole_days(self) -> bool:
        """Whether the last day counts to its end: for periods that are counted in working days."""
        return self.unit is Unit.WORKING_DAYS


def read_limit(text: str) -> Limit:
    """The limit. Raises ValueError, which says what would be right."""
    if text in KEYWORDS:
        return Limit(Unit.KEYWORD, 0, text)
    if match := _WORKING.fullmatch(text):
        return Limit(Unit.WORKING_DAYS, _some(int(match[1]), text), text)
    if match := _PERIOD.fullmatch(text):
        amount, unit = int(match[1]), match[2]
        factor = {"D": 1, "W": 7, "M": 1, "Y": 12}[unit]
        return Limit(Unit.DAYS if unit in "DW" else Unit.MONTHS, _some(amount * factor, text), text)
    if match := _TIME.fullmatch(text):
        seconds = int(match[1] or 0) * 3600 + int(match[2] or 0) * 60
        return Limit(Unit.TIME, _some(seconds, text), text)
    raise ValueError(f"found {text!r}, expected {EXPECTED}")


def end_of_day(day: dt.date, calendar: Calendar) -> dt.datetime:
    """The last moment of a local day."""
    return _at(day, LAST_MOMENT, calendar)


def noon(day: dt.date, calendar: Calendar) -> dt.datetime:
    """12:00 of a local day."""
    return _at(day, dt.time(12), calendar)


def next_working_day(day: dt.date, calendar: Calendar) -> dt.date:
    """The first working day after `day`."""
    return working_days_on(day, 1, calendar)


def working_days_on(day: dt.date, count: int, calendar: Calendar) -> dt.date:
    """The `count`-th working day after `day`, which itself is not counted."""
    while count:
        day += dt.timedelta(days=1)
        count -= calendar.is_working(day)
    return day


def _months_on(day: dt.date, count: int) -> dt.date:
    years, month = divmod(day.month - 1 + count, 12)
    year = day.year + years
    last = months_of.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def _at(day: dt.date, time: dt.time, calendar: Calendar) -> dt.datetime:
    return dt.datetime.combine(day, time.replace(tzinfo=None), calendar.zone).astimezone(dt.UTC)


def _some(amount: int, text: str) -> int:
    if not amount:
        raise ValueError(f"found {text!r}, which is no time at all; expected {EXPECTED}")
    return amount


def _counted(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"
