"""Telling people about a request: what the message says, and where it leads. Nothing decides by being opened."""

import datetime as dt
from collections.abc import Iterable

from approvals.models import ApprovalRequest
from audit.canonical import Json
from catalog.models import User
from catalog.services import notify
from catalog.states import NoticeState

TITLES = {
    "asked": "Your decision: {question}",
    "reminder": "Still waiting for your decision: {question}",
    "escalated": "Nobody has decided yet, and now it is yours: {question}",
    "question": "A question about: {question}",
    "answer": "Your question was answered: {question}",
    "expired": "Nobody decided in time: {question}",
    "condition": "Confirm a condition before it can begin: {question}",
    "break_glass": "The glass was broken: {question}",
    "standing": "Your approval in advance was used: {question}",
}


def tell(
    request: ApprovalRequest, users: Iterable[User], kind: str, *, now: dt.datetime, more: str = "", event: str = ""
) -> list[Json]:
    """Have these people told. Call it with the stream locked, before the entry is recorded: returns the actor ids of
    those whom nothing reaches, for that entry.

    event: tells two messages of one kind about one request apart."""
    lines = [
        more,
        f"Effect: {request.effect}" if request.effect else "",
        f"Undo: {request.undo}" if request.undo else "",
    ]
    if request.due_at and request.is_pending:
        lines.append(f"Decide until {request.due_at.astimezone(dt.UTC):%H:%M UTC, %-d %b %Y}.")
    notices = notify(
        users=users, stream=request.stream, about=request.uid, kind=kind,
        title=TITLES[kind].format(question=request.question), text="\n".join(line for line in lines if line),
        path=f"/approvals/{request.uid}/", dedupe=f"{request.uid}/{kind}/{event}", now=now,
    )  # fmt: skip
    return [notice.user.actor_id for notice in notices if notice.state == NoticeState.GIVEN_UP]
