"""When a report is due: a pure function of the rule, of what happened when, and of the entity's working days.

legal: the limit as the law gives it, with the relief of weekends where the entity has it.
safe: what one had better aim at: the exact hour, no weekend extension, never after `legal`.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

from audit.regimes.calendars import WorkingDays
from audit.regimes.limits import Calendar, Limit, Unit, end_of_day, next_working_day, noon
from audit.regimes.model import EVENTS, LATEST_INTERMEDIATE, SUBMITTED, Regime, Stage

FALLBACKS = {"discovered": "aware", "detected": "aware"}  # the same moment under another regime's word
INTERMEDIATE = ("submitted:intermediate", "submitted:intermediate_update")
Moments = Mapping[str, dt.datetime]  # event -> when, aware


@dataclass(frozen=True, slots=True)
class Profile:
    """What of an entity changes its deadlines. tags: its types, and nis2_entity and significant where it is so."""

    tags: frozenset[str]
    calendar: WorkingDays

    def calendar_for(self, regime: Regime) -> WorkingDays:
        """Its own working days, or those of the country that the regime counts in; its own zone either way."""
        if not regime.calendar or regime.calendar == self.calendar.country:
            return self.calendar
        return replace(self.calendar, country=regime.calendar, subdivision="", free=frozenset())


@dataclass(frozen=True, slots=True)
class Due:
    """One deadline. legal and safe are None where the rule gives no moment ("without undue delay").

    because: how it came about, a sentence each."""

    start_event: str
    start: dt.datetime
    limit: Limit
    legal: dt.datetime | None
    safe: dt.datetime | None
    because: tuple[str, ...]


def event_words(event: str) -> str:
    """What an event is called: "Classified as major", "Intermediate submitted"."""
    if event == LATEST_INTERMEDIATE:
        return "The latest intermediate report was submitted"
    if event.startswith(SUBMITTED):
        return f"{event.removeprefix(SUBMITTED).replace('_', ' ').capitalize()} was submitted"
    return EVENTS.get(event, event.replace("_", " ").capitalize())


def concerns(stage: Stage, profile: Profile) -> bool:
    """Whether a stage is meant for entities like this one."""
    return not stage.applies_to or bool(stage.applies_to & profile.tags)


def limit_of(stage: Stage, profile: Profile) -> Limit:
    """The stage's limit for this kind of entity."""
    found = (variant.limit for variant in stage.clock.variants if variant.tags & profile.tags)
    return next(found, stage.clock.limit)


def due(regime: Regime, stage: Stage, profile: Profile, moments: Moments) -> Due | None:
    """When the stage is due; None as long as nothing has started its clock."""
    began = start_of(stage, moments)
    if began is None:
        return None
    event, start = began
    calendar, limit = profile.calendar_for(regime), limit_of(stage, profile)
    told = partial(_moment, calendar=calendar)
    ends = limit.ends(start, calendar)
    if ends is None:
        open_end = (f"{event_words(event)}: {told(start)}.", f"From then {limit.words}.")
        return Due(event, start, limit, None, None, open_end)
    because = [f"{event_words(event)}: {told(start)}.", f"Plus {limit.words}: {told(ends)}."]
    safe, legal = ends, ends
    if limit.runs_in_whole_days or (limit.unit is Unit.MONTHS and regime.period_ends == "day"):
        legal = end_of_day(_day(ends, calendar), calendar)
        because.append(f"The period ends with that day: {told(legal)}.")
    safe, legal = _capped(stage, moments, start, safe, legal, calendar, because)
    return Due(event, start, limit, _relieved(stage, profile, legal, calendar, because), safe, tuple(because))


def start_of(stage: Stage, moments: Moments) -> tuple[str, dt.datetime] | None:
    """(event, moment) that starts a stage's clock: its first, or the latest of those that start it anew."""
    clock = stage.clock
    floor = _at(clock.after, moments) if clock.after else None
    if clock.after and floor is None:
        return None
    counts_from = floor[1] if floor else dt.datetime.min.replace(tzinfo=dt.UTC)
    first = [found for event in clock.starts if (found := _at(event, moments)) and found[1] > counts_from]
    anew = [found for event in clock.also_on if (found := _at(event, moments)) and found[1] > counts_from]
    if anew:
        return max((*first, *anew), key=lambda found: found[1])
    return min(first, key=lambda found: found[1], default=None)


def _at(event: str, moments: Moments) -> tuple[str, dt.datetime] | None:
    if event == LATEST_INTERMEDIATE:
        filed = [(each, moments[each]) for each in INTERMEDIATE if each in moments]
        return max(filed, key=lambda found: found[1], default=None)
    if event in moments:
        return event, moments[event]
    other = FALLBACKS.get(event)
    return (event, moments[other]) if other and other in moments else None


def _capped(
    stage: Stage, moments: Moments, start: dt.datetime, safe: dt.datetime, legal: dt.datetime, calendar: Calendar,
    because: list[str],
) -> tuple[dt.datetime, dt.datetime]:  # fmt: skip
    """Both limits, brought forward where the cap ends earlier."""
    cap = stage.clock.cap
    if cap is None:
        return safe, legal
    began = _at(cap.start, moments)
    ends = cap.limit.ends(began[1], calendar) if began else None
    if began is None or ends is None:
        because.append(f"{event_words(cap.start)}: not known, so {cap.limit.words} from then aren't applied.")
        return safe, legal
    counted = f"{_moment(began[1], calendar)}, plus {cap.limit.words}: {_moment(ends, calendar)}"
    because.append(f"{event_words(cap.start)}: {counted}.")
    if cap.dropped_when_passed and start > ends:
        because.append(f"That had passed when the clock started, so only the {stage.clock.limit.words} count.")
        return safe, legal
    because.append("The earlier of the two counts.")
    return min(safe, ends), min(legal, ends)


def _relieved(
    stage: Stage, profile: Profile, legal: dt.datetime, calendar: WorkingDays, because: list[str]
) -> dt.datetime:
    """The limit, moved to noon of the next working day where it falls on a free one and the entity has that relief."""
    day = _day(legal, calendar)
    rule = stage.day_rule
    if rule is None or calendar.is_working(day):
        return legal
    if excepted := rule.not_for & profile.tags:
        names = ", ".join(sorted(tag.replace("_", " ") for tag in excepted))
        because.append(f"It falls on a {calendar.why_free(day)}; there is no extension for: {names}.")
        return legal
    moved = noon(next_working_day(day, calendar), calendar)
    because.append(f"It falls on a {calendar.why_free(day)}: noon of the next working day, {_moment(moved, calendar)}.")
    return moved


def _day(moment: dt.datetime, calendar: Calendar) -> dt.date:
    return moment.astimezone(calendar.zone).date()


def _moment(moment: dt.datetime, calendar: Calendar) -> str:
    """ "Mon 2 Mar 2026, 16:00 CET"."""
    return f"{moment.astimezone(calendar.zone):%a %-d %b %Y, %H:%M %Z}"
