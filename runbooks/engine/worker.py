"""What a worker does with one attempt: claim it, act outside any transaction, write the result under its token."""

import datetime as dt
import logging
import os
import socket
import threading
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from audit import ledger
from plumbing.database import atomic
from plumbing.errors import MusterError
from plumbing.expressions import resolve
from runbooks import actions
from runbooks.actions.base import Again, Context, Done, Failed, Outcome
from runbooks.engine import consent
from runbooks.engine.leases import leases
from runbooks.engine.model import Effect, Step
from runbooks.engine.outputs import as_evidence, typed
from runbooks.engine.shell import settle
from runbooks.engine.work import Work, lock
from runbooks.models import Attempt, AttemptKind
from runbooks.states import AttemptState, StepState

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Claimed:
    """An attempt that this worker holds, and what it is to do."""

    attempt: Attempt
    kind: str  # of the action: the step's own, or `probe` for a verification
    config: dict[str, Any]  # resolved: the action's `with`, or the probe of `verify`
    context: Context


def worker_name() -> str:
    """Who holds a lease: host, process, thread."""
    return f"{socket.gethostname()}/{os.getpid()}/{threading.current_thread().name}"[:120]


def attend(attempt_id: int) -> bool:
    """Do what the attempt needs: perform it, or call it lost when its lease ran out. False when it needs nothing."""
    return perform(attempt_id) or lose(attempt_id)


def perform(attempt_id: int) -> bool:
    """Do one attempt. False when it isn't to be had: not due, held by another worker, or over."""
    claimed = claim(attempt_id)
    if claimed is None:
        return False
    _fail_here("after_claim")
    leases.hold(claimed.attempt)
    try:
        outcome = _act(claimed)
    finally:
        leases.drop(claimed.attempt)
    _fail_here("after_action")
    finish(claimed.attempt, outcome)
    return True


def claim(attempt_id: int) -> Claimed | None:
    """Take the lease and bring the step to running. None when somebody else was faster, or its binding broke."""
    with atomic():
        attempt = _open(attempt_id, AttemptState.QUEUED)
        if attempt is None:
            return None
        work = lock(attempt.step_run.run.uid)
        if not _take(attempt, work.now):
            return None
        claimed = _begin(work, attempt)
        work.close()
    return claimed


def _take(attempt: Attempt, now: dt.datetime) -> bool:
    """The guarded UPDATE that makes one worker the holder. Its fence: nobody touched the row since it was read."""
    attempt.lease_until, attempt.worker = now + dt.timedelta(seconds=settings.LEASE_S), worker_name()
    free = Attempt.objects.filter(pk=attempt.pk, state=AttemptState.QUEUED, not_before__lte=now, fence=attempt.fence)
    attempt.state, attempt.fence = AttemptState.LEASED, attempt.fence + 1
    return bool(
        free.update(state=attempt.state, fence=attempt.fence, lease_until=attempt.lease_until, worker=attempt.worker)
    )


def _open(attempt_id: int, state: AttemptState) -> Attempt | None:
    return Attempt.objects.select_related("step_run__run").filter(pk=attempt_id, state=state).first()


def _begin(work: Work, attempt: Attempt) -> Claimed | None:
    """Check that it would still do what was agreed, and say that it runs. None, and taken back, when it would not."""
    step = work.definition.by_id[attempt.step_run.step]
    first_call = attempt.started_at is None
    intent = work.intent(step.id) if attempt.kind == AttemptKind.ACT else None
    if intent is not None and first_call and intent.digest != attempt.binding:
        unbind(work, step.id, attempt)
        settle(work)
        return None
    if first_call:
        attempt.started_at = work.now
        attempt.save(update_fields=["started_at"])
    if work.row(step.id).state == StepState.READY:
        work.move(step.id, StepState.RUNNING, f"Try {attempt.number} began.", attempt=attempt.number)
    kind, config = (step.action, dict(intent.config)) if intent is not None else _verification(work, step)
    return Claimed(attempt, kind, config, _context(work, step, attempt))


def _verification(work: Work, step: Step) -> tuple[str, dict[str, Any]]:
    """A verification is a probe: its kind of action and its resolved configuration."""
    verify = step.verify
    if verify is None:
        raise ValueError(f"step {step.id} has nothing to verify")
    times = {"for": verify.for_s, "within": verify.within_s, "every": verify.every_s}
    return "probe", {**resolve(dict(verify.config), work.values()), **times}


def _context(work: Work, step: Step, attempt: Attempt) -> Context:
    began = attempt.started_at or work.now
    return Context(
        idempotency_key=attempt.idempotency_key,
        now=work.now,
        deadline_s=step.timeout_s,
        waited_s=(work.now - began).total_seconds(),
        memo=attempt.memo,
    )


def unbind(work: Work, step: str, attempt: Attempt) -> None:
    """What the attempt would do has changed since it was queued: nothing is done, and consent is asked anew."""
    why = "What it would do has changed since it was queued."
    Attempt.objects.filter(pk=attempt.pk).update(state=AttemptState.VOID, ended_at=work.now, error=why)
    work.say("attempt.void", {"step": step, "title": work.definition.by_id[step].title, "why": why})
    if work.definition.by_id[step].approval is not None:
        work.flush()
        consent.withdraw(work, step, why, ledger.SYSTEM)
        work.move(step, StepState.APPROVAL, why)


def _act(claimed: Claimed) -> Outcome:
    try:
        action = actions.get(claimed.kind)
        return action.perform(action.parse(claimed.config), claimed.context)
    except MusterError as error:  # refused before anything was done
        return Failed(str(error), retryable=False, effect=Effect.NONE)
    except Exception as error:
        log.exception("Action %s broke in attempt %s", claimed.kind, claimed.attempt.pk)
        return Failed(f"{type(error).__name__}: {error}", retryable=False, effect=Effect.UNKNOWN)


def finish(attempt: Attempt, outcome: Outcome) -> None:
    """Write what came out, if the lease is still ours; else keep it as late evidence that changes nothing."""
    with atomic():
        work = lock(attempt.step_run.run.uid)
        ours = Attempt.objects.filter(pk=attempt.pk, fence=attempt.fence, state=AttemptState.LEASED)
        if isinstance(outcome, Again):
            again_at = work.now + dt.timedelta(seconds=outcome.after_s)
            ours.update(state=AttemptState.QUEUED, not_before=again_at, memo=outcome.memo, lease_until=None)
            return
        step = work.definition.by_id[attempt.step_run.step]
        outcome = typed(step, attempt.kind, outcome)
        if ours.update(**_result(work, outcome)):
            _note(work, step, attempt, outcome)
            settle(work)
        else:
            work.say("attempt.late", {"step": step.id, "title": step.title, **_told(attempt, outcome)})
        work.close()


def _result(work: Work, outcome: Done | Failed) -> dict[str, Any]:
    common = {"ended_at": work.now, "lease_until": None, "output": outcome.output}
    if isinstance(outcome, Done):
        return {**common, "state": AttemptState.SUCCEEDED}
    failed = {"error": outcome.error[:1000], "retryable": outcome.retryable, "effect": outcome.effect}
    return {**common, **failed, "state": AttemptState.FAILED}


def _note(work: Work, step: Step, attempt: Attempt, outcome: Done | Failed) -> None:
    verb = "succeeded" if isinstance(outcome, Done) else "failed"
    work.say(f"attempt.{verb}", {"step": step.id, "title": step.title, **_told(attempt, outcome)})
    if isinstance(outcome, Done) and attempt.kind == AttemptKind.ACT:
        work.keep_output(step.id, outcome.output)


def _told(attempt: Attempt, outcome: Done | Failed) -> dict[str, Any]:
    told = {
        "attempt": attempt.number,
        "of": attempt.kind,
        "key": attempt.idempotency_key,
        "worker": attempt.worker,
        **as_evidence(outcome.output),
    }
    return told if isinstance(outcome, Done) else {**told, "error": outcome.error, "effect": outcome.effect}


def lose(attempt_id: int) -> bool:
    """Call an attempt lost when its lease ran out. False when it did not."""
    with atomic():
        attempt = _open(attempt_id, AttemptState.LEASED)
        if attempt is None:
            return False
        work = lock(attempt.step_run.run.uid)
        expired = Attempt.objects.filter(pk=attempt_id, state=AttemptState.LEASED, lease_until__lte=work.now)
        why = f"Worker {attempt.worker} was lost."
        if not expired.update(state=AttemptState.LOST, ended_at=work.now, error=why):
            return False
        row = work.row(attempt.step_run.step)
        row.losses += 1
        row.save(update_fields=["losses"])
        title = work.definition.by_id[row.step].title
        work.say("attempt.lost", {"step": row.step, "title": title, "attempt": attempt.number, "why": why})
        settle(work)
        work.close()
    return True


def _fail_here(point: str) -> None:
    """Fault matrix 3: die as a machine dies, when the environment says so."""
    if os.environ.get("MUSTER_FAIL") == point:
        os.kill(os.getpid(), 9)
