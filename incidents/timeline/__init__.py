"""The ledger in people's words: one line per kind of entry. Pure.

`{who}` is who did it; every other name is a field of the entry, with ids of people turned into names. A field that was
erased reads “(erased)”. A new kind gets a line in of_incidents.py or of_runs.py; tests/incidents/test_timeline.py says
when one is missing.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from audit.selectors import EntryRow
from incidents.room_view import TimelineEntry
from incidents.timeline import of_incidents, of_regulation, of_runs
from incidents.timeline.words import Fields, Line, Note, moment

ERASED = "(erased)"
CORRECTABLE = frozenset({"note.added", "decision.noted", "update.posted", "entry.corrected"})
PEOPLE = ("usr_", "sys_")
LINES: dict[str, Line] = {**of_incidents.LINES, **of_runs.LINES, **of_regulation.LINES}
OPTIONAL = frozenset(  # fields that some entries of a kind don't have; missing, they are not erased
    {
        "because",
        "reason",
        "why",
        "error",
        "detail",
        "summary",
        "description",
        "service",
        "of",
        "attempt",
        "note",
        "occurred_at",
        "source",
        "it_said",
        "corrected_by",
    }
)
SOURCES = {"paper": "from paper", "chat": "from a chat", "phone": "after a call", "memory": "from memory"}


class _Known(dict[str, Any]):
    """Fields for a sentence; one that is missing was erased."""

    def __missing__(self, name: str) -> str:
        return ERASED


def view_of(entry: EntryRow, names: Mapping[str, str]) -> TimelineEntry:
    """An entry as a reader sees it. names: actor id -> name, for everybody that people_in() found."""
    line = LINES.get(entry.kind) or Line("noise", "wait", "more", "{who}", entry.kind)
    fields = _Known({name: readable(value, names) for name, value in entry.fields.items()})
    for optional in OPTIONAL - set(entry.erased):
        fields.setdefault(optional, "")
    fields["who"] = names.get(entry.actor, entry.actor)
    return TimelineEntry(
        seq=entry.seq,
        time=entry.time,
        state=_state(line, entry),
        icon=line.icon,
        lead=line.lead.format_map(fields),
        rest=_said(line.rest, fields),
        note=" ".join(part for part in (_said(line.note, fields), *_marks(fields)) if part),
        quote=_said(line.quote, fields),
        category=line.category,
    )


def _marks(fields: Fields) -> Iterator[str]:
    """What is said of an entry that was written down later, or corrected."""
    if fields["occurred_at"]:
        source = SOURCES.get(fields["source"], fields["source"])
        yield f"Happened {moment(fields['occurred_at'])}, written down later, {source}."
    if fields["corrected_by"]:
        yield f"Corrected by entry {fields['corrected_by']}."


def _state(line: Line, entry: EntryRow) -> str:
    if entry.kind == "health.changed":
        return {"red": "failed", "green": "done"}.get(str(entry.fields.get("now")), line.state)
    if entry.kind == "signal.joined" and entry.fields.get("state") == "resolved":
        return "done"
    return line.state


def _said(text: Note, fields: Fields) -> str:
    return text.format_map(fields) if isinstance(text, str) else text(fields)


def people_in(entries: Iterable[EntryRow]) -> set[str]:
    """The ids of everybody that the entries name."""
    found: set[str] = set()
    for entry in entries:
        found.add(entry.actor)
        for value in entry.fields.values():
            for word in value if isinstance(value, list) else (value,):
                if isinstance(word, str) and word.startswith(PEOPLE):
                    found.add(word)
    return found


def readable(value: Any, names: Mapping[str, str]) -> Any:
    """A field's value for a sentence: names for ids, words for lists, nothing for null."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(str(readable(inner, names)) for inner in value)
    if isinstance(value, str):
        return names.get(value, value) if value.startswith(PEOPLE) else value
    return value
