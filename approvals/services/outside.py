"""Requests from outside: a deployment pipeline asks for consent, and uses it. Whoever is accountable decides as ever.

The subject is `api/<caller>/<name>`. What would be done is what the caller said last; asking again for another act
voids what was asked, and an approval is used only for exactly the act that was approved.
"""

import datetime as dt
import json
from collections.abc import Iterable

from approvals import selectors
from approvals.errors import NotUsable
from approvals.models import ApprovalRequest
from approvals.policies.binding import Act
from approvals.services.asking import ask
from approvals.services.settling import locked
from approvals.services.using import use
from audit.canonical import canon, tidy
from catalog.models import Service, User
from plumbing.database import atomic

PREFIX = "api/"
PROVIDED = ("policies", "services")  # what a bound text has beside the act


def subject_of(caller: User, name: str) -> str:
    """Every caller has names of its own."""
    return f"{PREFIX}{caller.uid}/{name}"


@atomic()
def request_from_outside(
    *, caller: User, stream: str, name: str, question: str, texts: dict[str, str], does: dict[str, object],
    services: Iterable[Service], class_: str, environment: str, now: dt.datetime,
) -> ApprovalRequest:  # fmt: skip
    """Ask for consent to something that is done outside. does: what exactly, as plain JSON; it is bound.

    texts: effect, undo, proof. The door has checked that the caller may ask for these services and see the stream."""
    touched = list(services)
    text = canon(tidy({"action": str(does.get("action", "")), "does": json.dumps(does, sort_keys=True)})).decode()
    act = Act(
        text, tuple(service.slug for service in touched), action=str(does.get("action", "")), class_=class_,
        environment=environment,
    )  # fmt: skip
    return ask(
        stream=stream, subject=subject_of(caller, name), question=question, effect=texts.get("effect", ""),
        undo=texts.get("undo", ""), proof=texts.get("proof", ""), act=act, requester=caller, executor=None, now=now,
    )  # fmt: skip


def act_from_outside(subject: str) -> Act | None:
    """What the caller said last that it would do; None when it never asked."""
    found = selectors.latest_of(subject)
    return None if found is None else _act_of(found)


def _act_of(request: ApprovalRequest) -> Act:
    bound = json.loads(request.binds)
    text = canon(tidy({name: value for name, value in bound.items() if name not in PROVIDED})).decode()
    facts = request.facts
    return Act(
        text, tuple(bound["services"]), action=facts["action"], class_=facts["class"], environment=facts["environment"]
    )


@atomic()
def use_from_outside(request: ApprovalRequest, *, caller: User, digest: str, now: dt.datetime) -> ApprovalRequest:
    """The caller begins. digest: of the request, as the caller was told. Raises NotUsable, which says why not."""
    if request.requester_id != caller.pk or not request.subject.startswith(PREFIX):
        raise NotUsable("only who asked for it uses it, and only what was asked for from outside")
    if digest != request.digest:
        raise NotUsable("the digest is another one: what you would do isn't what was approved")
    if because := use(request.subject, act=_act_of(request), actor=caller, now=now):
        raise NotUsable(because)
    return locked(request.uid)
