"""The readable part of a pack: one HTML file that loads nothing, prints well, and says UTC first."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from django.template.loader import render_to_string

from audit.canonical import Json
from audit.naming import Person
from audit.packs.contents import Contents
from audit.selectors import EntryRow


@dataclass(frozen=True, slots=True)
class Line:
    """An entry as people read it."""

    seq: int
    time: datetime
    what: str
    who: Person
    details: list[tuple[str, str]]
    hidden: tuple[str, ...]
    leaf: str


def report_html(contents: Contents, *, fingerprint: str, origin: str) -> bytes:
    """The report. Everything that people typed is escaped; the file needs no network and no script."""
    context = {
        "contents": contents,
        "lines": [line_of(row, contents.people) for row in contents.rows],
        "first": contents.rows[0].time,
        "last": contents.rows[-1].time,
        "root": bytes(contents.head.root).hex(),
        "made": contents.made.astimezone(UTC),
        "people": sorted(contents.people.items(), key=lambda item: item[1].name),
        "fingerprint": fingerprint,
        "origin": origin,
    }
    return render_to_string("audit/report.html", context).encode()


def line_of(row: EntryRow, known: dict[str, Person]) -> Line:
    """An entry with words instead of ids where they are known."""
    return Line(
        seq=row.seq,
        time=row.time.astimezone(UTC),
        what=words(row.kind),
        who=known.get(row.actor, Person(row.actor)),
        details=[(words(name), _told(value, known)) for name, value in row.fields.items()],
        hidden=row.erased,
        leaf=row.leaf,
    )


def words(identifier: str) -> str:
    """step.timed_out -> Step timed out"""
    return identifier.replace(".", " ").replace("_", " ").capitalize()


def _told(value: Json, known: dict[str, Person]) -> str:
    if isinstance(value, str):
        return known[value].name if value in known else value
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not any(isinstance(item, list | dict) for item in value):
        return ", ".join(_told(item, known) for item in value)
    if isinstance(value, dict) and not any(isinstance(item, list | dict) for item in value.values()):
        return ", ".join(f"{name}: {_told(item, known)}" for name, item in value.items())
    return json.dumps(value, ensure_ascii=False, indent=1)
