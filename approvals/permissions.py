"""Who may read a request. Who may decide one is a rule of the service, which puts refusals on record."""

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from approvals.models import ApprovalRequest
from approvals.selectors import visible_to
from catalog.models import User
from catalog.permissions import Right, holds


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
