"""Kinds of packs: which streams each holds, and which of their entries it is about.

Entries that it isn't about are in it all the same, or their chain would not hold; their fields are listed as withheld.
"""

import datetime as dt
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from audit.errors import NothingToPack
from audit.extracts import ACTOR_ID, Leave, show_all
from audit.models import Entry, PackKind, Stream
from audit.naming import labels, people
from audit.packs.errors import NoSuchSubject
from audit.selectors import EntryRow

ACCESS, PORTAL = "access", "portal"
OF_STREAMS = (PackKind.INCIDENT, PackKind.RUNBOOK, PackKind.STREAM)
KINDS = {"inc_": PackKind.INCIDENT, "rbk_": PackKind.RUNBOOK}
ELSEWHERE = {
    PackKind.APPROVAL: "not about this approval",
    PackKind.PERIOD: "outside this period",
    PackKind.PERSON: "not about this person",
    PackKind.RUNBOOK: "not about this runbook",
}
MOST_STREAMS = 500  # in one pack


@dataclass(frozen=True, slots=True)
class Subject:
    """What a pack of a kind is about. streams: uids, the first is the one it is about. words: in which an entry of the
    further streams (of the first one too, for an approval) names it."""

    title: str
    streams: tuple[str, ...]
    words: Collection[str] = ()


Find = Callable[[str], Subject | None]  # uid of the subject -> what a pack about it holds

_finders: dict[str, Find] = {}  # the rest is about a stream


def register(kind: PackKind, find: Find) -> None:
    """Let the room that owns a kind of subject (approvals, runbooks) find it for packs."""
    _finders[kind] = find


def kind_of(stream_uid: str) -> PackKind:
    """Which kind of pack is about a stream."""
    return KINDS.get(stream_uid[:4], PackKind.STREAM)


def find(kind: str, subject: str) -> Subject:
    """The subject of a pack that is about one thing; a period has none. Raises NoSuchSubject, NothingToPack."""
    if kind in OF_STREAMS and kind_of(subject) != kind:
        raise NoSuchSubject(f"{subject!r} is not the stream of {PackKind(kind).label.lower()}.")
    found = _finders.get(kind, _stream)(subject) or (_stream(subject) if kind in OF_STREAMS else None)
    if found is None:
        raise NoSuchSubject(f"{PackKind(kind).label} {subject!r}: there is nothing that a pack of it could hold.")
    return found


def grew_between(streams: Sequence[str], since: dt.datetime, until: dt.datetime) -> tuple[str, ...]:
    """Which of these streams have entries in the period; since <= time < until. In order of uid. Raises NoSuchSubject
    for none, and for more than one pack takes."""
    inside = Entry.objects.filter(stream__uid__in=streams, time__gte=since, time__lt=until)
    found = tuple(sorted(inside.values_list("stream__uid", flat=True).distinct()))
    if not found:
        raise NoSuchSubject("Nothing happened in this period in a stream that you may export.")
    if len(found) > MOST_STREAMS:
        raise NoSuchSubject(f"{len(found)} streams grew in this period; a pack takes {MOST_STREAMS}. Shorten it.")
    return found


def leaving(
    kind: str, subject: Subject | None, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> Leave:
    """Which entries such a pack isn't about, and why."""
    why = ELSEWHERE.get(PackKind(kind), "")
    if kind == PackKind.PERIOD and since and until:
        return lambda _, row: "" if since <= row.time < until else why
    if subject is None or not why:
        return show_all
    words, main = list(subject.words), subject.streams[0]
    everywhere = kind in (PackKind.APPROVAL, PackKind.PERSON)

    def leave(stream: str, row: EntryRow) -> str:
        if stream == main and not everywhere:
            return ""
        said = f"{row.actor} {row.fields}"
        return "" if any(word in said for word in words) else why

    return leave


def _stream(uid: str) -> Subject | None:
    size = Stream.objects.filter(uid=uid).values_list("size", flat=True).first()
    if size is None:
        return None
    if size == 0:
        raise NothingToPack(uid)
    return Subject(labels([uid])[uid].title, (uid,))


def _person(actor_id: str) -> Subject | None:
    if not ACTOR_ID.fullmatch(actor_id):
        return None
    known = people([actor_id])[actor_id]
    if known.name == actor_id and not Entry.objects.filter(stream__uid=ACCESS, actor=actor_id).exists():
        return None
    streams = [uid for uid in (ACCESS, PORTAL) if Stream.objects.filter(uid=uid, size__gt=0).exists()]
    return Subject(f"Access of {known.name}", tuple(streams), [actor_id]) if streams else None


register(PackKind.PERSON, _person)
