"""Using a yes: once, in time, under its conditions, and only for exactly what was approved.

What will be done is compared with the ledger's own entry of the approval, not with the row: whoever alters the row
behind the ORM gets nothing done.
"""

import datetime as dt

from django.db.models import Q

from approvals import selectors
from approvals.models import ApprovalRequest, Condition
from approvals.policies.binding import Act, digest_of
from approvals.services.proving import why_unproved
from approvals.services.settling import locked, move, told
from approvals.states import ConditionKind, RequestState
from audit import ledger
from catalog.models import User
from plumbing.database import atomic
from plumbing.expressions import ExpressionError, evaluate

WRONG_STATE = {
    RequestState.PENDING: "nobody has decided yet",
    RequestState.REJECTED: "it was rejected",
    RequestState.USED: "the approval was used already, and holds for one use",
}


@atomic()
def use(subject: str, *, act: Act, actor: ledger.Actor, now: dt.datetime) -> str:
    """Use the approval of `subject` for `act`, in the transaction that begins it. Returns "" when it may begin, else
    why it may not; then nothing was used, and the approval is void where it can't be used any more.

    actor: who carries it out."""
    found = selectors.latest_of(subject)
    if found is None:
        return "nobody was asked"
    request = locked(found.uid)
    if because := _unusable(request, act, actor, now):
        return because
    move(request, RequestState.USED, now, used_at=now)
    conditions = [condition.text for condition in _conditions(request)]
    ledger.record(
        request.stream, "approval.used", actor,
        told(request, digest=request.digest, ground=request.ground, conditions=conditions),
    )  # fmt: skip
    return ""


def _unusable(request: ApprovalRequest, act: Act, actor: ledger.Actor, now: dt.datetime) -> str:
    """Why the approval can't be used for this act by this actor now; "" when it can."""
    if request.state != RequestState.APPROVED:
        return WRONG_STATE.get(RequestState(request.state), request.why or f"it is {request.state}")
    if request.expires_at is not None and request.expires_at <= now:
        return "the approval has expired"
    found = selectors.ruled(act)
    if not found.digest == request.digest == digest_of(request.binds):
        return f"what would be done isn't what was approved. {selectors.in_words(request.binds, found.binds)}".strip()
    if because := why_unproved(request):
        return because
    if actor.actor_id in _who_approved(request):
        return "whoever approved it can't carry it out"
    return next((why for why in (_unmet(condition, act) for condition in _conditions(request)) if why), "")


def _who_approved(request: ApprovalRequest) -> set[str]:
    """Actor ids of those who decided, and of those whose yes in advance fills a seat."""
    standing = Q(standing_approvals__uses__seat__request=request)
    return {user.actor_id for user in User.objects.filter(Q(decisions__request=request) | standing)}


def _conditions(request: ApprovalRequest) -> list[Condition]:
    return list(Condition.objects.filter(decision__request=request).order_by("pk"))


def _unmet(condition: Condition, act: Act) -> str:
    """Why a condition doesn't hold now; "" when it does. An expression that can't be evaluated doesn't hold."""
    if condition.kind == ConditionKind.NOTE:
        return "" if condition.confirmed_at else f"nobody has confirmed the condition “{condition.text}”"
    try:
        holds = evaluate(condition.text, act.values)
    except ExpressionError as error:
        return f"the condition “{condition.text}” can't be checked: {error}"
    return "" if holds is True else f"the condition “{condition.text}” doesn't hold"
