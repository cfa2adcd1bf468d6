"""Deciding: every rule of a yes or a no, each in one transaction with its ledger entry."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from approvals import selectors
from approvals.errors import (
    AlreadySettled,
    ApprovalError,
    BadCondition,
    BindingChanged,
    ConfirmationMissing,
    FactorNeeded,
    NotYourTurn,
    OtherDigest,
    ReasonMissing,
)
from approvals.models import Alarm, ApprovalRequest, Asked, Condition, Decision, Seat
from approvals.policies.model import Allowed, Reason
from approvals.services.settling import (
    CHANGED,
    NOTHING_WAITS,
    act_now,
    already_settled,
    fresh,
    kept,
    locked,
    move,
    out_of_time,
    record_approved,
    refuse,
    told,
    void,
)
from approvals.states import AlarmKind, ConditionKind, RequestState, Verdict
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.models import User
from catalog.stepup import Factor as Factor
from plumbing.expressions import ExpressionError, compile_expression

LONGEST_DIGEST = 64  # of what a form says it has seen
CONFIRMATION = 8  # digits of the digest that are typed


@dataclass(frozen=True)
class Said:
    """What a door heard of somebody: the verdict, why, on which digest, and what they brought with it.

    typed: what they typed to confirm. factor: their fresh second factor; None when there is none. conditions: of a
    yes, (kind, text) each."""

    verdict: str
    reason: str = ""
    seen_digest: str = ""
    typed: str = ""
    factor: Factor | None = None
    conditions: tuple[tuple[str, str], ...] = ()


def decide(request_uid: str, *, user: User, said: Said, now: dt.datetime) -> ApprovalRequest:
    """Count a decision; the last one that is needed settles the request. Call it outside of any transaction: what a
    refusal records must outlive the error it raises.

    Raises NotEntitled (on record), AlreadySettled, NotYourTurn, OtherDigest, BindingChanged (the request is void
    then), ReasonMissing, ConfirmationMissing, FactorNeeded, BadCondition. Of two at the same moment, one counts."""
    if Verdict(said.verdict) == Verdict.REJECT and not said.reason.strip():
        raise ReasonMissing
    return kept(lambda: _decide(locked(request_uid), fresh(user), said, now))


def decide_alike(
    request_uid: str, others: Iterable[ApprovalRequest], *, user: User, said: Said, now: dt.datetime
) -> list[ApprovalError]:
    """Decide a request, and others that bind exactly the same with it: one after the other, each by all the rules.

    Returns why some of the others were not decided; nothing of what was decided hangs on them. Raises what `decide`
    raises for the first; then none of the others was touched."""
    first = decide(request_uid, user=user, said=said, now=now)
    refused: list[ApprovalError] = []
    for other in others:
        if other.digest != first.digest:
            refused.append(OtherDigest(first.digest, other.digest))
            continue
        try:
            decide(other.uid, user=user, said=said, now=now)
        except ApprovalError as error:
            refused.append(error)
    return refused


def _decide(request: ApprovalRequest, user: User, said: Said, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    """The request with the decision counted; or the refusal, returned instead of raised, so that its entry is kept."""
    if because := selectors.why_not(request, user, now):
        return refuse(request, user, said.verdict, because, seen=said.seen_digest[:LONGEST_DIGEST])
    if not request.is_pending or request.decisions.filter(user=user).exists():
        return _too_late(request, user)
    if late := out_of_time(request, now):
        return late
    if said.seen_digest != request.digest:
        return OtherDigest(said.seen_digest, request.digest)
    if missing := _missing(request, user, said, now):
        return missing
    if changed := check_binding(request, now):
        return changed
    return _count(request, user, said, now)


def _too_late(request: ApprovalRequest, user: User) -> AlreadySettled:
    mine = request.decisions.filter(user=user).first()
    if request.is_pending and mine is not None:
        when = mine.decided_at.astimezone(dt.UTC).strftime("%-d %b %Y, %H:%M:%S UTC")
        return AlreadySettled("decided by you", f"you said {mine.get_verdict_display().lower()}", when)
    return already_settled(request)


def _missing(request: ApprovalRequest, user: User, said: Said, now: dt.datetime) -> ApprovalError | None:
    """What the policies demand of a decision and what is not there; None when all of it is."""
    demand = request.demand
    if demand.get("reason") == Reason.ALWAYS and not said.reason.strip():
        return ReasonMissing()
    if demand.get("typed") and said.verdict == Verdict.APPROVE and said.typed.strip() != request.digest[:CONFIRMATION]:
        return ConfirmationMissing(request.digest[:CONFIRMATION])
    within_s = demand.get("factor_s")
    if within_s is not None and not is_fresh(said.factor, now, within_s):
        return FactorNeeded(within_s)
    turn = selectors.turn_of(request) if demand.get("in_turn") else None
    if turn is not None and not turn.asked.filter(user=user).exists():
        return NotYourTurn(turn.label)
    return check_conditions(request, said.conditions)


def is_fresh(factor: Factor | None, now: dt.datetime, within_s: int) -> bool:
    """Whether the second factor was given within the last `within_s` seconds; fails closed."""
    return factor is not None and dt.timedelta() <= now - factor.at <= dt.timedelta(seconds=within_s)


def check_conditions(request: ApprovalRequest, conditions: Sequence[tuple[str, str]]) -> ApprovalError | None:
    """Why these conditions can't be kept: the policies allow none, or an expression can't be read."""
    if conditions and Allowed.CONDITIONS not in request.demand.get("allow", ()):
        return BadCondition("the policies of this request allow no conditions: approve it, reject it, or ask")
    for kind, text in conditions:
        if not text.strip():
            return BadCondition("it is empty")
        if kind == ConditionKind.EXPRESSION:
            try:
                compile_expression(text)
            except ExpressionError as error:
                return BadCondition(str(error))
    return None


def check_binding(request: ApprovalRequest, now: dt.datetime) -> BindingChanged | None:
    """Whether what would be done is still what was asked. Where it isn't, the request is void now."""
    act = act_now(request.subject)
    found = None if act is None else selectors.ruled(act)
    if found is not None and found.digest == request.digest:
        return None
    differences = "" if found is None else selectors.in_words(request.binds, found.binds)
    reason = NOTHING_WAITS if found is None else f"{CHANGED} {differences}".strip()
    void(request, reason=reason, actor=ledger.SYSTEM, now=now)
    return BindingChanged(request.digest, found.digest if found else "", differences)


def _count(request: ApprovalRequest, user: User, said: Said, now: dt.datetime) -> ApprovalRequest:
    """Keep the decision. A no settles the request, and so does the yes that fills the last seat."""
    factor = said.factor
    decision = Decision.objects.create(
        request=request, user=user, verdict=said.verdict, reason=said.reason.strip(), digest=request.digest,
        decided_at=now, factor=factor.method if factor else "", factor_at=factor.at if factor else None,
    )  # fmt: skip
    decision.seats.set(Seat.objects.filter(asked__user=user, request=request))
    Condition.objects.bulk_create(
        Condition(decision=decision, kind=kind, text=text.strip()) for kind, text in said.conditions
    )
    fields: dict[str, Json] = {
        "reason": decision.reason,
        "seats": [seat.label for seat in decision.seats.all()],
        "factor": decision.factor,
        "factor_at": stamp(factor.at) if factor else None,
        "conditions": [{"kind": kind, "text": text.strip()} for kind, text in said.conditions],
    }
    if said.verdict == Verdict.REJECT:
        move(request, RequestState.REJECTED, now)
        ledger.record(request.stream, "approval.rejected", user, told(request, digest=request.digest, **fields))
    elif waiting := selectors.unfilled(request):
        more = {"still": [seat.label for seat in waiting]}
        ledger.record(request.stream, "approval.agreed", user, told(request, digest=request.digest, **fields, **more))
    else:
        approve(request, now)
        record_approved(request, user, fields)
    return request


def approve(request: ApprovalRequest, now: dt.datetime, **facts: object) -> None:
    """Settle a locked request with a yes, which may be used until it expires. The caller records it."""
    lasts_s = request.demand.get("lasts_s")
    expires_at = now + dt.timedelta(seconds=lasts_s) if lasts_s else None
    move(request, RequestState.APPROVED, now, expires_at=expires_at, **facts)
    if expires_at is not None:
        Alarm.objects.create(request=request, kind=AlarmKind.EXPIRY, due_at=expires_at)


def cover(request_uid: str, *, user: User, reason: str, now: dt.datetime) -> ApprovalRequest:
    """The owner or the deputy takes on a request that went to somebody else, or nobody; then they may decide it.

    Call it outside of any transaction, as `decide`. Raises NotEntitled (on record), AlreadySettled, ReasonMissing."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    return kept(lambda: _cover(locked(request_uid), fresh(user), reason, now))


def _cover(request: ApprovalRequest, user: User, reason: str, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    if not request.is_pending:
        return already_settled(request)
    if late := out_of_time(request, now):
        return late
    parts = selectors.parts_to_cover(request, user, now)
    if not parts:
        return refuse(request, user, "cover", selectors.why_not(request, user, now) or "it is asked of you already")
    for seat, part, basis in parts:
        path = [f"{user} is {part}", f"{user} took it on: {reason}"]
        Asked.objects.create(request=request, seat=seat, user=user, because=part, path=path, basis=basis, asked_at=now)
        Seat.objects.filter(pk=seat.pk).update(lacks=max(0, seat.lacks - 1))
    because = "; ".join(part for _, part, _ in parts)
    fields: dict[str, Json] = {"request": request.uid, "subject": request.subject, "because": because, "reason": reason}
    ledger.record(request.stream, "approval.covered", user, fields)
    return request
