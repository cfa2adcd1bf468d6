"""Packs that are asked for: a row is the order, whoever claims it makes it, and the ledger says what became of it.

A claim is a guarded UPDATE that raises `tries`; who was overtaken, or whose job was cancelled, writes nothing more.
"""

import datetime as dt
from collections.abc import Sequence

from django.db.models import F, Q, QuerySet

from audit import ledger
from audit.canonical import Json
from audit.ledger import SYSTEM, Actor
from audit.models import Pack, PackJob, PackState
from audit.packs import keeping, overtaken
from audit.packs.errors import NotReady, Superseded
from audit.packs.states import check_move
from plumbing import clock, doorbell
from plumbing.database import atomic

BELL = "pack"
LEASE = dt.timedelta(seconds=30)  # who makes it says so more often; when it doesn't, it is lost
BACKOFF = tuple(dt.timedelta(seconds=each) for each in (30, 120, 600, 1_800))  # after the first try, the second, ...
MOST_TRIES = len(BACKOFF) + 1
UNHEARD = dt.timedelta(seconds=2)  # so long a ring may take before the sweep looks
LEFT_ALONE = dt.timedelta(seconds=15)  # after it a sweep begins itself: no worker hears
AT_ONCE = 2  # in the whole portal: each may take hundreds of megabytes
MOST_DUE = 20
POISON = "Each process that began to make it came to an end meanwhile."


def ask(job: PackJob, *, actor: Actor) -> PackJob:
    """Have a pack made. job: a new row, with what it shall hold. Records pack.asked and rings for a worker."""
    with atomic():
        job.asked_by, job.asked_at, job.state = actor.actor_id, clock.now(), PackState.QUEUED
        job.save(force_insert=True)
        doorbell.ring(BELL, job.uid)
        ledger.record("portal", "pack.asked", actor, told(job))
    return job


def claim(uid: str, *, at_once: int = AT_ONCE) -> PackJob | None:
    """The job, if it is due and nobody makes it now. If whoever claimed it dies, it is due again after the lease."""
    with atomic():
        now = clock.now()
        job = _due(now).filter(uid=uid).first()
        busy = PackJob.objects.filter(state=PackState.MAKING, lease_until__gt=now, error="")  # not those that wait
        if job is None or busy.count() >= at_once:
            return None
        check_move(job.state, PackState.MAKING)
        begun = {
            "state": PackState.MAKING,
            "lease_until": now + LEASE,
            "begun_at": now,
            "doing": "",
            "percent": 0,
            "error": "",
        }
        if not _due(now).filter(pk=job.pk, tries=job.tries).update(tries=F("tries") + 1, **begun):
            return None
        job.refresh_from_db()
        if job.tries > MOST_TRIES:
            settle_failed(job, POISON)
            return None
        ledger.record("portal", "pack.begun", SYSTEM, told(job, **{"try": job.tries}))
        return job


def keep_claim(job: PackJob, doing: str = "", percent: int | None = None) -> None:
    """Say that the job is still being made, and how far it is. Raises Superseded when it is no longer ours."""
    fields: dict[str, object] = {"lease_until": clock.now() + LEASE}
    if percent is not None:
        fields |= {"doing": doing[:80], "percent": percent}
    with atomic():
        if not _ours(job).update(**fields):
            raise Superseded


def settle_done(job: PackJob, pack: Pack, file_size: int) -> None:
    """Inside the transaction that records the pack. Raises Superseded when the job is no longer ours."""
    check_move(job.state, PackState.DONE)
    done = {"state": PackState.DONE, "pack": pack, "file_size": file_size, "ended_at": clock.now()}
    if not _ours(job).update(**done, lease_until=None, percent=100, doing="", error=""):
        raise Superseded


def settle_failed(job: PackJob, error: str) -> None:
    """It can't be made, and why. Does nothing when the job is no longer ours."""
    with atomic():
        check_move(job.state, PackState.FAILED)
        failed = {"state": PackState.FAILED, "error": error[:500], "ended_at": clock.now()}
        if _ours(job).update(**failed, lease_until=None, doing=""):
            ledger.record("portal", "pack.failed", SYSTEM, told(job, error=error[:500]))


def give_back(job: PackJob) -> None:
    """Whoever made it was lost: it is due again at once, or failed after MOST_TRIES."""
    if job.tries >= MOST_TRIES:
        settle_failed(job, POISON)
        return
    with atomic():
        _ours(job).update(lease_until=clock.now())
    doorbell.ring(BELL, job.uid)


def postpone(job: PackJob, why: str) -> None:
    """Something outside doesn't answer: it is due again later, or failed after MOST_TRIES."""
    if job.tries >= MOST_TRIES:
        settle_failed(job, why)
        return
    with atomic():
        _ours(job).update(
            lease_until=clock.now() + BACKOFF[job.tries - 1], error=why[:500], doing="Waiting to try again"
        )


@atomic()
def cancel(uid: str, *, actor: Actor) -> PackJob:
    """Nobody wants it any more. Raises IllegalPackMove when it is ready, failed or cancelled."""
    job = PackJob.objects.select_for_update().get(uid=uid)
    check_move(job.state, PackState.CANCELLED)
    job.state, job.ended_at, job.lease_until, job.doing = PackState.CANCELLED, clock.now(), None, ""
    job.save(update_fields=["state", "ended_at", "lease_until", "doing"])
    ledger.record("portal", "pack.cancelled", actor, told(job))
    return job


def hand_out(job: PackJob, *, actor: Actor) -> None:
    """Record that somebody takes the file. Raises NotReady when there is none."""
    if job.pack is None:
        raise NotReady(f"This pack can't be downloaded: it is {PackState(job.state).label.lower()}.")
    if not keeping.path_of(job.pack.zip_sha256).is_file():
        raise NotReady("The file of this pack is no longer kept here. Ask for a new pack: it holds this one's entries.")
    fields: dict[str, Json] = {"pack": job.pack.uid.hex, "zip_sha256": job.pack.zip_sha256}
    with atomic():
        ledger.hold("portal")
        if overtaken.is_overtaken(job.pack):
            raise NotReady("Something that this pack holds was erased since it was made. Ask for a new pack.")
        ledger.record("portal", "pack.handed_out", actor, told(job, **fields))


def told(job: PackJob, **more: Json) -> dict[str, Json]:
    """What every entry about a job says."""
    streams: Sequence[str] = job.streams
    fields: dict[str, Json] = {"job": job.uid, "kind": str(job.kind), "stream": streams[0]}
    if job.subject and job.subject != streams[0]:
        fields["subject"] = job.subject
    if job.audience:
        fields["audience"] = job.audience
    return {**fields, **more}


def due_jobs(now: dt.datetime) -> list[str]:
    """Uids of the jobs that nobody makes, the oldest first; for the sweep."""
    found = _due(now).filter(asked_at__lte=now - UNHEARD).order_by("asked_at")
    return list(found.values_list("uid", flat=True)[:MOST_DUE])


def is_left_alone(uid: str) -> bool:
    """Whether nobody answers the rings for a job, so that the sweep has to begin it itself."""
    now = clock.now()
    return _due(now - LEFT_ALONE).filter(uid=uid, asked_at__lte=now - LEFT_ALONE).exists()


def _due(now: dt.datetime) -> QuerySet[PackJob]:
    lost = Q(state=PackState.MAKING, lease_until__lte=now)
    return PackJob.objects.filter(Q(state=PackState.QUEUED) | lost)


def _ours(job: PackJob) -> QuerySet[PackJob]:
    return PackJob.objects.filter(pk=job.pk, state=PackState.MAKING, tries=job.tries)
