"""Who may do what. Every right is a guardian permission on a Team, held by the team's role groups.

All doors of all rooms ask here, by object; a service is seen by whoever may see its team.
"""

from collections.abc import Iterable

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.http import Http404
from guardian.models import GroupObjectPermission

from audit.permissions import May
from catalog.models import ContactPoint, Probe, Service, Team, User
from catalog.states import Right as Right
from catalog.stepup import STRONG

__all__ = [
    "EVIDENCE",
    "Right",
    "contact_point_for",
    "factor_for",
    "holds",
    "probe_for",
    "rights_by_team",
    "rights_of",
    "service_for",
    "services_where",
    "team_for",
    "teams_where",
]

# A superuser keeps the house in order, but takes no part in the work: above all, decides no approval.
EVIDENCE: dict[May, Right] = {
    "view": Right.VIEW,
    "export": Right.EXPORT,
    "redact": Right.REDACT,
    "file": Right.FILE,
}
"""What the ledger's gates ask for, as a right in a team."""

SUPERUSER_RIGHTS = frozenset({Right.VIEW, Right.ADMINISTER, Right.DELETE, Right.EXPORT, Right.AUDIT})


def teams_where(user: User | AnonymousUser, right: Right | str) -> QuerySet[Team]:
    """The teams in whose things `user` may do `right`. Lazy, so that it also serves as a subquery."""
    if not isinstance(user, User) or not user.is_active:
        return Team.objects.none()
    if user.is_superuser and right in SUPERUSER_RIGHTS:
        return Team.objects.all()
    held = GroupObjectPermission.objects.filter(
        group__user=user, content_type=ContentType.objects.get_for_model(Team), permission__codename=Right(right).value
    )
    # as guardian's get_objects_for_user would say, which asks ten times as much to say it: most pages ask several times
    return Team.objects.alias(key=Cast("pk", CharField())).filter(key__in=held.values("object_pk"))


def holds(user: User | AnonymousUser, right: Right | str, teams: Iterable[Team]) -> bool:
    """Whether `user` holds `right` in ANY of `teams` (a queryset or objects). One query, never cached between calls.

    A superuser holds SUPERUSER_RIGHTS everywhere, also where no team is named.
    """
    if isinstance(user, User) and user.is_active and user.is_superuser and right in SUPERUSER_RIGHTS:
        return True
    wanted = teams_where(user, right)
    if isinstance(teams, QuerySet):
        return wanted.filter(pk__in=teams.values("pk")).exists()
    return wanted.filter(pk__in=[team.pk for team in teams]).exists()


def rights_of(user: User | AnonymousUser, teams: Iterable[Team]) -> frozenset[Right]:
    """All rights that `user` holds in any of `teams`, as holds() would say one by one. One query."""
    if not isinstance(user, User) or not user.is_active:
        return frozenset()
    keys = {str(team.pk) for team in teams}
    found = frozenset(right for key, right in _held(user) if key in keys)
    return found | SUPERUSER_RIGHTS if user.is_superuser else found


def rights_by_team(user: User) -> dict[str, list[str]]:
    """Slug -> rights, of all teams that `user` sees."""
    held = set(_held(user))
    always = SUPERUSER_RIGHTS if user.is_superuser else frozenset()
    teams = teams_where(user, Right.VIEW)
    return {team.slug: [r.value for r in Right if r in always or (str(team.pk), r) in held] for team in teams}


def _held(user: User) -> list[tuple[str, Right]]:
    """(key of a team, right) of everything that the user's groups give."""
    found = GroupObjectPermission.objects.filter(
        group__user=user, content_type__app_label="catalog", content_type__model="team"
    )
    return [(key, Right(name)) for key, name in found.values_list("object_pk", "permission__codename")]


def services_where(user: User | AnonymousUser, right: Right | str) -> QuerySet[Service]:
    """The services of the teams in which `user` holds `right`."""
    return Service.objects.filter(team__in=teams_where(user, right))


def service_for(user: User | AnonymousUser, slug: str, *, may: Right | str = Right.VIEW) -> Service:
    """The service. Raises Http404 unless `user` sees it, PermissionDenied if the right `may` is missing."""
    service = services_where(user, Right.VIEW).select_related("team", "owner", "deputy").filter(slug=slug).first()
    if service is None:
        raise Http404(f"No service {slug!r} that you can see.")
    _demand(user, may, service.team)
    return service


def probe_for(user: User | AnonymousUser, slug: str, probe_id: int, *, may: Right | str = Right.VIEW) -> Probe:
    """A probe of a service. Raises Http404 unless `user` sees both, PermissionDenied if the right `may` is missing."""
    service = service_for(user, slug, may=may)
    probe = service.probes.select_related("service").filter(pk=probe_id).first()
    if probe is None:
        raise Http404(f"{service} has no such probe.")
    return probe


def team_for(user: User | AnonymousUser, slug: str, *, may: Right | str = Right.VIEW) -> Team:
    """The team. Raises Http404 unless `user` sees it, PermissionDenied if the right `may` is missing."""
    team = teams_where(user, Right.VIEW).filter(slug=slug).first()
    if team is None:
        raise Http404(f"No team {slug!r} that you can see.")
    _demand(user, may, team)
    return team


def contact_point_for(user: User, uid: str) -> ContactPoint:
    """A contact point of `user` themself. Raises Http404 for everybody else's: nobody tries or removes another's."""
    mine = ContactPoint.objects.select_related("user").filter(uid=uid, user_id=user.pk)
    if (point := mine.first()) is None:
        raise Http404("You have no such contact point.")
    return point


def factor_for(user: User | AnonymousUser, factor_id: int) -> Authenticator:
    """A second factor of one's own. Raises Http404 for everybody else's."""
    found = Authenticator.objects.filter(user_id=user.pk, type__in=STRONG, pk=factor_id).first()
    if found is None:
        raise Http404("You have no such factor.")
    return found


def _demand(user: User | AnonymousUser, right: Right | str, team: Team) -> None:
    if right != Right.VIEW and not holds(user, right, [team]):
        raise PermissionDenied(f"You don't have the right to {Right(right).label.lower()} in {team}.")
