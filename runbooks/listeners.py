"""Connects the engine to its doorbells: what a ring sends, what the sweep looks for, whose decisions it hears."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import F, Q

from approvals import services as approvals
from approvals.models import ApprovalRequest
from approvals.selectors import panel_provider
from approvals.signals import request_settled
from plumbing import doorbell, sweep
from runbooks import copies, tasks
from runbooks.engine import attaching, consent, following, presence, queueing, shell, timers
from runbooks.models import Attempt, StepRun
from runbooks.outlook import panels
from runbooks.services import previewing
from runbooks.states import AttemptState, RunState, StepState

UNHEARD = dt.timedelta(seconds=2)  # so long a ring may take before the sweep looks
MOST = 500  # subjects of one pass


def connect() -> None:
    """Called once, when the app is ready."""
    copies.connect()
    doorbell.answer("attempt", lambda pk: _send(tasks.attend, pk))
    doorbell.answer("work", lambda subject: _send(tasks.work, subject))
    doorbell.answer("run", lambda uid: _send(tasks.advance_run, uid))
    doorbell.answer("preview", lambda subject: _send(tasks.tell_preview, subject))
    doorbell.answer("timer", lambda pk: _send(tasks.fire_timer, pk))
    sweep.register("attempt", find_attempts, tasks.attend, is_alone=is_left_to_us)
    sweep.register("timer", timers.find_timers, tasks.fire_timer, again_s=2, is_alone=nobody_is_there)
    sweep.register("preview", previewing.find_previews, tasks.tell_preview, is_alone=is_left_to_us)
    sweep.register("run", find_runs, shell.advance, again_s=2, is_alone=nobody_is_there)
    approvals.binding_provider("run/", consent.binding_of)
    panel_provider("run/", panels.of_request)
    request_settled.connect(_hear_decision, dispatch_uid="runbooks.decision")


def _send(task: Any, subject: str) -> None:
    """Only workers with the label hear of what is theirs: `17:0@dmz` goes to the queue of `dmz`."""
    task.apply_async((subject,), queue=queue_of(subject.partition("@")[2]), **doorbell.SENDING)


def queue_of(executor: str) -> str:
    """The queue that workers with this label read; those without one read the house's own."""
    house: str = settings.HOUSE_QUEUE
    return f"{house}.executor.{executor}" if executor else house


def _hear_decision(sender: object, request: ApprovalRequest, **_: Any) -> None:
    if request.subject.startswith("run/"):
        doorbell.ring("run", request.subject.split("/")[1])


def find_attempts(now: dt.datetime) -> Iterable[str]:
    """Attempts whose timer ran out, whose ring was not heard, or whose lease ended, as `id:fence`,
    with `@label` where only workers of an executor may take it.

    The fence grows with every call of an attempt, so each call is rung for on its own, and not 15 s after the last."""
    called_again = Q(started_at__isnull=False) | Q(not_before__gt=F("queued_at"))
    fresh = Q(state=AttemptState.QUEUED, not_before__lte=now - UNHEARD)
    timer = Q(state=AttemptState.QUEUED, not_before__lte=now) & called_again
    lost = Q(state=AttemptState.LEASED, lease_until__lte=now)
    presence.end_silent(now)
    due = Attempt.objects.filter(fresh | timer | lost).order_by("pk")
    return [
        f"{pk}:{fence}@{executor}" if executor and state == AttemptState.QUEUED else f"{pk}:{fence}"
        for pk, fence, executor, state in due.values_list("pk", "fence", "executor", "state")[:MOST]
    ]


def is_left_to_us(subject: str) -> bool:
    """Whether no worker is there for an attempt that this process may do: it has the label, if one is wanted."""
    label = subject.partition("@")[2]
    return label == settings.EXECUTOR and presence.roll.misses(label)


def nobody_is_there(subject: str) -> bool:
    """Whether no worker reads the house's own queue."""
    return presence.roll.misses("")


def find_runs(now: dt.datetime) -> Iterable[str]:
    """Runs whose ring may have been lost: consent was given or refused, locks are to be had or were left behind."""
    return {*_decided(), *queueing.next_in_line(), *queueing.left_over(), *following.find_due(), *attaching.find_due()}


def _decided() -> Iterable[str]:
    waiting = StepRun.objects.filter(state=StepState.APPROVAL, run__state=RunState.RUNNING)
    subjects = {f"run/{uid}/{step}": uid for uid, step in waiting.values_list("run__uid", "step")[:MOST]}
    pending = ApprovalRequest.objects.filter(subject__in=subjects, state="pending").values_list("subject", flat=True)
    return {uid for subject, uid in subjects.items() if subject not in set(pending)}
