"""What people say to workers."""

from audit import ledger
from catalog.models import User
from plumbing.database import atomic
from runbooks.errors import ReasonNeeded, RunbookError
from runbooks.models import Worker

STREAM = "portal"


@atomic()
def drain_worker(name: str, *, actor: User, reason: str, drain: bool = True) -> Worker:
    """Let a worker take nothing more (or again): what it holds comes to its end. Raises ReasonNeeded, RunbookError."""
    if not reason.strip():
        raise ReasonNeeded
    worker = Worker.objects.select_for_update().filter(name=name).first()
    if worker is None:
        raise RunbookError(f"No worker of this name is known: {name[:120]}.")
    if worker.is_draining == drain:
        raise RunbookError(f"{worker} {'takes nothing more' if drain else 'takes work'} already.")
    worker.is_draining = drain
    worker.save(update_fields=["is_draining"])
    fields = {"name": worker.name, "executor": worker.executor, "reason": reason}
    ledger.record(STREAM, "worker.drained" if drain else "worker.opened", actor, fields)
    return worker
