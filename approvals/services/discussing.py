"""Asking before deciding: a question to whoever asks, their answer, and the clock that it may hold once."""

import datetime as dt

from approvals import selectors
from approvals.errors import ApprovalError, NoCondition, ReasonMissing
from approvals.models import ApprovalRequest, Condition, Message
from approvals.services.clocks import go_on, hold
from approvals.services.settling import (
    already_settled,
    fresh,
    kept,
    locked,
    out_of_time,
    refuse,
    told,
)
from approvals.services.telling import tell
from approvals.signals import request_settled
from approvals.states import ConditionKind, RequestState
from audit import ledger
from audit.canonical import Json
from catalog.models import User
from catalog.permissions import Right, holds
from catalog.states import UserKind


def ask_question(request_uid: str, *, user: User, text: str, now: dt.datetime) -> ApprovalRequest:
    """Somebody who may decide asks first. Where the policies allow it, the clock stands still once until the answer.

    Call it outside of any transaction. Raises NotEntitled (on record), AlreadySettled, ReasonMissing."""
    text = _said(text)
    return kept(lambda: _ask(locked(request_uid), fresh(user), text, now))


def _ask(request: ApprovalRequest, user: User, text: str, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    if because := selectors.why_not(request, user, now):
        return refuse(request, user, "ask", because)
    if not request.is_pending:
        return already_settled(request)
    if late := out_of_time(request, now):
        return late
    Message.objects.create(request=request, user=user, text=text, at=now)
    hold_s = request.demand.get("hold_s", 0)
    holds_clock = bool(hold_s) and not request.was_held
    if holds_clock:
        hold(request, hold_s, now)
    tell(request, _who_answers(request), "question", now=now, more=text, event=str(request.messages.count()))
    fields: dict[str, Json] = {"text": text, "holds_clock": holds_clock}
    ledger.record(request.stream, "approval.question", user, told(request, **fields))
    return request


def answer(request_uid: str, *, user: User, text: str, now: dt.datetime) -> ApprovalRequest:
    """Whoever asks for consent, or may start steps there, answers; the clock goes on.

    Call it outside of any transaction. Raises NotEntitled (on record), AlreadySettled, ReasonMissing."""
    text = _said(text)
    return kept(lambda: _answer(locked(request_uid), fresh(user), text, now))


def _answer(request: ApprovalRequest, user: User, text: str, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    if not may_answer(request, user):
        return refuse(request, user, "answer", "whoever asks for it, or may start steps there, answers")
    if not request.is_pending:
        return already_settled(request)
    Message.objects.create(request=request, user=user, text=text, is_answer=True, at=now)
    go_on(request, now)
    askers = User.objects.filter(pk__in=request.messages.filter(is_answer=False).values("user"))
    tell(request, askers, "answer", now=now, more=text, event=str(request.messages.count()))
    ledger.record(request.stream, "approval.answer", user, told(request, text=text))
    return request


def may_answer(request: ApprovalRequest, user: User) -> bool:
    """Whether somebody speaks for those who ask: requester, executor, or with the right to start steps there."""
    if user.kind == UserKind.MACHINE or not user.is_active:
        return False
    return user in (request.requester, request.executor) or holds(user, Right.EXECUTE, request.teams.all())


def confirm(request_uid: str, condition: int, *, user: User, now: dt.datetime) -> ApprovalRequest:
    """Whoever carries it out confirms the note that a yes was given under. Then it may begin.

    Call it outside of any transaction. Raises NotEntitled (on record), AlreadySettled, NoCondition."""
    return kept(lambda: _confirm(locked(request_uid), condition, fresh(user), now))


def _confirm(request: ApprovalRequest, condition: int, user: User, now: dt.datetime) -> ApprovalRequest | ApprovalError:
    if request.decisions.filter(user=user).exists() or not may_answer(request, user):
        return refuse(request, user, "confirm", "whoever carries it out confirms, and not who decided")
    if request.state != RequestState.APPROVED:
        return already_settled(request)
    notes = Condition.objects.filter(decision__request=request, kind=ConditionKind.NOTE)
    found = notes.filter(pk=condition).first()
    if found is None:
        return NoCondition()
    if found.confirmed_at is not None:
        return request
    found.confirmed_by, found.confirmed_at = user, now
    found.save(update_fields=["confirmed_by", "confirmed_at"])
    request_settled.send(sender=ApprovalRequest, request=request)
    ledger.record(request.stream, "approval.confirmed", user, told(request, condition=found.text))
    return request


def _said(text: str) -> str:
    if not text.strip():
        raise ReasonMissing
    return text.strip()


def _who_answers(request: ApprovalRequest) -> list[User]:
    return list({user.pk: user for user in (request.requester, request.executor) if user}.values())
