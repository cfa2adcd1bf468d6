"""Connects checkpoints to the sweep: at most one a minute, and only when the ledger grew."""

from django.conf import settings

from audit import rhythm, tasks
from audit.access import delivery
from audit.packs import jobs
from audit.redaction import erasing, own
from audit.regimes import hearing, ticking
from audit.reports import register_sentences, speaker
from audit.reports.words import entries
from audit.trust import attesting, copies, rechecking
from plumbing import doorbell, sweep

EVENTS_AGAIN_S = 5.0  # so late a security event may be
ATTEST_AGAIN_S = 30.0  # an authority may take its time
PACK_AGAIN_S = 2.0  # what was claimed is no longer found
CLOCK_AGAIN_S = 5.0  # a reminder may be so late
ERASE_AGAIN_S = 60.0  # whoever approved carries it out at once; this is for what a crash left


def connect() -> None:
    """Called once, when the app is ready."""
    own.connect()
    doorbell.answer("erasure", _send_erasure)
    sweep.register("erasure", erasing.unfinished, erasing.carry_out, again_s=ERASE_AGAIN_S)
    doorbell.answer(jobs.BELL, _send_pack)
    sweep.register(jobs.BELL, jobs.due_jobs, tasks.packers.take, again_s=PACK_AGAIN_S, is_alone=jobs.is_left_alone)
    rhythm.connect()
    hearing.connect()
    doorbell.answer(ticking.BELL, _send_clock)
    sweep.register(ticking.BELL, ticking.due_clocks, ticking.tick, again_s=CLOCK_AGAIN_S)
    doorbell.answer("siem", _send_events)
    sweep.register("siem", delivery.due, delivery.deliver, again_s=EVENTS_AGAIN_S)
    doorbell.answer("attest", _send_attest)
    sweep.register("attest", attesting.Rounds().due, attesting.give, again_s=ATTEST_AGAIN_S)
    register_sentences(speaker(entries.TABLE))
    copies.register(attesting.tell)
    rechecking.connect()


def _send_erasure(uid: str) -> None:
    tasks.erase.apply_async((uid,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def _send_clock(uid: str) -> None:
    tasks.tick_clock.apply_async((uid,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def _send_events(name: str) -> None:
    tasks.send_events.apply_async((name,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def _send_attest(subject: str) -> None:
    tasks.attest.apply_async((subject,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)


def _send_pack(uid: str) -> None:
    tasks.make_pack.apply_async((uid,), queue=settings.HOUSE_QUEUE, **doorbell.SENDING)
