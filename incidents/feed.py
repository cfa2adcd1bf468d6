"""What changed in a room since a sequence, as ops for one reader's page (ui.md, section 7).

Entries say where to look; what is shown is read from the database as it is now, through the same code as the page. So
every op may come twice, and a reader who was away for an hour gets the present, not a film.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.template.loader import render_to_string

from audit.selectors import EntryRow, entries, reached
from catalog.models import User
from incidents.models import Incident
from incidents.room.assemble import FRAGMENTS, entries_of
from incidents.room.header import vitals_of
from incidents.room.health import health_rows
from incidents.room.reader import Reader
from incidents.room.run import counts, run_view
from incidents.room.steps import fact, hint, time_text, word_for

Op = dict[str, Any]
MOST_ENTRIES = 500
MOST_OPS = 200
ASKING = {"failed", "unknown", "stuck", "locked"}  # states in which a step may ask a person something

CHANGES: dict[str, tuple[str, ...]] = {  # first word of an entry's kind -> fragments whose shape it can change
    "incident": ("header", "vitals", "steps"),
    "severity": ("header", "vitals"),
    "role": ("header", "steps"),
    "update": ("vitals",),
    "signal": ("health", "vitals"),
    "run": ("header", "run", "vitals", "steps", "questions", "decision"),
    "health": ("vitals",),
    "approval": ("decision", "steps"),
    "step": ("steps",),
    "group": ("run", "steps", "questions"),
    "lock": ("steps", "questions"),
    "watch": ("steps", "questions"),
    "proposal": ("steps", "questions"),
    "decision": ("steps", "questions"),
    "clock": ("clocks",),
    "classification": ("clocks",),
}


@dataclass
class Changed:
    """What a batch of entries touched. fragments: names in the order of FRAGMENTS."""

    steps: set[str] = field(default_factory=set)
    fragments: set[str] = field(default_factory=set)
    health: bool = False


def feed_for(user: User, incident: Incident, after: int, now: datetime) -> dict[str, Any]:
    """The feed's answer: {"at", "now", "more", "ops"} for what came after a sequence."""
    rows = entries(incident.stream, after=after, limit=MOST_ENTRIES)
    at = rows[-1].seq if rows else reached(incident.stream)
    more = bool(rows) and reached(incident.stream) > at
    reader = Reader(user, incident, now)
    ops = ops_of(reader, rows) if rows else []
    if len(ops) > MOST_OPS or more:
        ops = [refresh(reader, name) for name in FRAGMENTS]
        at, more = max(at, reached(incident.stream)), False
    return {"at": at, "now": stamp(now), "more": more, "ops": ops}


def ops_of(reader: Reader, rows: list[EntryRow]) -> list[Op]:
    """The ops for these entries: states and texts first, then the timeline, then fragments whose shape changed."""
    changed = changes(rows)
    ops = [*_steps(reader, changed.steps), *(_health(reader) if changed.health else [])]
    for entry in entries_of(reader, rows):
        html = render_to_string("incidents/_entry.html", {"entry": entry})
        ops.append({"op": "prepend", "list": "timeline", "html": html})
    return ops + [refresh(reader, name) for name in FRAGMENTS if name in changed.fragments]


def changes(rows: Iterable[EntryRow]) -> Changed:
    """Which steps, fragments and figures the entries touch."""
    changed = Changed()
    for row in rows:
        subject, _, verb = row.kind.partition(".")
        changed.fragments.update(CHANGES.get(subject, ()))
        if subject == "step" and isinstance(step := row.fields.get("step"), str):
            changed.steps.add(step)
            if {verb, row.fields.get("from")} & ASKING:
                changed.fragments.add("questions")
        changed.health |= row.kind == "health.changed"
    return changed


def _steps(reader: Reader, steps: set[str]) -> list[Op]:
    overview = reader.run if steps else None  # a note needs no look at the plan, and there are many readers
    if overview is None:
        return []
    ops: list[Op] = []
    for each in (*overview.steps, *overview.extras):
        if each.key in steps:
            key = f"step:{each.key}"
            ops.append({"op": "state", "key": key, "state": each.state.value, "label": word_for(reader.user, each)})
            ops.append(text(f"{key}:fact", fact(reader.user, each)))
            ops.append(text(f"{key}:hint", hint(each)))
            if each.is_over:
                ops.append(text(f"{key}:time", time_text(each)))
    view = run_view(reader)
    if view is not None:
        ops.append({"op": "state", "key": "run", "state": view.state, "label": view.word})
        ops += [text(f"section:{place}:count", f"{part.done}/{part.total}") for place, part in enumerate(view.sections)]
    plan = next(vital for vital in vitals_of(reader) if vital.key == "plan")
    return [*ops, text("run:counts", counts(overview)), text("vital:plan:value", plan.value)]


def _health(reader: Reader) -> list[Op]:
    ops: list[Op] = []
    for row in health_rows(reader):
        ops.append({"op": "state", "key": row.key, "state": row.state, "label": row.word})
        ops.append(text(f"{row.key}:value", row.value))
    return ops


def text(key: str, words: str) -> Op:
    """Put words where `key` stands."""
    return {"op": "text", "key": key, "text": words}


def refresh(reader: Reader, name: str) -> Op:
    """Fetch one fragment anew."""
    return {"op": "refresh", "url": reader.url("fragment", name)}


def stamp(moment: datetime) -> str:
    """A moment with milliseconds and Z, as the page's clock wants it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
