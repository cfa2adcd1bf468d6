"""Connects the engine to its doorbells: what a ring sends, what the sweep looks for, whose decisions it hears."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import F, Q

from approvals import services as approvals
from approvals.models import ApprovalRequest
from approvals.signals import request_settled
from plumbing import doorbell, sweep
from runbooks import tasks
from runbooks.engine import consent, shell
from runbooks.models import Attempt, StepRun
from runbooks.states import AttemptState, RunState, StepState

RING_EXPIRES_S = 30  # an older ring is worth nothing: the sweep has found the work
UNHEARD = dt.timedelta(seconds=2)  # so long a ring may take before the sweep looks
MOST = 500  # subjects of one pass


def connect() -> None:
    """Called once, when the app is ready."""
    doorbell.answer("attempt", lambda pk: _send(tasks.attend, pk))
    doorbell.answer("run", lambda uid: _send(tasks.advance_run, uid))
    sweep.register("attempt", find_attempts, tasks.attend)
    sweep.register("run", find_runs, shell.advance, again_s=2)
    approvals.binding_provider("run/", consent.binding_of)
    request_settled.connect(_hear_decision, dispatch_uid="runbooks.decision")


def _send(task: Any, subject: str) -> None:
    task.apply_async((subject,), retry=False, expires=RING_EXPIRES_S, ignore_result=True)


def _hear_decision(sender: object, request: ApprovalRequest, **_: Any) -> None:
    if request.subject.startswith("run/"):
        doorbell.ring("run", request.subject.split("/")[1])


def find_attempts(now: dt.datetime) -> Iterable[str]:
    """Attempts whose timer ran out, whose ring was not heard, or whose lease ended, as `id:fence`.

    The fence grows with every call of an attempt, so each call is rung for on its own, and not 15 s after the last."""
    called_again = Q(started_at__isnull=False) | Q(not_before__gt=F("queued_at"))
    fresh = Q(state=AttemptState.QUEUED, not_before__lte=now - UNHEARD)
    timer = Q(state=AttemptState.QUEUED, not_before__lte=now) & called_again
    lost = Q(state=AttemptState.LEASED, lease_until__lte=now)
    due = Attempt.objects.filter(fresh | timer | lost).order_by("pk")
    return [f"{pk}:{fence}" for pk, fence in due.values_list("pk", "fence")[:MOST]]


def find_runs(now: dt.datetime) -> Iterable[str]:
    """Runs with a step that waits for consent which was given or refused, in case nobody rang."""
    waiting = StepRun.objects.filter(state=StepState.APPROVAL, run__state=RunState.RUNNING)
    subjects = {f"run/{uid}/{step}": uid for uid, step in waiting.values_list("run__uid", "step")[:MOST]}
    pending = ApprovalRequest.objects.filter(subject__in=subjects, state="pending").values_list("subject", flat=True)
    return {uid for subject, uid in subjects.items() if subject not in set(pending)}
