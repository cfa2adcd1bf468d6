"""Which doorbells a transaction rings: one per worker that could be at work, not one per attempt.

A worker that ends an attempt takes the next of the same run by itself, so more rings than workers would only be read
and thrown away. A ring says "this run has work", for workers with a label: `<run>` or `<run>@<label>`. What nobody
rang for is found by the sweep.
"""

import datetime as dt
import time
from collections import Counter
from collections.abc import Iterable

from django.db.models import Sum

from plumbing import doorbell
from runbooks.engine.memory import Memory
from runbooks.engine.paces import SHARE_S, paces
from runbooks.models import Attempt, Worker
from runbooks.states import AttemptState

ASSUMED = 8  # slots, where no worker has reported
KNOWN_FOR_S = 5.0
SILENT = dt.timedelta(seconds=10)

_slots: dict[str, int] = {}
_asked_at = float("-inf")


def ring_for(memory: Memory, queued: Iterable[Attempt], now: dt.datetime) -> None:
    """Ring for attempts that may begin now: at most once per slot of the workers that aren't at this run already.

    Nobody is rung for what one of those who are at it should have done sooner than another could be there."""
    due = [attempt for attempt in queued if attempt.not_before <= now]
    for executor, count in Counter(attempt.executor for attempt in due).items():
        held = [one for one in memory.open.values() if one.state == AttemptState.LEASED and one.executor == executor]
        if held and is_soon_done(memory, held, (one for one in due if one.executor == executor)):
            continue
        busy = len({attempt.worker for attempt in held})
        for _ in range(min(count, max(slots(executor, now) - busy, 0))):
            ring_once(memory.run.uid, executor)


def ring_once(run_uid: str, executor: str) -> None:
    """Ring for one more worker with this label."""
    doorbell.ring("work", f"{run_uid}@{executor}" if executor else run_uid)


def is_soon_done(memory: Memory, held: Iterable[Attempt], more: Iterable[Attempt]) -> bool:
    """Whether the workers that hold these attempts are done with them at once, and one of them with the rest."""
    return paces.all_s(memory, held) < SHARE_S and paces.all_s(memory, more) < SHARE_S


def slots(executor: str, now: dt.datetime) -> int:
    """How many attempts the live workers with this label can do at a time; a guess while none has reported."""
    global _asked_at
    if time.monotonic() - _asked_at > KNOWN_FOR_S:
        live = Worker.objects.filter(seen_at__gt=now - SILENT, is_draining=False).values_list("executor")
        _slots.clear()
        _slots.update(live.annotate(Sum("slots")).order_by())
        _asked_at = time.monotonic()
    return _slots.get(executor, ASSUMED)
