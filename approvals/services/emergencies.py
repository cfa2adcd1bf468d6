"""Breaking the glass: going on without the approver, in an emergency, with a review that can't be forgotten."""

import datetime as dt

from approvals import selectors
from approvals.errors import (
    ApprovalError,
    ConfirmationMissing,
    FactorNeeded,
    NoReview,
    OtherDigest,
    ReasonMissing,
)
from approvals.models import ApprovalRequest, Review
from approvals.policies.model import Allowed
from approvals.services.deciding import approve, check_binding, is_fresh
from approvals.services.settling import (
    already_settled,
    fresh,
    kept,
    lock_stream,
    locked,
    out_of_time,
    record_approved,
    refuse,
    told,
)
from approvals.services.telling import tell
from approvals.states import REVIEW_MOVES, Ground, ReviewState, check_move
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.models import User
from catalog.permissions import Right, holds
from catalog.states import Role, UserKind
from catalog.stepup import Factor

PHRASE = "break glass"  # what is typed
FRESH_S = 300  # the second factor, whatever the policies say


def break_glass(
    request_uid: str, *, user: User, reason: str, typed: str, factor: Factor | None, seen_digest: str, now: dt.datetime
) -> Review:
    """Go on without the approver. The owner and compliance are told at once, and a review is open until an independent
    person has decided it.

    Call it outside of any transaction. Raises NotEntitled (on record), AlreadySettled, OtherDigest, BindingChanged,
    ReasonMissing, ConfirmationMissing, FactorNeeded."""
    return kept(lambda: _break(locked(request_uid), fresh(user), reason.strip(), typed, factor, seen_digest, now))


def _break(
    request: ApprovalRequest, user: User, reason: str, typed: str, factor: Factor | None, seen: str, now: dt.datetime
) -> Review | ApprovalError:
    if because := why_not_break(request, user):
        return refuse(request, user, "break_glass", because, seen=request.digest)
    if not request.is_pending:
        return already_settled(request)
    if late := out_of_time(request, now):
        return late
    if not reason:
        return ReasonMissing()
    if typed.strip().lower() != PHRASE:
        return ConfirmationMissing(PHRASE)
    if not is_fresh(factor, now, FRESH_S):
        return FactorNeeded(FRESH_S)
    if seen != request.digest:
        return OtherDigest(seen, request.digest)
    if changed := check_binding(request, now):
        return changed
    review = Review.objects.create(
        request=request, stream=request.stream, breaker=user, reason=reason, opened_at=now,
        factor=factor.method if factor else "",
    )  # fmt: skip
    approve(request, now, ground=Ground.BREAK_GLASS)
    tell(request, _accountable(request), "break_glass", now=now, more=f"{user}: {reason}")
    fields: dict[str, Json] = {
        "reason": reason,
        "review": review.uid,
        "factor": review.factor,
        "factor_at": stamp(factor.at) if factor else None,
        "passed_over": sorted({row.user.actor_id for row in request.asked.select_related("user")}),
    }
    record_approved(request, user, fields)
    ledger.record(request.stream, "approval.glass_broken", user, told(request, digest=request.digest, **fields))
    return review


def why_not_break(request: ApprovalRequest, user: User) -> str:
    """Why this person can't break the glass here; "" when they can."""
    if not user.is_active or user.kind == UserKind.MACHINE:
        return "only a person with an active account breaks the glass"
    if not holds(user, Right.BREAK_GLASS, request.teams.all()):
        return "there is no right to break the glass in the teams of this request"
    if Allowed.BREAK_GLASS not in request.demand.get("allow", ()):
        return "the policies of this request don't allow it"
    return ""


def _accountable(request: ApprovalRequest) -> list[User]:
    """The accountable owners, whoever was asked, and the compliance officers of the teams."""
    owners = User.objects.filter(owned_services__in=request.touches.all())
    compliance = User.objects.filter(memberships__team__in=request.teams.all(), memberships__role=Role.COMPLIANCE)
    asked = User.objects.filter(asked_of__request=request)
    return list({user.pk: user for user in [*owners, *asked, *compliance]}.values())


def decide_review(review_uid: str, *, user: User, justified: bool, finding: str, now: dt.datetime) -> Review:
    """An independent person says whether it was right to break the glass, and what follows.

    Call it outside of any transaction. Raises NotEntitled (on record), ReasonMissing, IllegalTransition."""
    if not finding.strip():
        raise ReasonMissing
    return kept(lambda: _review(review_uid, fresh(user), finding.strip(), now, justified=justified))


def _review(uid: str, user: User, finding: str, now: dt.datetime, *, justified: bool) -> Review | ApprovalError:
    lock_stream(Review.objects.values_list("stream", flat=True).get(uid=uid))
    review = Review.objects.select_for_update(of=("self",)).select_related("request", "breaker").get(uid=uid)
    request = locked(review.request.uid)
    if because := why_not_review(review, user):
        return refuse(request, user, "review", because, seen=request.digest)
    target = ReviewState.JUSTIFIED if justified else ReviewState.UNJUSTIFIED
    check_move(review.state, target, REVIEW_MOVES)
    review.state, review.reviewer, review.finding, review.decided_at = target, user, finding, now
    review.save(update_fields=["state", "reviewer", "finding", "decided_at"])
    fields: dict[str, Json] = {"review": review.uid, "breaker": review.breaker.actor_id, "finding": finding}
    ledger.record(request.stream, f"approval.review_{target}", user, told(request, **fields))
    return review


def review_of(request: ApprovalRequest) -> Review:
    """The review of a request. Raises NoReview where nobody broke the glass."""
    found = Review.objects.filter(request=request).first()
    if found is None:
        raise NoReview
    return found


def why_not_review(review: Review, user: User) -> str:
    """Why this person can't decide the review; "" when they can. Whoever had a part in it isn't independent."""
    request = review.request
    if not user.is_active or user.kind == UserKind.MACHINE:
        return "only a person with an active account decides a review"
    if user == review.breaker:
        return "whoever broke the glass can't review it"
    if user.actor_id in selectors.world_of(request, review.opened_at, also=(user,)).excluded:
        return "whoever had a part in it can't review it"
    if not holds(user, Right.REVIEW, request.teams.all()):
        return "there is no right to review broken glass in the teams of this request"
    return ""
