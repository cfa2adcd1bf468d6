"""The nightly audit: everything that the ledger says of itself, derived again from its bytes, in slices.

A slice takes half a second, keeps its place in the row of the run, and goes on after a crash. Parts, in order: the
heads log with its checkpoints; what the signer remembers, and the guards; every stream with its packs; the registered
reviews. What is wrong is recorded (`audit.failed`), and whoever is to be woken is woken, once for each place.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.db.models import Max

from audit import ledger, memory
from audit.canonical import Json
from audit.inspection import Break
from audit.ledger import SYSTEM
from audit.models import AuditRun, AuditState, Checkpoint, Entry, Head, Stream
from audit.trust import findings, reviews
from audit.verify import guard_breaks
from audit.walks import LogWalk, StreamWalk
from plumbing import clock
from plumbing.database import atomic

NIGHT = timedelta(hours=2)  # after midnight, UTC
SLICE_S = 0.5
AT_ONCE = 500  # rows between two looks at the clock
MOST_TOLD = 20  # findings in the entry; the row of the run has them all

MOVES: dict[AuditState, frozenset[AuditState]] = {
    AuditState.RUNNING: frozenset({AuditState.PASSED, AuditState.FAILED}),
    AuditState.PASSED: frozenset(),
    AuditState.FAILED: frozenset(),
}

Place = Mapping[str, Any]
Found = list[list[str]]  # place and sentence, each


@dataclass(frozen=True, slots=True)
class Slice:
    """What half a second came to. place: where to go on; None at the end of a part."""

    place: dict[str, Any] | None
    found: Found
    entries: int = 0
    streams: int = 0
    skipped: str = ""  # what could not be looked at


def due(now: datetime) -> str | None:
    """The id of the run to go on with, "new" when one is due, None otherwise.

    One is due each night after two, UTC; the first one in the night after the first entry."""
    if running := AuditRun.objects.filter(state=AuditState.RUNNING).values_list("pk", flat=True).first():
        return str(running)
    night = (now - NIGHT).replace(hour=0, minute=0, second=0, microsecond=0) + NIGHT
    if AuditRun.objects.filter(started__gte=night).exists():
        return None
    first = Entry.objects.order_by("pk").values_list("time", flat=True).first()
    return "new" if first and first < night else None


def begin() -> AuditRun:
    """The run that is under way, or a new one."""
    try:
        with atomic():
            return AuditRun.objects.create(started=clock.now(), place={"part": "log", "skipped": []})
    except IntegrityError:
        return AuditRun.objects.get(state=AuditState.RUNNING)


def proceed(run_id: str) -> bool:
    """One slice of a run. Returns whether there is more to do. Of two at once one is in vain, and harmless."""
    run = begin() if run_id == "new" else AuditRun.objects.get(pk=int(run_id))
    if run.state != AuditState.RUNNING:
        return False
    part = run.place["part"]
    done = PARTS[part](run.place)
    skipped = run.place["skipped"] + ([done.skipped] if done.skipped else [])
    run.findings = run.findings + [one for one in done.found if one not in run.findings]
    run.entries, run.streams = run.entries + done.entries, run.streams + done.streams
    if done.place is None and part == LAST:
        _finish(run, skipped)
        return False
    place = done.place or {"part": ORDER[ORDER.index(part) + 1]}
    _keep(run, place={**place, "skipped": skipped})
    return True


def whole() -> AuditRun:
    """A run from beginning to end, for the command."""
    run = begin()
    while proceed(str(run.pk)):
        pass
    run.refresh_from_db()
    return run


def _keep(run: AuditRun, **changes: Any) -> bool:
    """Write what a slice came to, unless somebody else did. Returns whether it was we."""
    mine = AuditRun.objects.filter(pk=run.pk, turn=run.turn, state=AuditState.RUNNING)
    kept = {"findings": run.findings, "entries": run.entries, "streams": run.streams}
    return bool(mine.update(turn=run.turn + 1, **kept, **changes))


def _finish(run: AuditRun, skipped: list[str]) -> None:
    """Keep the result, record it, and wake whoever is to be woken."""
    now, ended = clock.now(), AuditState.FAILED if run.findings else AuditState.PASSED
    told: dict[str, Json] = {
        "streams": run.streams,
        "entries": run.entries,
        "took_s": int((now - run.started).total_seconds()),
        "findings": len(run.findings),
        "first_findings": [sentence for _, sentence in run.findings[:MOST_TOLD]],
        "not_checked": skipped,
    }
    with atomic():
        if not _keep(run, state=ended, finished=now, place={"part": LAST, "skipped": skipped}):
            return
        ledger.record("portal", f"audit.{ended.value}", SYSTEM, told)
    for place, sentence in run.findings:
        findings.found(place, sentence)


def _log(place: Place) -> Slice:
    signed = place.get("signed", Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0)
    walk, ends = LogWalk.from_place(place) if "full" in place else LogWalk(), time.monotonic() + SLICE_S
    while time.monotonic() < ends:
        before = walk.tree.size
        if broken := next(walk.read(before + AT_ONCE), None):
            return Slice(None, _named("The heads log", [broken]))
        if walk.tree.size < before + AT_ONCE:
            return Slice(None, _named("The heads log", walk.ends(signed)))
    return Slice({"part": "log", "signed": signed, **walk.place()}, [])


def _memory(place: Place) -> Slice:
    contradictions, unasked = memory.compared()
    found = _named("The database", guard_breaks()) + _named("The heads log", contradictions)
    return Slice(None, found, skipped=f"The signer was not asked. {unasked}" if unasked else "")


def _streams(place: Place) -> Slice:
    ends, found = time.monotonic() + SLICE_S, Found()
    entries = streams = 0
    at: Place | None = place.get("walk")
    after = place.get("after", 0)
    while time.monotonic() < ends:
        stream = Stream.objects.filter(**({"pk": at["stream"]} if at else {"pk__gt": after})).order_by("pk").first()
        if stream is None:
            return Slice(None, found, entries, streams)
        largest = at["largest"] if at else Head.objects.filter(stream=stream).aggregate(size=Max("size"))["size"] or 0
        stream.refresh_from_db()  # after the heads: it may grow meanwhile
        walk = StreamWalk.from_place(stream, at) if at else StreamWalk(stream)
        before = walk.tree.size
        broken, is_over = _read_on(walk, largest, ends)
        entries += walk.tree.size - before
        if is_over:
            found += _named(stream.uid, broken)
            at, after, streams = None, stream.pk, streams + 1
        else:
            at = {**walk.place(), "largest": largest}
    return Slice({"part": "streams", "after": after, "walk": at}, found, entries, streams)


def _read_on(walk: StreamWalk, largest: int, ends: float) -> tuple[list[Break], bool]:
    """What is wrong with a stream, as far as the time allows, and whether it is done with."""
    size = walk.stream.size
    while walk.tree.size < size:
        before = walk.tree.size
        if broken := next(walk.read(min(before + AT_ONCE, size)), None):
            return [broken], True
        if walk.tree.size == before:
            break  # rows are missing at its end
        if time.monotonic() >= ends:
            return [], False
    return list(walk.ends(largest))[:1], True


def _reviews(place: Place) -> Slice:
    ends, found = time.monotonic() + SLICE_S, Found()
    done, beyond = place.get("done", []), place.get("beyond", 0)
    for name, review in reviews.registered():
        while name not in done:
            reviewed = review(beyond)
            found += _named(name, reviewed.breaks)
            beyond = reviewed.beyond or 0
            if reviewed.beyond is None:
                done = [*done, name]
            if time.monotonic() >= ends:
                return Slice({"part": "reviews", "done": done, "beyond": beyond}, found)
    return Slice(None, found)


def _named(subject: str, breaks: Iterable[Break]) -> Found:
    return [[f"{subject}: {broken.place}", f"{subject} is broken at {broken}"] for broken in breaks]


PARTS: dict[str, Callable[[Place], Slice]] = {"log": _log, "memory": _memory, "streams": _streams, "reviews": _reviews}
ORDER = list(PARTS)
LAST = ORDER[-1]
