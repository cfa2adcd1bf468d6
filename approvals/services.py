"""Asking, deciding, voiding: every rule of approvals, each in one transaction with its ledger entry.

Order of locks, always: the ledger stream, then the request. So a decision and a run that moves on can't wait for each
other; a receiver of `request_settled` must take no further lock (it rings a bell).
"""

import datetime as dt
import hashlib
from collections.abc import Callable, Iterable

from approvals import policies, selectors
from approvals.errors import AlreadySettled, ApprovalError, BindingChanged, NotEntitled, OtherDigest, ReasonMissing
from approvals.models import ApprovalRequest, Asked, Decision
from approvals.signals import request_settled
from approvals.states import OUTCOMES, RequestState, Verdict, check_move
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from audit.models import Stream
from catalog.models import Service, Team, User
from plumbing.database import atomic

Binding = Callable[[str], str | None]
LONGEST_BINDS_ON_RECORD = 16_384  # characters; an entry takes 64 KiB, and the digest says which text it was
LONGEST_DIGEST = 64  # of what a form says it has seen
CHANGED = "What would be done has changed."
NOTHING_WAITS = "Nothing waits for this decision any more."

_bindings: dict[str, Binding] = {}


def binding_provider(prefix: str, fn: Binding) -> None:
    """Say how to compute anew what would be done for subjects that start with `prefix` ("run/").

    fn: subject -> the same canonical text that `ask` was given as `binds`; None when nothing waits for it any more.
    It reads without locks, inside the transaction of the decision."""
    _bindings[prefix] = fn


def digest_of(binds: str) -> str:
    """SHA-256 of the text in UTF-8, 64 hex digits."""
    return hashlib.sha256(binds.encode()).hexdigest()


@atomic()
def ask(
    *, stream: str, subject: str, question: str, effect: str, undo: str, proof: str, binds: str,
    service: Service | None, requester: User | None, executor: User | None, due_at: dt.datetime | None,
    now: dt.datetime, teams: Iterable[Team] = (), shapers: Iterable[User] = (),
) -> ApprovalRequest:  # fmt: skip
    """The pending request for `subject`, bound to `binds`: the one that waits already, or a new one.

    Call it in the transaction of the change that waits. A pending request bound to another text is voided first.
    teams: whose members may read it, besides the service's own. shapers: on whose acts depends what would be done;
    they never decide it. Where nobody may decide, nobody is asked, and the
    request says so (`unroutable` in the ledger; `skipped` in the row names who was passed over and why)."""
    _lock_stream(stream)
    digest = digest_of(binds)
    pending = ApprovalRequest.objects.select_for_update().filter(subject=subject, state=RequestState.PENDING).first()
    if pending is not None and pending.digest == digest:
        return pending
    if pending is not None:
        void(pending, reason=CHANGED, actor=requester or ledger.SYSTEM, now=now)
    request = ApprovalRequest.objects.create(
        stream=stream, subject=subject, question=question, effect=effect, undo=undo, proof=proof, binds=binds,
        digest=digest, service=service, requester=requester, executor=executor, asked_at=now, due_at=due_at,
    )  # fmt: skip
    request.teams.set([*teams, *([service.team] if service else [])])
    request.shapers.set(shapers)
    _route(request, now)
    return request


def _route(request: ApprovalRequest, now: dt.datetime) -> None:
    """Find who is accountable, ask them, and put on record who was passed over and why."""
    people = selectors.accountable_for(request.service)
    candidates = [
        policies.Candidate(part, selectors.person(user, request.service) if user else None) for part, user in people
    ]
    found = policies.route(candidates, selectors.excluded_from(request))
    asked = next((user for part, user in people if found.asked and part == found.asked.part), None)
    because = found.asked.part if found.asked else ""
    if asked is not None:
        Asked.objects.create(request=request, user=asked, because=because, asked_at=now)
    request.skipped = [{"part": skip.part, "who": skip.actor_id, "because": skip.because} for skip in found.skipped]
    request.save(update_fields=["skipped"])
    fields = _facts(request) | {
        "asked": [asked.actor_id] if asked else [],
        "because": because,
        "skipped": request.skipped,
        "unroutable": asked is None,
    }
    ledger.record(request.stream, "approval.asked", request.requester or ledger.SYSTEM, fields)


def _facts(request: ApprovalRequest) -> dict[str, Json]:
    """What the ledger keeps of a question."""
    return {
        "request": request.uid,
        "subject": request.subject,
        "question": request.question,
        "effect": request.effect,
        "undo": request.undo,
        "proof": request.proof,
        "digest": request.digest,
        "binds": request.binds if len(request.binds) <= LONGEST_BINDS_ON_RECORD else None,
        "service": request.service.slug if request.service else None,
        "requester": request.requester.actor_id if request.requester else None,
        "executor": request.executor.actor_id if request.executor else None,
        "shapers": sorted(user.actor_id for user in request.shapers.all()),
        "due_at": stamp(request.due_at) if request.due_at else None,
    }


def decide(
    request_uid: str, *, user: User, verdict: str, reason: str, seen_digest: str, now: dt.datetime
) -> ApprovalRequest:
    """Settle a request. Call it outside of any transaction: what a refusal records must outlive the error it raises.

    seen_digest: the digest on the page that was decided on. Raises NotEntitled, AlreadySettled, OtherDigest,
    BindingChanged (the request is void then), ReasonMissing. Of two at the same moment, one counts."""
    reason = reason.strip()
    if verdict == Verdict.REJECT and not reason:
        raise ReasonMissing
    with atomic():
        outcome = _decide(_locked(request_uid), user, Verdict(verdict), reason, seen_digest, now)
    if isinstance(outcome, ApprovalError):
        raise outcome
    return outcome


def _decide(
    request: ApprovalRequest, user: User, verdict: Verdict, reason: str, seen: str, now: dt.datetime
) -> ApprovalRequest | ApprovalError:
    """The request, settled; or the refusal, returned instead of raised, so that its ledger entry is committed."""
    user = User.objects.get(pk=user.pk)  # the door's copy may be older than the loss of a right
    if because := selectors.why_not(request, user):
        return _refuse(request, user, verdict, seen[:LONGEST_DIGEST], because)
    if not request.is_pending:
        return already_settled(request)
    if seen != request.digest:
        return OtherDigest(seen, request.digest)
    binds = _bound_now(request.subject)
    if binds is None or digest_of(binds) != request.digest:
        void(request, reason=NOTHING_WAITS if binds is None else CHANGED, actor=ledger.SYSTEM, now=now)
        return BindingChanged(request.digest, digest_of(binds) if binds is not None else "")
    return _settle(request, user, verdict, reason, now)


def _settle(request: ApprovalRequest, user: User, verdict: Verdict, reason: str, now: dt.datetime) -> ApprovalRequest:
    _move(request, OUTCOMES[verdict], now)
    Decision.objects.create(
        request=request, user=user, verdict=verdict, reason=reason, digest=request.digest, decided_at=now
    )
    request_settled.send(sender=ApprovalRequest, request=request)
    fields: dict[str, Json] = {
        "request": request.uid, "subject": request.subject, "question": request.question,
        "reason": reason, "digest": request.digest,
    }  # fmt: skip
    ledger.record(request.stream, f"approval.{request.state}", user, fields)
    return request


@atomic()
def void(request: ApprovalRequest, *, reason: str, actor: ledger.Actor, now: dt.datetime) -> ApprovalRequest:
    """Take a request or a yes back: nothing may be done on it any more.

    Raises AlreadySettled when it was rejected or void before."""
    request = _locked(request.uid)
    if request.state in (RequestState.REJECTED, RequestState.VOID):
        raise already_settled(request)
    came_from = request.state
    request.void_reason = reason
    _move(request, RequestState.VOID, now)
    request_settled.send(sender=ApprovalRequest, request=request)
    fields: dict[str, Json] = {"request": request.uid, "subject": request.subject, "question": request.question}
    fields |= {"digest": request.digest, "was": came_from, "reason": reason}
    ledger.record(request.stream, "approval.voided", actor, fields)
    return request


def cover(request_uid: str, *, user: User, reason: str, now: dt.datetime) -> ApprovalRequest:
    """The owner or the deputy takes on a request that went to somebody else, or nobody; then they may decide it.

    Call it outside of any transaction, as `decide`. Raises NotEntitled (on record), AlreadySettled, ReasonMissing."""
    reason = reason.strip()
    if not reason:
        raise ReasonMissing
    with atomic():
        outcome = _cover(_locked(request_uid), User.objects.get(pk=user.pk), reason, now)
    if isinstance(outcome, ApprovalError):
        raise outcome
    return outcome


def _cover(request: ApprovalRequest, user: User, reason: str, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    if not request.is_pending:
        return already_settled(request)
    part = selectors.part_to_cover(request, user)
    if part is None:
        because = selectors.why_not(request, user) or "it is asked of you already"
        return _refuse(request, user, "cover", request.digest, because)
    Asked.objects.create(request=request, user=user, because=part, asked_at=now)
    fields: dict[str, Json] = {"request": request.uid, "subject": request.subject, "because": part, "reason": reason}
    ledger.record(request.stream, "approval.covered", user, fields)
    return request


def _refuse(request: ApprovalRequest, user: User, verb: str, seen: str, because: str) -> NotEntitled:
    fields: dict[str, Json] = {"request": request.uid, "subject": request.subject, "verdict": verb}
    ledger.record(request.stream, "approval.refused", user, fields | {"digest": seen, "because": because})
    return NotEntitled(because)


def already_settled(request: ApprovalRequest) -> AlreadySettled:
    """The refusal of a late decision: who was first, or why the request is void, and when (UTC)."""
    decision = None if request.state == RequestState.VOID else selectors.decision_of(request)
    who = str(decision.user) if decision else request.void_reason.rstrip(".")
    settled_at = (request.settled_at or request.asked_at).astimezone(dt.UTC)
    return AlreadySettled(request.state, who, settled_at.strftime("%-d %b %Y, %H:%M:%S UTC"))


def _move(request: ApprovalRequest, target: RequestState, now: dt.datetime) -> None:
    check_move(request.state, target)
    request.state, request.settled_at = target, now
    request.save(update_fields=["state", "settled_at", "void_reason"])


def _bound_now(subject: str) -> str | None:
    for prefix, provider in _bindings.items():
        if subject.startswith(prefix):
            return provider(subject)
    raise LookupError(f"No room said what {subject!r} would do: binding_provider() registers it.")


def _lock_stream(uid: str) -> None:
    Stream.objects.select_for_update().get(uid=uid)


def _locked(uid: str) -> ApprovalRequest:
    """The request, locked after its stream. Raises ApprovalRequest.DoesNotExist."""
    _lock_stream(ApprovalRequest.objects.values_list("stream", flat=True).get(uid=uid))
    related = ApprovalRequest.objects.select_related("service__team", "requester", "executor")
    return related.select_for_update(of=("self",)).get(uid=uid)
