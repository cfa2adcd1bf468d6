"""What an auditor sees: the scopes of a running access, as far as whoever granted it may hand out evidence now."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from audit.permissions import READING, May, visible_streams
from catalog.models import AuditorAccess, User
from catalog.states import SIGN_IN, UserKind
from plumbing import clock

ALL = "*"  # at the end of a scope: every stream whose uid begins so


def running(now: dt.datetime) -> QuerySet[AuditorAccess]:
    """Accesses that give sight at this moment."""
    return AuditorAccess.objects.filter(ended_at=None, since__lte=now, until__gt=now)


def may_sign_in(user: object, now: dt.datetime) -> bool:
    """Whether this account signs in with a password: a person, or an auditor whose access runs."""
    if not isinstance(user, User) or user.kind not in SIGN_IN:
        return False
    return user.kind != UserKind.AUDITOR or running(now).filter(user=user).exists()


def auditor_grant(user: Any, may: str) -> Q | None:
    """The ledger's grant for auditors: None for everybody else, and for what isn't reading."""
    if not isinstance(user, User) or user.kind != UserKind.AUDITOR or may not in READING:
        return None
    found = Q(pk__in=[])
    accesses = running(clock.now()).filter(user=user)
    for access in accesses.filter(may_export=True) if may == "export" else accesses:
        handed_out = visible_streams(access.granted_by, "export").values("pk")
        found |= in_scope(access.scopes) & Q(pk__in=handed_out)
    return found


def in_scope(scopes: Iterable[str]) -> Q:
    """The streams that these scopes name."""
    found = Q(pk__in=[])
    for scope in scopes:
        found |= Q(uid__startswith=scope.removesuffix(ALL)) if scope.endswith(ALL) else Q(uid=scope)
    return found


def accesses_seen(user: User, may: May = "view") -> QuerySet[AuditorAccess]:
    """All accesses, for who may read the history of access; nothing for others."""
    if not visible_streams(user, may, among=["access"]).exists() or user.kind == UserKind.AUDITOR:
        return AuditorAccess.objects.none()
    return AuditorAccess.objects.select_related("user", "granted_by")
