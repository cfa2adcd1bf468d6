"""Who may do what in an incident. Every door comes in through `incident_for`."""

from collections.abc import Iterable, Sequence

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404

from audit.permissions import Label, May
from catalog.models import Team, User
from catalog.permissions import EVIDENCE, Right, holds
from incidents.errors import NoService
from incidents.models import Incident, RoleHolder
from incidents.selectors.incidents import PREFIX, incidents_where, streams_of, visible_to
from incidents.states import IncidentRole, Phase
from runbooks.models import Run

AT_WORK = frozenset({Right.CONTRIBUTE, Right.EXECUTE})
ROLE_GIVES: dict[str, frozenset[Right]] = {
    IncidentRole.COMMANDER: AT_WORK | {Right.COMMAND},
    IncidentRole.COMMUNICATIONS: frozenset({Right.CONTRIBUTE}),
    IncidentRole.SCRIBE: frozenset({Right.CONTRIBUTE}),
    IncidentRole.RESPONDER: AT_WORK,
    IncidentRole.OBSERVER: frozenset(),
}  # in this one incident, beside what the teams' rights give


def incident_for(user: User | AnonymousUser, uid: str, *, may: Right | str = Right.VIEW) -> Incident:
    """The incident: a door's only way in. Raises Http404 for strangers, PermissionDenied without the right `may`."""
    incident = visible_to(user).filter(uid=uid).first() if uid.isalnum() else None  # a NUL breaks PostgreSQL
    if incident is None:
        raise Http404("There is no such incident, or it isn't yours to see.")
    if not allowed(user, incident, may):
        raise PermissionDenied(f"In {incident.label} you don't have the right to {Right(may).label.lower()}.")
    return incident


def allowed(user: User | AnonymousUser, incident: Incident, may: Right | str) -> bool:
    """Whether somebody who sees the incident may also do this in it."""
    if may == Right.VIEW:
        return True
    return may in rights_in(user, incident, [Right(may)])


def rights_in(user: User | AnonymousUser, incident: Incident, of: Iterable[Right] = tuple(Right)) -> frozenset[Right]:
    """Those of the rights `of` that the user has in this incident, by teams or by a role in it."""
    if not isinstance(user, User):
        return frozenset()
    teams = list(incident.teams.all())
    roles = RoleHolder.objects.filter(incident=incident, user=user).values_list("role", flat=True)
    by_role = frozenset[Right]().union(*(ROLE_GIVES[role] for role in roles))
    return frozenset(right for right in of if right in by_role or holds(user, right, teams))


def check_may_declare(user: User, teams: Sequence[Team]) -> None:
    """Raises NoService when no team would see it, PermissionDenied unless the user commands in one of them."""
    if not teams:
        raise NoService
    if not holds(user, Right.COMMAND, teams):
        raise PermissionDenied("To declare an incident you need the right to command in a team of its services.")


def right_to_move(target: str, *, force: bool) -> Right:
    """Who commands moves phases; who ends an incident, or overrules a probe, needs the right to close."""
    return Right.CLOSE if force or target in (Phase.REVIEW, Phase.CLOSED) else Right.COMMAND


def right_to_take(role: str) -> Right:
    """The right that taking a role needs: to command, one must be let."""
    return Right.COMMAND if role == IncidentRole.COMMANDER else Right.CONTRIBUTE


def run_gate(user: User, run: Run, right: Right) -> bool:
    """Whether a role in the run's incident gives a right in the run, also in one that is a step of another."""
    incident = Incident.objects.filter(uid=run.stream.removeprefix(PREFIX)).first()
    return incident is not None and right in rights_in(user, incident, [right])


def stream_gate(user: User, may: May) -> Q:
    """Which streams of incidents `user` may view, or do more with: the ledger's gate for `inc_`."""
    incidents = visible_to(user) if may == "view" else visible_to(user) & incidents_where(user, EVIDENCE[may])
    return Q(uid__in=streams_of(incidents))


def describe_streams(uids: Iterable[str]) -> dict[str, Label]:
    """What to call the streams of incidents."""
    found = Incident.objects.filter(uid__in=[uid.removeprefix(PREFIX) for uid in uids])
    return {incident.stream: Label(str(incident), f"/incidents/{incident.uid}") for incident in found}
