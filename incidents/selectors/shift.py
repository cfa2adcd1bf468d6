"""What somebody sees first: what waits for them, what is open, how their services are."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import F, Q, QuerySet

from approvals.models import ApprovalRequest
from approvals.selectors import waiting_for as decisions_for
from catalog.models import Membership, Service, User
from catalog.selectors import with_health
from incidents.models import Incident, RoleHolder
from incidents.selectors.incidents import open_for
from incidents.states import BURNING, IncidentRole
from runbooks.selectors import StepOverview
from runbooks.selectors import waiting_for as steps_for

SPEAKERS = (IncidentRole.COMMUNICATIONS, IncidentRole.COMMANDER)  # whose update is overdue
MOST = 50


@dataclass(frozen=True)
class Shift:
    """One person's page. overdue: incidents whose status update they owe."""

    decisions: list[ApprovalRequest]
    steps: list[StepOverview]
    overdue: list[Incident]
    open: list[Incident]
    services: list[Service]

    @property
    def waits(self) -> int:
        """How many things wait for this person."""
        return len(self.decisions) + len(self.steps) + len(self.overdue)


def shift_of(user: User, now: dt.datetime) -> Shift:
    """What waits for `user`, the open incidents they see, and the health of the services they answer for."""
    found = open_for(user).prefetch_related("services", "role_holders__user")
    return Shift(
        decisions=list(decisions_for(user)[:MOST]),
        steps=steps_for(user)[:MOST],
        overdue=list(overdue_for(user, now)),
        open=list(found[:MOST]),
        services=list(my_services(user)[:MOST]),
    )


def overdue_for(user: User, now: dt.datetime) -> QuerySet[Incident]:
    """Incidents whose update is overdue and that `user` speaks for, the longest overdue first."""
    mine = RoleHolder.objects.filter(user=user, role__in=SPEAKERS).values("incident")
    return Incident.objects.filter(pk__in=mine, phase__in=BURNING, next_update_due__lte=now).order_by("next_update_due")


def my_services(user: User) -> QuerySet[Service]:
    """Services that `user` owns, deputises for, or whose team they are in; failing ones first."""
    teams = Membership.objects.filter(user=user).values("team")
    found = Service.objects.filter(Q(owner=user) | Q(deputy=user) | Q(team__in=teams)).distinct()
    return with_health(found).order_by(F("red").desc(), "tier", "name")
