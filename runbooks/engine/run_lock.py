"""The run's own lock, and with it what this process remembers of the run: every transaction of the engine begins here.

Lock order in each: the run, its rows, the ledger stream, requests for approval (only ever under their stream), the
locks' turnstile.
"""

import datetime as dt

from django.db import connection, transaction

from plumbing import statements
from runbooks.engine import reading
from runbooks.engine.memory import Memory, memories
from runbooks.engine.work import Work
from runbooks.models import Run
from runbooks.states import RunState

RESTED = frozenset({RunState.SUCCEEDED, RunState.STOPPED, RunState.UNDONE})  # nobody comes back to these


def lock(run_uid: str, *, hot: bool = False) -> Work:
    """The run under lock, inside the caller's transaction. Raises Run.DoesNotExist."""
    rev, now = _locked(run_uid)
    memory, changed = memories.take(run_uid), set[str]()
    if memory is None or rev != memory.rev:
        memory, changed = _read(memory, run_uid, now)
    memory.now = now
    transaction.on_commit(lambda: _remember(memory), robust=True)
    if memory.asking:
        asked = reading.read_verdicts(memory, sorted(memory.asking))
        for step in asked:
            reading.set_facts(memory, step)
        changed |= asked
    work = Work(memory.run, memory.definition, now, memory=memory, is_hot=hot)
    work.touched |= changed
    return work


LOCK = {
    "postgresql": "SELECT rev, date_trunc('milliseconds', clock_timestamp())"
    " FROM runbooks_run WHERE uid = %s FOR UPDATE",
    "sqlite": "SELECT rev, strftime('%%Y-%%m-%%dT%%H:%%M:%%f', 'now') FROM runbooks_run WHERE uid = %s",
}  # SQLite: BEGIN IMMEDIATE holds the only write lock already


def _locked(run_uid: str) -> tuple[int, dt.datetime]:
    """The run's `rev` and the database's time, with the run's row locked. Raises Run.DoesNotExist."""
    with statements.together():  # with BEGIN
        cursor = statements.execute(LOCK[connection.vendor], [run_uid])
    found = cursor.fetchone()
    if found is None:
        raise Run.DoesNotExist(f"there is no run {run_uid}")
    rev, now = found
    if isinstance(now, str):
        return rev, dt.datetime.fromisoformat(now).replace(tzinfo=dt.UTC)
    return rev, now.astimezone(dt.UTC)


def _read(memory: Memory | None, run_uid: str, now: dt.datetime) -> tuple[Memory, set[str]]:
    if memory is not None:
        memory.now = now
        changed = reading.refresh(memory)
        if changed is not None:
            return memory, changed
    return reading.remembered(Run.objects.select_related("version__runbook").get(uid=run_uid), now), set()


def _remember(memory: Memory) -> None:
    if memory.run.state in RESTED:
        memories.forget(memory.run.uid)
    else:
        memories.keep(memory)
