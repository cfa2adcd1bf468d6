"""Who may read requests, policies and delegations. Who may decide is a rule of the services, which put refusals on
record."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from approvals.models import ApprovalRequest, Delegation
from approvals.selectors import visible_to
from approvals.selectors.covering import delegations_seen
from catalog.models import Absence, User
from catalog.permissions import Right, holds, teams_where
from catalog.states import UserKind


def request_for(user: User | AnonymousUser, uid: str, may: Right | str = Right.VIEW) -> ApprovalRequest:
    """The request: a door's only way in.

    Raises Http404 unless `user` was asked, asks, carries it out, or sees a team of it; PermissionDenied if `may`, a
    right in one of its teams, is missing."""
    found = visible_to(user).filter(uid=uid).first() if isinstance(user, User) else None
    if found is None:
        raise Http404("No approval request that you can see has this address.")
    if may != Right.VIEW and not holds(user, may, found.teams.all()):
        raise PermissionDenied(f"You don't have the right to {Right(may).label.lower()} here.")
    return found


def rules_for(user: User | AnonymousUser, may: Right | str = Right.VIEW) -> None:
    """The door to policies and to the dry run: they bind everybody, so everybody who sees some team reads them.

    Raises Http404 for who sees no team, PermissionDenied if the right `may` is held in none, and for a machine user
    that would do more than read."""
    if not isinstance(user, User) or not teams_where(user, Right.VIEW).exists():
        raise Http404("You are in no team yet: the policies are read by members of a team.")
    if may == Right.VIEW:
        return
    if user.kind == UserKind.MACHINE:
        raise PermissionDenied("A machine user reads policies and never changes them.")
    if not teams_where(user, may).exists():
        raise PermissionDenied(f"You don't have the right to {Right(may).label[0].lower()}{Right(may).label[1:]}.")


def delegation_for(user: User | AnonymousUser, uid: str) -> Delegation:
    """The delegation. Raises Http404 unless it is one's own or of somebody in a team that one sees."""
    found = delegations_seen(user).filter(uid=uid).first() if isinstance(user, User) else None
    if found is None:
        raise Http404("No delegation that you can see has this address.")
    return found


def absence_for(user: User, absence_id: int) -> Absence:
    """An absence of one's own. Raises Http404 for everybody else's."""
    found = Absence.objects.filter(user_id=user.pk, pk=absence_id).first()
    if found is None:
        raise Http404("You have no such absence.")
    return found
