"""Taking back: a request by who asks, a yes by who gave it, as long as nothing was done on it."""

import datetime as dt

from approvals.errors import ApprovalError, ReasonMissing
from approvals.models import ApprovalRequest
from approvals.services.settling import (
    already_settled,
    fresh,
    kept,
    locked,
    move,
    refuse,
    told,
)
from approvals.states import LIVE, RequestState, Verdict
from audit import ledger
from audit.canonical import Json
from catalog.models import User
from catalog.permissions import Right, holds


def withdraw(request_uid: str, *, user: User, reason: str, now: dt.datetime) -> ApprovalRequest:
    """Whoever asked, or commands there, takes the question back; whoever said yes takes that back before it is used,
    also while others still have to agree.

    Call it outside of any transaction. Raises NotEntitled (on record), AlreadySettled, ReasonMissing."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    return kept(lambda: _withdraw(locked(request_uid), fresh(user), reason, now))


def _withdraw(request: ApprovalRequest, user: User, reason: str, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    if because := why_not_withdraw(request, user):
        return refuse(request, user, "withdraw", because, seen=request.digest)
    if request.state not in LIVE:
        return already_settled(request)
    was = request.state
    said = "The yes was" if _said_yes(request, user) else "The question was"
    move(request, RequestState.WITHDRAWN, now, why=f"{said} withdrawn by {user}: {reason}")
    fields: dict[str, Json] = {"was": was, "reason": reason}
    ledger.record(request.stream, "approval.withdrawn", user, told(request, digest=request.digest, **fields))
    return request


def why_not_withdraw(request: ApprovalRequest, user: User) -> str:
    """Why this person can't take it back; "" when they can. Who gave a yes takes it back, who asks the question."""
    if not user.is_active:
        return "the account is not active"
    if _said_yes(request, user):
        return ""
    if request.state == RequestState.APPROVED:
        return "whoever said yes takes that back"
    asks = user in (request.requester, request.executor) or holds(user, Right.COMMAND, request.teams.all())
    return "" if asks else "whoever asked for it, or commands there, takes the question back"


def _said_yes(request: ApprovalRequest, user: User) -> bool:
    return request.decisions.filter(user=user, verdict=Verdict.APPROVE).exists()
