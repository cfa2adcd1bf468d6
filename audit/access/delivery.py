"""Security events go out: read from the ledger by a cursor per stream, at least once, in order, never in the way.

Whoever was killed between sending and moving the cursor may have sent a batch, and another sends it again: each event
carries its entry's id. A collector that is away costs nothing but its own delay.
"""

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from audit import selectors
from audit.access import events, outlets
from audit.models import EventCursor, EventFeed, Stream
from audit.selectors import EntryRow
from plumbing import clock
from plumbing.database import atomic
from plumbing.egress import EgressError

NAME = "siem"
LEASE = dt.timedelta(seconds=60)
BACKOFF = tuple(dt.timedelta(seconds=each) for each in (5, 15, 60, 300, 600))
BATCH = 200  # entries that are looked at together
MOST_BATCHES = 50  # of one turn; the next one goes on
LONGEST_ERROR = 500


@dataclass(frozen=True, slots=True)
class Outlook:
    """How the feed is doing, for people."""

    host: str = ""
    format: str = ""
    problem: str = ""
    behind: int = 0  # entries nobody looked at yet
    feed: EventFeed | None = None

    @property
    def is_on(self) -> bool:
        """Whether a collector is set."""
        return bool(self.host)


def due(now: dt.datetime) -> Iterator[str]:
    """The feed's name, when a collector is set, something is there to look at, and nobody is at it (for the sweep)."""
    if not settings.SIEM.where:
        return
    feed = EventFeed.objects.filter(name=NAME).first()
    if feed is None or (_free(now).filter(pk=feed.pk).exists() and behind(feed).exists()):
        yield NAME


def deliver(name: str = NAME) -> int:
    """Send what is new. Returns how many events went out; 0 when somebody else is at it, or the collector is away.

    Safe to call twice, late, or at once from two processes: one holds the lease."""
    if not settings.SIEM.where:
        return 0
    feed = _claim(name)
    if feed is None:
        return 0
    sent, error = 0, ""
    try:
        for _ in range(MOST_BATCHES):
            count = _send_one_batch(feed)
            if count is None:
                break
            sent += count
    except EgressError as failure:
        error = str(failure)[:LONGEST_ERROR]
    _settle(feed, sent, error)
    return sent


def behind(feed: EventFeed) -> QuerySet[Stream]:
    """Streams with entries that nobody looked at yet for this feed; `looked` says how far somebody did."""
    cursors = EventCursor.objects.filter(feed=feed, stream=OuterRef("pk")).values("size")
    looked = Coalesce(Subquery(cursors), 0, output_field=IntegerField())
    return Stream.objects.annotate(looked=looked).filter(size__gt=F("looked"), time__gte=feed.since)


def outlook() -> Outlook:
    """How the feed is doing."""
    collector = settings.SIEM
    feed = EventFeed.objects.filter(name=NAME).first()
    waiting = sum(stream.size - stream.looked for stream in behind(feed)) if feed else 0  # type: ignore[attr-defined]
    return Outlook(collector.host, collector.format, collector.problem, waiting, feed)


def _free(now: dt.datetime) -> QuerySet[EventFeed]:
    return EventFeed.objects.filter(Q(lease_until=None) | Q(lease_until__lte=now), next_at__lte=now)


def _claim(name: str) -> EventFeed | None:
    """The feed, ours for LEASE. The first time it begins now: history is for packs."""
    now = clock.now()
    with atomic():
        EventFeed.objects.get_or_create(name=name, defaults={"since": now, "next_at": now})
        if not _free(now).filter(name=name).update(lease_until=now + LEASE):
            return None
        return EventFeed.objects.get(name=name)


def _send_one_batch(feed: EventFeed) -> int | None:
    """Events of the next entries of one stream; None when nothing is left, or the lease is somebody else's."""
    stream = behind(feed).order_by("time", "pk").first()
    if stream is None:
        return None
    rows = selectors.entries(stream.uid, after=stream.looked - 1, limit=BATCH)  # type: ignore[attr-defined]
    if not rows:
        return None
    wanted = [row for row in rows if row.time >= feed.since and events.concerns(stream.uid, row.kind)]
    if wanted:
        outlets.send(settings.SIEM, _written(stream.uid, wanted), token=settings.SIEM_TOKEN)
    with atomic():
        lease = clock.now() + LEASE
        if not EventFeed.objects.filter(pk=feed.pk, lease_until=feed.lease_until).update(lease_until=lease):
            return None  # we were too slow, and another took over: what we sent, it sends again
        feed.lease_until = lease
        EventCursor.objects.update_or_create(feed=feed, stream=stream, defaults={"size": rows[-1].seq + 1})
    return len(wanted)


def _written(stream: str, rows: list[EntryRow]) -> list[bytes]:
    """Each event as it goes out."""
    collector, origin = settings.SIEM, settings.LEDGER_ORIGIN
    if collector.format == "ocsf":
        lines = [json.dumps(events.ocsf(stream, row, product=origin), ensure_ascii=False) for row in rows]
    else:
        lines = [events.cef(stream, row, product=origin) for row in rows]
    if collector.kind == "webhook":
        return [line.encode() for line in lines]
    host = origin.split("/")[0]
    return [events.syslog(line, row, host=host) for line, row in zip(lines, rows, strict=True)]


def _settle(feed: EventFeed, sent: int, error: str) -> None:
    """Let the feed go, and say how it went."""
    now = clock.now()
    mine = EventFeed.objects.filter(pk=feed.pk, lease_until=feed.lease_until)
    if error:
        wait = BACKOFF[min(feed.tries, len(BACKOFF) - 1)]
        mine.update(lease_until=None, tries=F("tries") + 1, next_at=now + wait, error=error, sent=F("sent") + sent)
        return
    mine.update(lease_until=None, tries=0, next_at=now, error="", sent=F("sent") + sent, sent_at=now)
