"""Retention: how long a stream's fields are kept, by class; what is past its time; and asking that it is erased.

The classes are data (data/retention.yaml, or the operator's MUSTER_RETENTION). A stream may be given another class.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.db.models import QuerySet

from audit import ledger
from audit.canonical import Json
from audit.ledger import Actor
from audit.models import Entry, ErasureRequest, Hold, Keeping, Stream
from audit.redaction.erasing import MOST_FIELDS, ask_for_retention
from audit.redaction.errors import BadProfile, BadRequest
from audit.redaction.holds import standing
from audit.redaction.moving import reasoned
from audit.redaction.searching import HOUSEKEEPING, Places, all_fields, count_fields, last_substantial
from plumbing import clock
from plumbing.database import atomic

SHIPPED = Path(__file__).parent / "data" / "retention.yaml"
LOG = "portal"
STREAM, ENTRY = "stream", "entry"
CLASS_KEYS = {"title", "years", "days", "from", "why"}


@dataclass(frozen=True, slots=True)
class RetentionClass:
    """How long, and from when. A class without a period keeps for good."""

    slug: str
    title: str
    why: str
    by_entry: bool  # whether each entry's time counts, not that of the stream's last one
    years: int = 0
    days: int = 0

    @property
    def is_for_good(self) -> bool:
        """Whether nothing is ever erased because of its age."""
        return not (self.years or self.days)

    @property
    def words(self) -> str:
        """7 years after the last entry"""
        if self.is_for_good:
            return "for good"
        count, unit = (self.years, "year") if self.years else (self.days, "day")
        return f"{count} {unit}{'' if count == 1 else 's'} after {'each' if self.by_entry else 'the last'} entry"

    def until(self, moment: dt.datetime) -> dt.datetime | None:
        """When what was said at a moment is past its time; None for good. 29 February ends on 1 March."""
        if self.is_for_good:
            return None
        if not self.years:
            return moment + dt.timedelta(days=self.days)
        year = moment.year + self.years
        try:
            return moment.replace(year=year)
        except ValueError:
            return moment.replace(year=year, month=3, day=1)

    def before(self, now: dt.datetime) -> dt.datetime:
        """What was said at or before this moment is past its time now."""
        if not self.years:
            return now - dt.timedelta(days=self.days)
        year = now.year - self.years
        try:
            return now.replace(year=year)
        except ValueError:
            return now.replace(year=year, month=2, day=28)


@dataclass(frozen=True, slots=True)
class Kept:
    """How a stream is kept, for a list."""

    stream: Stream
    retention: RetentionClass
    chosen: Keeping | None
    until: dt.datetime | None
    fields: int  # how many fields are past their time now
    holds: list[Hold]


@dataclass(frozen=True, slots=True)
class Rules:
    """The classes, and which one a stream has by its uid. The first prefix that fits wins."""

    classes: Mapping[str, RetentionClass]
    prefixes: tuple[tuple[str, str], ...]


def rules() -> Rules:
    """The rules in force. Raises BadProfile with every mistake of the file."""
    path = Path(settings.RETENTION_FILE or SHIPPED)
    return _read_file(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=4)
def _read_file(path: Path, _: int) -> Rules:
    return read(path.read_bytes(), path.name)


def read(content: bytes, file: str) -> Rules:
    """The rules in a file. Raises BadProfile."""
    try:
        raw = yaml.safe_load(content)
    except yaml.YAMLError as error:
        raise BadProfile(file, [f"It isn't YAML: {error}."]) from None
    if (
        not isinstance(raw, dict)
        or not isinstance(raw.get("classes"), dict)
        or not isinstance(raw.get("streams"), list)
    ):
        raise BadProfile(file, ["It needs `classes`, a mapping, and `streams`, a list."])
    wrong = [f"Class {slug}: {problem}" for slug, one in raw["classes"].items() for problem in _class_problems(one)]
    for number, one in enumerate(raw["streams"], 1):
        if not isinstance(one, dict) or set(one) != {"prefix", "class"} or one["class"] not in raw["classes"]:
            wrong.append(f"Stream {number}: it names a prefix and one of the classes.")
    if not raw["streams"] or (not wrong and raw["streams"][-1]["prefix"] != ""):
        wrong.append("The last stream has the prefix “”: it stands for all others.")
    if wrong:
        raise BadProfile(file, wrong)
    classes = {slug: _class(slug, one) for slug, one in raw["classes"].items()}
    return Rules(classes, tuple((one["prefix"], one["class"]) for one in raw["streams"]))


def _class_problems(one: Any) -> list[str]:
    if not isinstance(one, dict):
        return ["it must be a mapping."]
    wrong = [f"the key {key!r} is not known." for key in sorted(set(map(str, one)) - CLASS_KEYS)]
    wrong += [f"{key} must be a text." for key in ("title", "why") if not isinstance(one.get(key), str)]
    for key in ("years", "days"):
        if key in one and (not isinstance(one[key], int) or isinstance(one[key], bool) or not 0 < one[key] < 40_000):
            wrong.append(f"{key} must be a number above 0.")
    if "years" in one and "days" in one:
        wrong.append("it has years or days, not both.")
    if one.get("from") not in (STREAM, ENTRY):
        wrong.append(f"from must be {STREAM} or {ENTRY}.")
    return wrong


def _class(slug: str, one: dict[str, Any]) -> RetentionClass:
    return RetentionClass(
        slug, one["title"], one["why"], one["from"] == ENTRY, int(one.get("years", 0)), int(one.get("days", 0))
    )


def class_of(stream: Stream, chosen: Keeping | None = None) -> RetentionClass:
    """The class of a stream: as somebody chose, else by its uid."""
    known = rules()
    if chosen is not None and chosen.retention in known.classes:
        return known.classes[chosen.retention]
    slug = next(slug for prefix, slug in known.prefixes if stream.uid.startswith(prefix))
    return known.classes[slug]


@atomic()
def choose(stream: Stream, retention: str, *, reason: str, actor: Actor) -> Keeping:
    """Give a stream another class. Nothing is erased by it: that takes a request and a second person.

    Raises BadRequest, ReasonMissing."""
    known = rules().classes
    if retention not in known:
        raise BadRequest(f"There is no retention class {retention!r}: there are {', '.join(known)}.")
    ledger.hold(LOG)
    was = class_of(stream, Keeping.objects.filter(stream=stream).first())
    values = {"retention": retention, "reason": reasoned(reason), "by": actor.actor_id, "at": clock.now()}
    row, _ = Keeping.objects.update_or_create(stream=stream, defaults=values)
    told: dict[str, Json] = {"stream": stream.uid, "was": was.slug, "class": retention, "reason": row.reason}
    ledger.record(LOG, "retention.chosen", actor, told)
    return row


def kept(streams: Iterable[Stream], now: dt.datetime) -> list[Kept]:
    """How these streams are kept, and how much of them is past its time."""
    found = list(streams)
    chosen = {row.stream_id: row for row in Keeping.objects.filter(stream__in=found)}
    held: dict[int, list[Hold]] = {}
    for hold in (
        Hold.objects.filter(stream__in=found).exclude(state="lifted").select_related("stream").order_by("set_at")
    ):
        held.setdefault(hold.stream_id, []).append(hold)
    return [_kept(stream, chosen.get(stream.pk), held.get(stream.pk, []), now) for stream in found]


def _kept(stream: Stream, chosen: Keeping | None, holds: list[Hold], now: dt.datetime) -> Kept:
    retention = class_of(stream, chosen)
    last = last_substantial(stream)
    first = Entry.objects.filter(stream=stream).order_by("seq").first() if retention.by_entry else last
    until = retention.until(first.time) if first else None
    entries = past(stream, retention, now)
    count = count_fields(stream, entries) if entries is not None else 0
    return Kept(stream, retention, chosen, until, count, holds)


def past(stream: Stream, retention: RetentionClass, now: dt.datetime) -> QuerySet[Entry] | None:
    """The entries whose fields are past their time; None when there are none."""
    if retention.is_for_good:
        return None
    found = Entry.objects.filter(stream=stream).exclude(kind__in=HOUSEKEEPING)
    limit = retention.before(now)
    if retention.by_entry:
        found = found.filter(time__lte=limit)
        return found if found.exists() else None
    last = last_substantial(stream)
    return found if last is not None and last.time <= limit else None


def ask_for_what_is_past(streams: Iterable[Stream], now: dt.datetime, *, reason: str, actor: Actor) -> ErasureRequest:
    """Ask that everything past its time is erased in these streams; at most MOST_FIELDS at once.

    Streams on hold are left out, and the request says so. Raises BadRequest where nothing is past its time."""
    found: Places = {}
    whole: list[str] = []
    count = 0
    chosen = {row.stream_id: row for row in Keeping.objects.all()}
    for stream in streams:
        retention = class_of(stream, chosen.get(stream.pk))
        entries = past(stream, retention, now)
        places = all_fields(stream, entries) if entries is not None else []
        if not places:
            continue
        room = MOST_FIELDS - count if not standing(stream.uid) else 0
        found[stream.uid] = places[:room] if room else places[:1]  # of one on hold, so that the request names the hold
        count += len(places[:room]) if room else 0
        if not retention.by_entry and len(places) <= room:
            whole.append(stream.uid)
        if count >= MOST_FIELDS:
            break
    if not found:
        raise BadRequest("Nothing is past its time.")
    return ask_for_retention(found, whole, reason=reason, actor=actor)
