"""Reads of requests: the lists of the inbox, and the facts of one."""

from collections.abc import Iterable

from django.db.models import F, Q, QuerySet

from approvals.models import ApprovalRequest, Decision
from approvals.states import RequestState
from catalog.graph import Affected, blast_radius
from catalog.models import Service, User
from catalog.permissions import Right, services_where, teams_where


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
    """Pending requests that were asked of `user` and that they didn't decide yet, the most urgent first."""
    mine = Q(pk__in=user.asked_of.values("request")) & ~Q(pk__in=user.decisions.values("request"))
    return _by_urgency(_pending().filter(mine))


def i_can_cover(user: User) -> QuerySet[ApprovalRequest]:
    """Pending requests that went to somebody else or nobody, and that `user` may take on as owner or deputy."""
    accountable = Q(touches__deputy=user) | Q(touches__owner=user)
    in_teams = _pending().filter(accountable, touches__team__in=teams_where(user, Right.APPROVE))
    not_theirs = Q(asked__user=user) | Q(requester=user) | Q(executor=user) | Q(shapers=user)
    taken = ApprovalRequest.objects.filter(not_theirs).values("pk")
    return _by_urgency(in_teams.exclude(pk__in=taken).distinct())


def asked_by(user: User) -> QuerySet[ApprovalRequest]:
    """Requests made on behalf of `user`, newest first, settled ones too."""
    return _listed(ApprovalRequest.objects.filter(requester=user))


def decided_by(user: User) -> QuerySet[Decision]:
    """What `user` decided, newest first."""
    found = user.decisions.select_related("request", "request__service").order_by("-decided_at")
    return found.prefetch_related("request__asked__user", "request__decisions__user")


def alike(request: ApprovalRequest, user: User) -> list[ApprovalRequest]:
    """Other requests that wait for `user` and bind exactly the same: those that may be decided with this one."""
    if not request.is_pending:
        return []
    return list(waiting_for(user).filter(digest=request.digest).exclude(pk=request.pk))


def latest_of(subject: str) -> ApprovalRequest | None:
    """The newest request for `subject` (`run/<uid>/<step>`), whatever its state."""
    return ApprovalRequest.objects.filter(subject=subject).order_by("-pk").first()


def before(request: ApprovalRequest) -> ApprovalRequest | None:
    """The request for the same subject before this one; None for the first."""
    return ApprovalRequest.objects.filter(subject=request.subject, pk__lt=request.pk).order_by("-pk").first()


def pending_of(stream: str) -> QuerySet[ApprovalRequest]:
    """Requests of one ledger stream that still wait, the most urgent first."""
    return _by_urgency(_pending().filter(stream=stream))


def decision_of(request: ApprovalRequest) -> Decision | None:
    """The decision that settled the request: the last one. None while it waits, or where nobody decided."""
    return request.decisions.select_related("user").order_by("-pk").first()


def users_of(actor_ids: Iterable[str]) -> dict[str, User]:
    """actor id -> person."""
    uids = [actor_id.removeprefix("usr_") for actor_id in actor_ids]
    return {user.actor_id: user for user in User.objects.filter(uid__in=uids)} if uids else {}


def _listed(found: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    related = found.select_related("service", "service__team", "requester", "executor")
    return related.prefetch_related("asked__user", "decisions__user")


def _pending() -> QuerySet[ApprovalRequest]:
    return _listed(ApprovalRequest.objects.filter(state=RequestState.PENDING))


def _by_urgency(found: QuerySet[ApprovalRequest]) -> QuerySet[ApprovalRequest]:
    """What is due first comes first; what has no deadline comes last, oldest first."""
    return found.order_by(F("due_at").asc(nulls_last=True), "asked_at")
