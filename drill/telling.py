"""What a ledger entry means to somebody who watches the drill in a terminal. One sentence per kind, no I/O."""

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]
SENTENCES: dict[str, Callable[[Fields], str]] = {
    "incident.opened": lambda f: f"incident opened: {f['title']} ({f['severity']})",
    "incident.moved": lambda f: f"incident goes from {f['from']} to {f['to']}" + because(f.get("reason")),
    "incident.forced": lambda f: f"resolved although red: {', '.join(f['red'])}" + because(f.get("reason")),
    "signal.joined": lambda f: f"alert {about(f)} belongs to it" + because(f.get("because")),
    "signal.ended": lambda f: f"alert {about(f)} is over",
    "health.changed": lambda f: f"Muster's own probe: {f['service']} was {f['was']}, is {f['now']}",
    "role.taken": lambda f: f"role taken: {f.get('role', '?')}",
    "run.chosen": lambda f: f"runbook chosen: {f['runbook']} v{f['version']}" + because(f.get("because")),
    "run.refused": lambda f: f"runbook could not start: {f.get('reason', '?')}",
    "run.succeeded": lambda f: "the run is complete",
    "run.failed": lambda f: "the run failed" + because(f.get("why")),
    "run.stopped": lambda f: "the run was stopped" + because(f.get("why")),
    "step.running": lambda f: f"step “{f['title']}” runs",
    "step.verifying": lambda f: f"step “{f['title']}” is done; its probe has the word",
    "step.done": lambda f: f"step “{f['title']}” is done" + because(f.get("why")),
    "step.failed": lambda f: f"step “{f['title']}” failed" + because(f.get("why")),
    "step.unknown": lambda f: f"step “{f['title']}”: nobody knows whether it happened" + because(f.get("why")),
    "approval.asked": lambda f: f"asks its owner: {f['question']}" + because(f.get("because")),
    "approval.approved": lambda f: f"approved: {f['question']}" + because(f.get("reason")),
    "approval.rejected": lambda f: f"rejected: {f['question']}" + because(f.get("reason")),
    "approval.voided": lambda f: f"approval void: {f['question']}" + because(f.get("reason")),
    "approval.refused": lambda f: f"decision refused: {f.get('because', '?')}",
    "pack.issued": lambda f: "evidence pack issued",
}
# said by another entry, or not worth a line
QUIET = frozenset(
    {
        "run.started",
        "step.ready",
        "step.reassigned",
        "step.approval",
        "step.cancelled",
        "attempt.succeeded",
        "update.due_set",
    }
)


def because(reason: Any) -> str:
    return f" ({reason})" if reason else ""


def about(fields: Fields) -> str:
    name = fields.get("name") or fields.get("alert") or "?"
    return f"{name} of {fields['service']}" if fields.get("service") else str(name)


def sentence(kind: str, fields: Fields) -> str:
    """One line about an entry; empty when it isn't worth one. Kinds that we don't know come with their fields."""
    if kind in QUIET:
        return ""
    if kind in SENTENCES:
        try:
            return SENTENCES[kind](fields)
        except KeyError:
            pass  # an older or newer form of the entry: its bare facts will do
    facts = ", ".join(f"{name}={str(value)[:60]}" for name, value in fields.items() if value not in (None, "", []))
    return f"{kind}: {facts}"
