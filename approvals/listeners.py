"""Connects the clocks of requests, and filings that wait, to the sweep; and the stream of policies to its gate."""

from typing import Any

from django.db.models import Q

from approvals import copies, filings, services, tasks
from approvals.models import ApprovalRequest
from approvals.services import clocks
from approvals.services.ruling import STREAM
from approvals.signals import request_settled
from audit.filings import consent
from audit.permissions import EVERYTHING, NOTHING, Label, May, register_gate
from catalog.permissions import EVIDENCE, teams_where
from plumbing import doorbell, sweep

RING_AGAIN_S = 2  # what was fired is no longer found


def connect() -> None:
    """Called once, when the app is ready."""
    copies.connect()
    services.binding_provider(services.PREFIX, services.act_from_outside)
    doorbell.answer("approval", _send)
    sweep.register("approval", clocks.find_due, clocks.tick, again_s=RING_AGAIN_S)
    services.binding_provider(filings.PREFIX, filings.act_now)
    consent.register(filings.Approvals())
    doorbell.answer("filing", _send_filing)
    sweep.register("filing", filings.unsettled, filings.settle)
    request_settled.connect(_hear_decision, dispatch_uid="approvals.filing")
    register_gate(
        STREAM, policy_gate, lambda uids: {uid: Label("Approval policies", "/approvals/policies/") for uid in uids}
    )


def _send(uid: str) -> None:
    tasks.tick.apply_async((uid,), **doorbell.SENDING)


def _send_filing(subject: str) -> None:
    tasks.settle_filing.apply_async((subject,), **doorbell.SENDING)


def _hear_decision(sender: object, request: ApprovalRequest, **_: Any) -> None:
    if request.subject.startswith(filings.PREFIX):
        doorbell.ring("filing", request.subject)


def policy_gate(user: Any, may: May) -> Q:
    """The rules bind everybody, so everybody who sees some team reads their history; more needs its own right."""
    return EVERYTHING if teams_where(user, EVIDENCE[may]).exists() else NOTHING
