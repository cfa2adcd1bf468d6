"""Reads of incidents. Lists start from `visible_to`."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, IntegerField, Q, QuerySet, Value, When
from django.db.models.functions import Concat

from approvals.models import Asked
from catalog.models import User
from catalog.permissions import Right, teams_where
from incidents.models import Incident, RoleHolder
from incidents.states import OPEN, Severity

PREFIX = "inc_"

with_stream = Concat(Value(PREFIX), "uid")


def visible_to(user: User | AnonymousUser) -> QuerySet[Incident]:
    """Incidents of the reader's teams, those they hold a role in, and those they were asked to decide in."""
    if not isinstance(user, User) or not user.is_active:
        return Incident.objects.none()
    if user.is_superuser:
        return Incident.objects.all()
    asked = Asked.objects.filter(user=user, request__stream__startswith=PREFIX).values("request__stream")
    return Incident.objects.alias(stream_uid=with_stream).filter(
        Q(pk__in=_of_teams(user, Right.VIEW))
        | Q(pk__in=RoleHolder.objects.filter(user=user).values("incident"))
        | Q(stream_uid__in=asked)
    )


def incidents_where(user: User | AnonymousUser, right: Right) -> QuerySet[Incident]:
    """Incidents in whose teams the reader holds `right`."""
    return Incident.objects.filter(pk__in=_of_teams(user, right))


def _of_teams(user: User | AnonymousUser, right: Right) -> QuerySet[Incident, Any]:
    links = Incident.teams.through.objects.filter(team__in=teams_where(user, right))
    return Incident.objects.filter(pk__in=links.values("incident_id")).values("pk")


def streams_of(incidents: QuerySet[Incident]) -> QuerySet[Incident, Any]:
    """Their stream uids, as a subquery."""
    return incidents.order_by().annotate(stream_uid=with_stream).values("stream_uid")


def gravest_first(incidents: QuerySet[Incident]) -> QuerySet[Incident]:
    """Open ones on top, the gravest first, then the youngest."""
    order = Case(
        *(When(severity=severity, then=Value(place)) for place, severity in enumerate(Severity.values)),
        output_field=IntegerField(),
    )
    is_over = Case(When(phase__in=OPEN, then=Value(0)), default=Value(1), output_field=IntegerField())
    return incidents.annotate(is_over=is_over, gravity=order).order_by("is_over", "gravity", "-number")


def open_for(user: User | AnonymousUser) -> QuerySet[Incident]:
    """Open incidents that the reader sees, the gravest first."""
    return gravest_first(visible_to(user).filter(phase__in=OPEN))
