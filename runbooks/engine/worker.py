"""What a worker does: claim attempts of a run, act outside any transaction, write the results and claim the next."""

import time

from django.conf import settings

from plumbing.failpoints import fail_here
from runbooks.actions.base import Outcome
from runbooks.engine import claiming, results
from runbooks.engine.claiming import Claimed, claim_in, due_in, next_in, sealed, worker_name
from runbooks.engine.leases import leases
from runbooks.engine.live import Voice
from runbooks.engine.paces import paces
from runbooks.engine.performing import Ended
from runbooks.engine.performing import perform as act
from runbooks.engine.presence import is_draining
from runbooks.engine.rings import is_soon_done, ring_once
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle, transacted
from runbooks.engine.work import Work
from runbooks.models import Attempt
from runbooks.states import AttemptState

SLICE_S = 2.0  # so long a worker goes on with one run; the next one may have to read all of it
FLUSH_S = 0.010  # the oldest result of a bundle waits no longer than this, and the attempt under way

__all__ = ["attend", "claim", "finish", "lose", "perform", "work_on", "worker_name"]


def attend(attempt_id: int) -> bool:
    """Do what the attempt needs: perform it, or call it lost when its lease ran out. False when it needs nothing."""
    claimed = _claim_one(attempt_id)
    if claimed:
        _carry_on(claimed)
    return bool(claimed) or lose(attempt_id)


def work_on(run_uid: str) -> bool:
    """Do what this run has for us to do, and go on for SLICE_S. False when it has nothing."""
    claimed = transacted(lambda: _claim_next(lock(run_uid, hot=True), 1))
    if claimed:
        _carry_on(claimed)
    return bool(claimed)


def perform(attempt_id: int) -> bool:
    """Do one attempt. False when it isn't to be had: not due, held by another worker, or over."""
    claimed = claim(attempt_id)
    if claimed is None:
        return False
    _record(claimed.run_uid, [(claimed.attempt, _perform(claimed))], most=0)
    return True


def claim(attempt_id: int) -> Claimed | None:
    """Take the lease and bring the step to running. None when somebody else was faster, or its binding broke."""
    return next(iter(_claim_one(attempt_id)), None)


def finish(attempt: Attempt, outcome: Outcome) -> None:
    """Write what came out, if the lease is still ours; else keep it as late evidence that changes nothing."""
    _record(attempt.step_run.run.uid, [(attempt, Ended(outcome))], most=0)


def _claim_one(attempt_id: int) -> list[Claimed]:
    def once() -> list[Claimed]:
        named = _named(attempt_id, AttemptState.QUEUED)
        if named is None:
            return []
        run_uid, step = named
        work = lock(run_uid, hot=True)
        attempt = work.open_attempt(step)
        if attempt is None or attempt.pk != attempt_id or not claiming.may_begin(work, attempt):
            return []
        return _claim(work, [attempt])

    return transacted(once)


def _named(attempt_id: int, state: AttemptState) -> tuple[str, str] | None:
    """Run and step of an attempt, if it is in this state."""
    found = Attempt.objects.filter(pk=attempt_id, state=state)
    return found.values_list("step_run__run__uid", "step_run__step").first()


def _claim_next(work: Work, most: int) -> list[Claimed]:
    """Claim up to `most`, or none when somebody else who is at this run will have done them at once."""
    held = [attempt for attempt in work.memory.open.values() if attempt.state == AttemptState.LEASED]
    if most and held and is_soon_done(work.memory, held, due_in(work)):
        most = 0
    return _claim(work, next_in(work, most))


def _claim(work: Work, attempts: list[Attempt]) -> list[Claimed]:
    """Claim these, and close the transaction. A worker that drains claims none, whatever rings it had heard before."""
    claimed, unbound = claim_in(work, [] if is_draining() else attempts)
    if unbound:
        settle(work)
    work.close()
    return sealed(claimed)


def _carry_on(claimed: list[Claimed]) -> None:
    """Perform what is claimed, record it and claim the next, in one transaction each, until there is none.

    When something breaks, a database that stays away say, the rest of a bundle is let go: its leases end, and whoever
    comes next takes it. Held on to, they would be renewed for as long as this process lives, and done by nobody."""
    until = time.monotonic() + SLICE_S
    run_uid = claimed[0].run_uid
    try:
        while claimed:
            done, claimed = _bundle(claimed)
            fail_here("after_action")
            is_over = time.monotonic() > until or is_draining()
            most = 0 if is_over or claimed else paces.bundle(done[-1][0].pace)
            claimed += _record(run_uid, [(each.attempt, ended) for each, ended in done], most=most, pass_on=is_over)
    finally:
        for each in claimed:
            leases.drop(each.attempt)


def _bundle(claimed: list[Claimed]) -> tuple[list[tuple[Claimed, Ended]], list[Claimed]]:
    """Perform one after another until the first result has waited for FLUSH_S. Also what is left."""
    for each in claimed:
        leases.hold(each.attempt)
    done: list[tuple[Claimed, Ended]] = []
    began = time.monotonic()
    for each in claimed:
        ended = _perform(each)
        done.append((each, ended))
        if time.monotonic() - began > FLUSH_S:
            break
    return done, claimed[len(done) :]


def _perform(claimed: Claimed) -> Ended:
    fail_here("after_claim")
    attempt = claimed.attempt
    leases.hold(attempt)
    voice = Voice(attempt)
    try:
        ended = act(claimed, voice, lambda: leases.should_stop(attempt))
    finally:
        leases.drop(attempt)
    paces.note(claimed.pace, ended.took_s)
    return ended


def _record(run_uid: str, done: list[tuple[Attempt, Ended]], *, most: int, pass_on: bool = False) -> list[Claimed]:
    """Write results, ask the planner, and claim up to `most` next attempts: one transaction.

    pass_on: instead of claiming, ring for whoever goes on."""

    def once() -> list[Claimed]:
        work = lock(run_uid, hot=True)
        for attempt, ended in done:
            results.record(work, attempt, ended)
        settle(work)
        claimed = _claim_next(work, most)
        if pass_on and next_in(work, 1):
            ring_once(run_uid, settings.EXECUTOR)
        return claimed

    return transacted(once)


def lose(attempt_id: int) -> bool:
    """Call an attempt lost when its lease ran out. False when it did not."""

    def once() -> bool:
        named = _named(attempt_id, AttemptState.LEASED)
        if named is None:
            return False
        run_uid, step = named
        work = lock(run_uid, hot=True)
        attempt = work.open_attempt(step)
        expired = Attempt.objects.filter(pk=attempt_id, state=AttemptState.LEASED, lease_until__lte=work.now)
        if attempt is None or attempt.pk != attempt_id or not expired.exists():
            return False
        _lose(work, step, attempt)
        settle(work)
        work.close()
        return True

    return transacted(once)


def _lose(work: Work, step: str, attempt: Attempt) -> None:
    why = f"Worker {attempt.worker} was lost."
    work.set_attempt(step, attempt, state=AttemptState.LOST, ended_at=work.now, error=why, effect="unknown")
    changes = {"losses": work.peek(step).losses + 1}
    work.set(step, **(changes | {"effect": "unknown"} if attempt.kind == "act" else changes))
    told = {"step": step, "title": work.title(step), "attempt": attempt.number, "why": why}
    work.say("attempt.lost", told)
