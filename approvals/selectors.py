"""Reads of approvals: the four lists of the inbox, a request's facts, and who may decide it at this moment."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet

from approvals.models import ApprovalRequest, Decision
from approvals.policies import Person, exclusions, refusal, unfit
from approvals.states import RequestState
from catalog.graph import Affected, blast_radius
from catalog.models import Service, User
from catalog.permissions import Right, holds, services_where, teams_where
from catalog.states import UserKind


@dataclass(frozen=True)
class Panel:
    """Something that another room shows beside a request: a template, and `told`, its context."""

    template: str
    told: Any


Panels = Callable[[User, ApprovalRequest], list[Panel]]
_panels: dict[str, Panels] = {}


def panel_provider(prefix: str, fn: Panels) -> None:
    """Say what stands beside requests whose subject starts with `prefix` ("run/"): fn(reader, request) -> panels.

    They replace the request's own blast radius. They tell no more than the reader may see."""
    _panels[prefix] = fn


def panels_of(request: ApprovalRequest, reader: User) -> list[Panel]:
    """What other rooms show this reader beside the request; [] when none of them knows its subject."""
    providers = (fn for prefix, fn in _panels.items() if request.subject.startswith(prefix))
    return [panel for provider in providers for panel in provider(reader, request)]


def radius_of(service: Service | None, reader: User) -> tuple[list[Affected], int]:
    """Who is hurt when the service is, as far as the reader sees them, and how many there are besides."""
    hurt = blast_radius(service) if service else []
    seen = set(services_where(reader, Right.VIEW).values_list("pk", flat=True)) if hurt else set()
    shown = [affected for affected in hurt if affected.service.pk in seen]
    return shown, len(hurt) - len(shown)


def visible_to(user: User) -> QuerySet[ApprovalRequest]:
    """Requests that `user` may read: asked of them, asked by them, or of a team whose things they see."""
    if not user.is_authenticated or not user.is_active:
        return ApprovalRequest.objects.none()
    if user.is_superuser:
        return _listed(ApprovalRequest.objects.all())
    in_teams = ApprovalRequest.teams.through.objects.filter(team__in=teams_where(user, Right.VIEW))
    theirs = Q(requester=user) | Q(executor=user) | Q(pk__in=user.asked_of.values("request"))
    return _listed(ApprovalRequest.objects.filter(theirs | Q(pk__in=in_teams.values("approvalrequest"))))


def waiting_for(user: User) -> QuerySet[ApprovalRequest]:
    """Pending requests that were asked of `user`, the most urgent first."""
    return _by_urgency(_pending().filter(asked__user=user))


def i_can_cover(user: User) -> QuerySet[ApprovalRequest]:
    """Pending requests that went to somebody else or nobody, and that `user` may take on as owner or deputy."""
    accountable = _pending().filter(Q(service__deputy=user) | Q(service__owner=user))
    not_theirs = Q(asked__user=user) | Q(requester=user) | Q(executor=user) | Q(shapers=user)
    taken = ApprovalRequest.objects.filter(not_theirs).values("pk")
    return _by_urgency(accountable.filter(service__team__in=teams_where(user, Right.APPROVE)).exclude(pk__in=taken))


def asked_by(user: User) -> QuerySet[ApprovalRequest]:
    """Requests made on behalf of `user`, newest first, settled ones too."""
    return _listed(ApprovalRequest.objects.filter(requester=user))


def decided_by(user: User) -> QuerySet[Decision]:
    """What `user` decided, newest first."""
    return user.decisions.select_related("request", "request__service").order_by("-decided_at")


def latest_of(subject: str) -> ApprovalRequest | None:
    """The newest request for `subject` (`run/<uid>/<step>`), whatever its state."""
    return ApprovalRequest.objects.filter(subject=subject).order_by("-pk").first()


def pending_of(stream: str) -> QuerySet[ApprovalRequest]:
    """Requests of one ledger stream that still wait, the most urgent first."""
    return _by_urgency(_pending().filter(stream=stream))


def decision_of(request: ApprovalRequest) -> Decision | None:
    """The decision that settled the request; None while it waits, or when it was voided before anybody decided."""
    return request.decisions.select_related("user").first()


def person(user: User, service: Service | None) -> Person:
    """`user` as the rules see them, for a request about `service`, at this moment."""
    may_approve = service is not None and holds(user, Right.APPROVE, [service.team])
    return Person(user.actor_id, user.is_active, user.kind == UserKind.MACHINE, user.is_superuser, may_approve)


def accountable_for(service: Service | None) -> list[tuple[str, User | None]]:
    """The parts of a service that may decide, in the order they are asked; None where nobody has the part."""
    if service is None:
        return []
    return [
        (f"accountable owner of {service.slug}", service.owner),
        (f"deputy of the accountable owner of {service.slug}", service.deputy),
    ]


def part_to_cover(request: ApprovalRequest, user: User) -> str | None:
    """As what `user` could take on a pending request that was not asked of them; None when they can't."""
    if not request.is_pending or request.asked.filter(user=user).exists():
        return None
    if unfit(person(user, request.service), excluded_from(request)):
        return None
    return next((part for part, holder in accountable_for(request.service) if holder == user), None)


def why_not(request: ApprovalRequest, user: User) -> str | None:
    """Why a decision of `user` would not count now; None when it would."""
    asked = [row.user.actor_id for row in request.asked.select_related("user")]
    return refusal(person(user, request.service), excluded=excluded_from(request), asked=asked)


def excluded_from(request: ApprovalRequest) -> dict[str, str]:
    """actor_id -> why this person never decides the request."""
    requester, executor = (user.actor_id if user else None for user in (request.requester, request.executor))
    return exclusions(requester, executor, [user.actor_id for user in request.shapers.all()])


def bound_facts(request: ApprovalRequest) -> list[tuple[str, str]]:
    """Exactly what the digest covers, one readable line for each value: ("with.url", "http://…")."""
    return list(_flat("", json.loads(request.binds)))


def differences(request: ApprovalRequest) -> list[tuple[str, str, str]]:
    """What differs from the request for the same subject before this one: (name, was, is). Empty for the first."""
    before = ApprovalRequest.objects.filter(subject=request.subject, pk__lt=request.pk).order_by("-pk").first()
    if before is None:
        return []
    was, now = dict(bound_facts(before)), dict(bound_facts(request))
    names = [*now, *(name for name in was if name not in now)]
    found = [(name, was.get(name, "nothing"), now.get(name, "nothing")) for name in names]
    return [(name, old, new) for name, old, new in found if old != new]


def _flat(path: str, value: Any) -> Iterator[tuple[str, str]]:
    inner = _named(value)
    if not inner:
        yield path, value if isinstance(value, str) else json.dumps(value)
    for name, item in inner:
        yield from _flat(f"{path}.{name}" if path else name, item)


def _named(value: Any) -> list[tuple[str, Any]]:
    """What is inside a value, by name. An object may also be written `{"pairs": [[key, value], ...]}`, or as pairs."""
    if isinstance(value, dict):
        return _named(value["pairs"]) if value.keys() == {"pairs"} else list(value.items())
    if not isinstance(value, list):
        return []
    if all(isinstance(item, list) and len(item) == 2 and isinstance(item[0], str) for item in value):
        return [(key, item) for key, item in value]
    return [(str(place), item) for place, item in enumerate(value, 1)]


def _listed(found: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    related = found.select_related("service", "service__team", "requester", "executor")
    return related.prefetch_related("asked__user", "decisions__user")


def _pending() -> QuerySet[ApprovalRequest]:
    return _listed(ApprovalRequest.objects.filter(state=RequestState.PENDING))


def _by_urgency(found: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    """What is due first comes first; what has no deadline comes last, oldest first."""
    return found.order_by(F("due_at").asc(nulls_last=True), "asked_at")
