"""Kinds of entries that aren't left unsigned for a minute: whoever owns the database could still change those.

Rooms register their own; each of these brings a checkpoint forward as soon as it is committed.
"""

_kinds: set[str] = {
    "epoch.opened",
    "key.added",
    "key.retired",
    "audit.failed",
    "signing.refused",
    "field.erased",
    "fields.erased",
    "hold.lifted",
    "approval.agreed",
    "approval.approved",
    "approval.rejected",
    "approval.confirmed",
    "approval.glass_broken",
    "decision.noted",
    "incident.opened",
    "incident.forced",
    "lock.overridden",
}


def register(*kinds: str) -> None:
    """Have these kinds signed at once. From `apps.py: ready()`."""
    _kinds.update(kinds)


def is_critical(kind: str) -> bool:
    """Whether an entry of this kind is signed at once."""
    return kind in _kinds


def kinds() -> list[str]:
    """All of them, for the page that says so."""
    return sorted(_kinds)
