"""The ledger in people's words: one line per kind of entry. Pure.

`{who}` is who did it; every other name is a field of the entry, with ids of people turned into names. A field that was
erased reads “(erased)”. A new kind gets a line here; tests/incidents/test_timeline.py says when one is missing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from audit.selectors import EntryRow
from incidents.room_view import Category, TimelineEntry

ERASED = "(erased)"
MUSTER = "Muster"
PEOPLE = ("usr_", "sys_")
Fields = Mapping[str, Any]
Note = str | Callable[[Fields], str]


@dataclass(frozen=True)
class Line:
    """How one kind of entry reads. category: its filter. state: its colour. note and quote stand below."""

    category: Category
    state: str
    icon: str
    lead: str
    rest: Note = ""
    note: Note = ""
    quote: str = ""


def _opened(fields: Fields) -> str:
    services = fields.get("services")
    return f"opened as {fields['severity']}" + (f", for {services}" if services else "")


def _joined(fields: Fields) -> str:
    return ("fires" if fields["state"] == "firing" else "fired") + _on(fields)


def _ended(fields: Fields) -> str:
    return "ended" + _on(fields)


def _on(fields: Fields) -> str:
    return f" on {fields['service']}" if fields["service"] else ""


def _update_due(fields: Fields) -> str:
    return f"set the next update for {moment(fields['due'])}" if fields["due"] else "said that no update is owed"


def _next_due(fields: Fields) -> str:
    return f"Next update {moment(fields['next_due'])}." if fields["next_due"] else "No further update is owed."


def _asked(fields: Fields) -> str:
    return f"of {fields['asked']}: {fields['question']}" if fields["asked"] else f"of nobody: {fields['question']}"


def _asked_note(fields: Fields) -> str:
    return f"Asked as {fields['because']}." if fields["asked"] else "Nobody accountable can be asked. Name an owner."


def _attempt(fields: Fields) -> str:
    return f"attempt {fields['attempt']}" + (" of its check" if fields.get("of") == "verify" else "")


def _moved(fields: Fields) -> str:
    return f"{fields['from'].capitalize()} to {fields['to']}"


def _health(fields: Fields) -> str:
    return {"red": "is failing", "green": "is healthy"}.get(fields["now"], f"is {fields['now']}")


D: Category = "decisions"
S: Category = "steps"
G: Category = "signals"
C: Category = "comms"
N: Category = "noise"
LINES: dict[str, Line] = {
    "incident.opened": Line(D, "wait", "flag", "{who}", _opened, "{because}", "{description}"),
    "incident.retitled": Line(D, "wait", "flag", "{who}", "renamed it to {title}", "It was: {was}; {because}."),
    "incident.moved": Line(D, "wait", "flag", "{who}", lambda f: f"moved the phase: {_moved(f)}", "{reason}"),
    "incident.forced": Line(D, "failed", "failed", "{who}", "resolved although probes are red: {red}", "", "{reason}"),
    "severity.set": Line(D, "wait", "flag", "{who}", "set the severity from {from} to {to}", "{reason}"),
    "role.taken": Line(D, "wait", "people", "{name}", "is {role} now"),
    "role.left": Line(D, "wait", "people", "{name}", "is {role} no more"),
    "note.added": Line(C, "wait", "chat", "{who}", "noted", "", "{text}"),
    "decision.noted": Line(D, "wait", "flag", "{who}", "decided", "", "{text}"),
    "entry.corrected": Line(C, "wait", "pen", "{who}", "corrected entry {corrects}", "", "{text}"),
    "update.posted": Line(C, "wait", "horn", "{who}", "posted an update", _next_due, "{text}"),
    "update.due_set": Line(C, "wait", "clock", "{who}", _update_due),
    "signal.joined": Line(G, "failed", "signal", "{name}", _joined, "{summary}"),
    "signal.ended": Line(G, "done", "signal", "{name}", _ended),
    "health.changed": Line(G, "wait", "probe", "{probe}", _health, "{detail}"),
    "run.chosen": Line(S, "wait", "book", "{runbook} v{version}", "was chosen", "Because {because}."),
    "run.refused": Line(S, "failed", "failed", "{runbook}", "was not started", "{reason}"),
    "run.started": Line(S, "running", "book", "{runbook} v{version}", "started", ""),
    "run.succeeded": Line(S, "done", "done", "{runbook}", "finished", "{why}"),
    "run.failed": Line(S, "failed", "failed", "{runbook}", "failed", "{why}"),
    "run.stopped": Line(S, "cancelled", "cancelled", "{runbook}", "stopped", "{why}"),
    "run.cancelled": Line(S, "cancelled", "cancelled", "{who}", "cancelled the run", "{reason}"),
    "run.reopened": Line(S, "running", "undone", "{who}", "let the run go on", "{reason}"),
    "run.input_changed": Line(D, "wait", "pen", "{who}", "changed the input {name} from {was} to {now}", "{reason}"),
    "step.approval": Line(N, "approval", "approval", "{title}", "waits for consent", "{why}"),
    "step.ready": Line(N, "ready", "ready", "{title}", "is ready", "{why}"),
    "step.running": Line(S, "running", "running", "{title}", "began", "{why}"),
    "step.verifying": Line(N, "verifying", "verifying", "{title}", "is being checked", "{why}"),
    "step.done": Line(S, "done", "done", "{title}", "is done", "{why}"),
    "step.failed": Line(S, "failed", "failed", "{title}", "failed", "{why}"),
    "step.unknown": Line(S, "unknown", "unknown", "{title}", "may or may not have happened", "{why}"),
    "step.skipped": Line(S, "skipped", "skipped", "{title}", "was skipped", "{why}"),
    "step.cancelled": Line(S, "cancelled", "cancelled", "{title}", "was cancelled", "{why}"),
    "step.waiting": Line(N, "waiting", "waiting", "{title}", "waits", "{why}"),
    "step.reassigned": Line(S, "wait", "hand", "{who}", "took over “{title}”", "{reason}"),
    "attempt.succeeded": Line(N, "done", "bolt", "{title}", lambda f: f"{_attempt(f)} worked"),
    "attempt.failed": Line(S, "failed", "bolt", "{title}", lambda f: f"{_attempt(f)} failed", "{error}"),
    "attempt.void": Line(N, "cancelled", "bolt", "{title}", "was taken back before anything was done", "{why}"),
    "attempt.late": Line(N, "late", "bolt", "{title}", "answered after its worker was given up; it changed nothing"),
    "attempt.lost": Line(S, "unknown", "bolt", "{title}", lambda f: f"{_attempt(f)} was lost", "{why}"),
    "approval.asked": Line(D, "approval", "approval", "Decision asked", _asked, _asked_note),
    "approval.approved": Line(D, "done", "approval", "{who}", "approved: {question}", "", "{reason}"),
    "approval.rejected": Line(D, "failed", "approval", "{who}", "rejected: {question}", "", "{reason}"),
    "approval.voided": Line(D, "cancelled", "approval", "Void", "{question}", "{reason}"),
    "approval.covered": Line(D, "wait", "approval", "{who}", "took the decision on, as {because}", "", "{reason}"),
    "approval.refused": Line(D, "failed", "approval", "{who}", "may not decide", "{because}"),
    "pack.issued": Line(C, "wait", "seal", "{who}", "made an evidence pack"),
    "field.erased": Line(D, "wait", "seal", "{who}", "erased a field of entry {seq}", "{reason}"),
}


OPTIONAL = frozenset(  # fields that some entries of a kind don't have; missing, they are not erased
    {"because", "reason", "why", "error", "detail", "summary", "description", "service", "of", "attempt"}
)


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
        note=_said(line.note, fields),
        quote=_said(line.quote, fields),
        category=line.category,
    )


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


def moment(stamp: str) -> str:
    """A stamped moment as a sentence carries it, for the page to show in the reader's zone: 2026-11-20T14:05:07Z."""
    return f"{stamp[:19]}Z" if len(stamp) > 19 else stamp
