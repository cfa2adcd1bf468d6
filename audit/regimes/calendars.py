"""Working days of a country or one of its regions, with days of one's own. Holidays are those of `holidays`."""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from holidays import HolidayBase


@dataclass(frozen=True, slots=True)
class WorkingDays:
    """Which days an entity works. country: ISO 3166 alpha-2. free: days off beside the public holidays."""

    zone: ZoneInfo
    country: str
    subdivision: str = ""
    free: frozenset[dt.date] = frozenset()

    def is_working(self, day: dt.date) -> bool:
        """Whether it is neither weekend, nor public holiday, nor one of the free days."""
        return day not in self.free and bool(_public(self.country, self.subdivision).is_working_day(day))

    def why_free(self, day: dt.date) -> str:
        """Saturday, or the holiday's name; "" for a working day."""
        if self.is_working(day):
            return ""
        named = _public(self.country, self.subdivision).get(day)
        return f"{day:%A}, {named}" if named else f"{day:%A}" + (", a day off" if day in self.free else "")


def is_known(country: str, subdivision: str = "") -> bool:
    """Whether there is a calendar of that country and, where one is named, of that region of it."""
    import holidays  # as in _public

    known = holidays.list_supported_countries(include_aliases=False)
    return country in known and (not subdivision or subdivision in known[country])


@lru_cache(maxsize=64)
def _public(country: str, subdivision: str) -> "HolidayBase":
    import holidays  # the tables of all countries: most processes never ask

    speaks = holidays.list_localized_countries().get(country, [])
    return holidays.country_holidays(
        country, subdiv=subdivision or None, language="en_US" if "en_US" in speaks else None
    )
