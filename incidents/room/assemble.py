"""The whole room, for one reader at one moment."""

from dataclasses import replace
from datetime import datetime

from audit.regimes.showing import strip
from audit.selectors import EntryRow, latest, reached
from catalog.models import User
from catalog.permissions import Right
from incidents.hub import group_of, present_in
from incidents.models import Incident
from incidents.room.decisions import decision_of
from incidents.room.header import evidence_url, header_of, vitals_of
from incidents.room.health import health_rows
from incidents.room.questions import questions_of
from incidents.room.reader import Reader
from incidents.room.run import run_view
from incidents.room.steps import step_groups
from incidents.room.suggestions import suggestions_for
from incidents.room_view import RoomUrls, RoomView, TimelineEntry
from incidents.run_view import Person
from incidents.selectors.corrections import with_corrections
from incidents.selectors.people import names_of
from incidents.timeline import CORRECTABLE, people_in, view_of

FRAGMENTS = ("header", "vitals", "run", "steps", "questions", "decision", "clocks", "health", "timeline")
SHOWN = 100  # entries of the timeline at first


def room_for(user: User, incident: Incident, now: datetime, *, before: int | None = None) -> RoomView:
    """Everything the reader sees. before: show the entries of the timeline that are older than this sequence.

    `at` is read first: whatever happens while the rest is read comes again with the feed, and is harmless twice."""
    reader = Reader(user, incident, now)
    at = reached(incident.stream)
    rows = latest(incident.stream, before=before, limit=SHOWN)
    run = run_view(reader)
    return RoomView(
        uid=incident.uid,
        at=at,
        now=now,
        urls=urls_of(reader),
        header=header_of(reader),
        vitals=vitals_of(reader),
        run=run,
        step_groups=step_groups(reader),
        questions=questions_of(reader),
        decision=decision_of(reader),
        health=health_rows(reader),
        clocks=tuple(strip(incident.stream)),
        entries=entries_of(reader, rows),
        entries_total=at + 1,
        presence=tuple(
            Person(each["name"], here=each["here"], is_you=each["uid"] == user.uid)
            for each in present_in(group_of(incident.stream))
        ),
        suggestions=suggestions_for(reader) if run is None else (),
        earlier_url=f"{reader.url('history')}?before={rows[-1].seq}" if rows and rows[-1].seq > 0 else "",
        may_write=reader.may(Right.CONTRIBUTE),
    )


def urls_of(reader: Reader) -> RoomUrls:
    """Where the page, its fragments, its feed and its socket are."""
    fragments = {name: reader.url("fragment", name) for name in FRAGMENTS}
    return RoomUrls(
        page=reader.url("room"),
        feed=reader.url("feed"),
        socket=f"/ws/incidents/{reader.incident.uid}",
        note=reader.url("write") if reader.may(Right.CONTRIBUTE) else "",
        evidence=evidence_url(reader),
        earlier=reader.url("earlier"),
        **fragments,
    )


def entries_of(reader: Reader, rows: list[EntryRow]) -> tuple[TimelineEntry, ...]:
    """Ledger entries in people's words, in the order given, with what corrects them."""
    rows = with_corrections(reader.incident.stream, rows)
    names = names_of(people_in(rows))
    seen = tuple(view_of(row, names) for row in rows)
    if not reader.may(Right.CONTRIBUTE):
        return seen
    return tuple(
        replace(each, correct_url=reader.url("correct", row.seq)) if row.kind in CORRECTABLE else each
        for each, row in zip(seen, rows, strict=True)
    )
