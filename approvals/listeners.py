"""Connects the clocks of requests to the sweep, and the stream of policies to its gate."""

from typing import Any

from django.db.models import Q

from approvals import services, tasks
from approvals.services import clocks
from approvals.services.ruling import STREAM
from audit.permissions import EVERYTHING, NOTHING, Label, May, register_gate
from catalog.permissions import Right, teams_where
from plumbing import doorbell, sweep

RING_AGAIN_S = 2  # what was fired is no longer found


def connect() -> None:
    """Called once, when the app is ready."""
    services.binding_provider(services.PREFIX, services.act_from_outside)
    doorbell.answer("approval", _send)
    sweep.register("approval", clocks.find_due, clocks.tick, again_s=RING_AGAIN_S)
    register_gate(
        STREAM, policy_gate, lambda uids: {uid: Label("Approval policies", "/approvals/policies/") for uid in uids}
    )


def _send(uid: str) -> None:
    tasks.tick.apply_async((uid,), **doorbell.SENDING)


def policy_gate(user: Any, may: May) -> Q:
    """The rules bind everybody, so everybody who sees some team reads their history; to take it away needs export."""
    right = Right.EXPORT if may == "export" else Right.VIEW
    return EVERYTHING if teams_where(user, right).exists() else NOTHING
