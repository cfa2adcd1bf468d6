"""What every act on a request shares: its lock, its moves, its refusals on record.

Order of locks, always: the ledger stream, then the request. So a decision and a run that moves on can't wait for each
other; a receiver of `request_settled` must take no further lock (it rings a bell).
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import TypeVar
from uuid import UUID

from approvals import selectors
from approvals.errors import AlreadySettled, ApprovalError, NotEntitled
from approvals.models import ApprovalRequest
from approvals.policies.binding import Act
from approvals.signals import request_settled
from approvals.states import LIVE, RequestState, check_move
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from audit.models import Stream
from catalog.models import User
from plumbing.database import atomic

Binding = Callable[[str], Act | None]
Outcome = TypeVar("Outcome")
CHANGED = "What would be done has changed."
NOTHING_WAITS = "Nothing waits for this decision any more."
SETTLED_FIELDS = ["state", "settled_at", "why", "ground", "expires_at", "used_at"]

_bindings: dict[str, Binding] = {}


def binding_provider(prefix: str, fn: Binding) -> None:
    """Say how to find anew what would be done for subjects that start with `prefix` ("run/").

    fn: subject -> the Act as `ask` was given it; None when nothing waits for it any more. It reads without locks,
    inside the transaction of the decision."""
    _bindings[prefix] = fn


def act_now(subject: str) -> Act | None:
    """What would be done now for a subject. Raises LookupError when no room said how to find it."""
    for prefix, provider in _bindings.items():
        if subject.startswith(prefix):
            return provider(subject)
    raise LookupError(f"No room said what {subject!r} would do: binding_provider() registers it.")


def lock_stream(uid: str) -> None:
    Stream.objects.select_for_update().get(uid=uid)


def locked(uid: str) -> ApprovalRequest:
    """The request, locked after its stream. Raises ApprovalRequest.DoesNotExist."""
    lock_stream(ApprovalRequest.objects.values_list("stream", flat=True).get(uid=uid))
    related = ApprovalRequest.objects.select_related("service__team", "requester", "executor", "author")
    return related.select_for_update(of=("self",)).get(uid=uid)


def fresh(user: User) -> User:
    """The person as the database knows them now: the door's copy may be older than the loss of a right."""
    return User.objects.get(pk=user.pk)


def move(request: ApprovalRequest, target: RequestState, now: dt.datetime, **facts: object) -> None:
    """Move a locked request and announce it. facts: other fields that change with it."""
    check_move(request.state, target)
    request.state, request.settled_at = target, now
    for name, value in facts.items():
        setattr(request, name, value)
    request.save(update_fields=[*SETTLED_FIELDS, *(name for name in facts if name not in SETTLED_FIELDS)])
    request_settled.send(sender=ApprovalRequest, request=request)


def told(request: ApprovalRequest, **more: Json) -> dict[str, Json]:
    """What every entry about a request says."""
    return {"request": request.uid, "subject": request.subject, "question": request.question, **more}


def record_approved(request: ApprovalRequest, actor: ledger.Actor, fields: Mapping[str, Json]) -> None:
    """The one entry that says that a request was approved, and on what digest. Its uid is the request's own: what is
    done later is compared with this entry, and not with the row."""
    until = stamp(request.expires_at) if request.expires_at else None
    said = told(request, digest=request.digest, ground=request.ground, expires_at=until, **fields)
    ledger.record(request.stream, "approval.approved", actor, said, idem=UUID(request.uid))


@atomic()
def void(request: ApprovalRequest, *, reason: str, actor: ledger.Actor, now: dt.datetime) -> ApprovalRequest:
    """Take a request or a yes back: nothing may be done on it any more.

    Raises AlreadySettled when it came to another end before."""
    request = locked(request.uid)
    if request.state not in LIVE:
        raise already_settled(request)
    came_from = request.state
    move(request, RequestState.VOID, now, why=reason)
    ledger.record(
        request.stream, "approval.voided", actor, told(request, digest=request.digest, was=came_from, reason=reason)
    )
    return request


def refuse(request: ApprovalRequest, user: User, verb: str, because: str, *, seen: str = "") -> NotEntitled:
    """The refusal of somebody who has no say, after putting the attempt on record. Return it, and raise it after the
    commit: what it records must outlive the error."""
    fields: dict[str, Json] = {"request": request.uid, "subject": request.subject, "verdict": verb}
    ledger.record(request.stream, "approval.refused", user, fields | {"digest": seen, "because": because})
    return NotEntitled(because)


def kept(act: Callable[[], Outcome | ApprovalError]) -> Outcome:
    """Do `act` in one transaction and give its outcome; a refusal that it returns is raised after the commit, so that
    what it put on record outlives the error. Call it outside of any transaction."""
    with atomic():
        outcome = act()
    if isinstance(outcome, ApprovalError):
        raise outcome
    return outcome


def out_of_time(request: ApprovalRequest, now: dt.datetime) -> AlreadySettled | None:
    """The refusal of an act on a pending request whose time is over, also where no sweep has noticed yet."""
    if request.due_at is None or request.held_at is not None or now < request.due_at:
        return None
    return AlreadySettled(RequestState.EXPIRED, "nobody decided in time", _in_utc(request.due_at))


def already_settled(request: ApprovalRequest) -> AlreadySettled:
    """The refusal of a late act: who was first, or why the request came to its end, and when (UTC)."""
    decision = None if request.why else selectors.decision_of(request)
    who = str(decision.user) if decision else request.why.rstrip(".")
    return AlreadySettled(request.state, who, _in_utc(request.settled_at or request.asked_at))


def _in_utc(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%-d %b %Y, %H:%M:%S UTC")
