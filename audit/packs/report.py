"""An entry in words, for pages that list entries."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from audit.canonical import Json
from audit.naming import Person
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
