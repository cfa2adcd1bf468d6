"""Requests from outside: a deployment pipeline asks for consent, and uses it. Whoever is accountable decides as ever.

The subject is `api/<caller>/<name>`. What would be done is what the caller said last; asking again for another act
voids what was asked, and an approval is used only for exactly the act that was approved.
"""

import datetime as dt
import json
from collections.abc import Sequence

from approvals import selectors
from approvals.errors import NameInUse, NotUsable
from approvals.models import ApprovalRequest
from approvals.policies.binding import Act, plain
from approvals.services.asking import ask
from approvals.services.settling import CHANGED, lock_stream, locked, void
from approvals.services.using import use
from approvals.states import RequestState
from audit.canonical import canon, tidy
from catalog.models import Service, User
from catalog.permissions import Right, holds
from plumbing.database import atomic

PREFIX = "api/"
PROVIDED = ("policies", "services")  # what a bound text has beside the act


def subject_of(caller: User, name: str) -> str:
    """Every caller has names of its own."""
    return f"{PREFIX}{caller.uid}/{name}"


@atomic()
def request_from_outside(
    *, caller: User, stream: str, name: str, question: str, texts: dict[str, str], does: dict[str, object],
    services: Sequence[Service], class_: str, environment: str, now: dt.datetime,
) -> ApprovalRequest:  # fmt: skip
    """Ask for consent to something that is done outside. does: what exactly, as plain JSON; it is bound, and so are
    class and environment. Who asks again for the same gets the request that waits, or the yes that still holds.

    texts: effect, undo, proof. The door has checked that the caller may ask for these services and see the stream.
    Raises NameInUse."""
    action, subject = str(does.get("action", "")), subject_of(caller, name)
    bound = {"action": action, "class": class_, "does": plain(does), "environment": environment}
    act = Act(
        canon(tidy(bound)).decode(), tuple(service.slug for service in services), action=action, class_=class_,
        environment=environment,
    )  # fmt: skip
    if held := _held(subject, name, stream, act, caller, now):
        return held
    return ask(
        stream=stream, subject=subject, question=question, effect=texts.get("effect", ""),
        undo=texts.get("undo", ""), proof=texts.get("proof", ""), act=act, requester=caller, executor=None, now=now,
    )  # fmt: skip


def _held(subject: str, name: str, stream: str, act: Act, caller: User, now: dt.datetime) -> ApprovalRequest | None:
    """The yes that the caller holds for exactly this. One for something else is void from here on."""
    lock_stream(stream)
    earlier = selectors.latest_of(subject)
    if earlier is None or not earlier.is_live:
        return None
    if earlier.stream != stream:
        raise NameInUse(name, earlier.stream)
    if earlier.state != RequestState.APPROVED or (earlier.expires_at and earlier.expires_at <= now):
        return None
    found = selectors.ruled(act)
    if found.digest == earlier.digest:
        return earlier
    void(earlier, reason=f"{CHANGED} {selectors.in_words(earlier.binds, found.binds)}", actor=caller, now=now)
    return None


def act_from_outside(subject: str) -> Act | None:
    """What the caller said last that it would do; None when it never asked."""
    found = selectors.latest_of(subject)
    return None if found is None else _act_of(found)


def _act_of(request: ApprovalRequest) -> Act:
    """The act as it is bound: the row's other facts have no say in what is done."""
    bound = json.loads(request.binds)
    text = canon(tidy({name: value for name, value in bound.items() if name not in PROVIDED})).decode()
    return Act(
        text, tuple(bound["services"]), action=bound["action"], class_=bound["class"], environment=bound["environment"]
    )


@atomic()
def use_from_outside(request: ApprovalRequest, *, caller: User, digest: str, now: dt.datetime) -> ApprovalRequest:
    """The caller begins. digest: of the request, as the caller was told. Raises NotUsable, which says why not."""
    request = locked(request.uid)
    if because := _why_not_theirs(request, caller, digest):
        raise NotUsable(because)
    if because := use(request.subject, act=_act_of(request), actor=caller, now=now):
        raise NotUsable(because)
    return locked(request.uid)


def _why_not_theirs(request: ApprovalRequest, caller: User, digest: str) -> str:
    """Why this caller can't use this request, whatever was decided; "" when they can."""
    if request.requester_id != caller.pk or not request.subject.startswith(PREFIX):
        return "only who asked for it uses it, and only what was asked for from outside"
    if selectors.latest_of(request.subject) != request:
        return "it was asked for anew since, under the same name: use that one"
    if digest != request.digest:
        return "the digest is another one: what you would do isn't what was approved"
    lost = [one.name for one in request.touches.all() if not holds(caller, Right.EXECUTE, [one.team])]
    return f"you have no right to act on {', '.join(lost)} any more" if lost else ""
