"""Who looks, at what, and what they may do: known once, asked by every part of the room."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache

from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.selectors import pending_of
from catalog.health import Overall, health_of
from catalog.models import User
from catalog.permissions import Right
from incidents.models import Incident, IncidentRun
from incidents.permissions import rights_in
from incidents.states import Phase
from runbooks.forecast import Forecast, forecast
from runbooks.models import Run
from runbooks.outlook.twins import Twin, attachable_for
from runbooks.selectors import RunOverview, run_overview

FORECAST_LASTS_S = 10
ASKED_FOR = (Right.CONTRIBUTE, Right.EXECUTE, Right.COMMAND, Right.CLOSE, Right.EXPORT)


@dataclass
class Reader:
    """One person in front of one incident, at one moment."""

    user: User
    incident: Incident
    now: datetime

    @cached_property
    def rights(self) -> frozenset[Right]:
        return rights_in(self.user, self.incident, ASKED_FOR)

    @cached_property
    def run(self) -> RunOverview | None:
        """The newest run."""
        found = IncidentRun.objects.filter(incident=self.incident).select_related("run__version__runbook").first()
        return run_overview(found.run) if found else None

    @cached_property
    def twins(self) -> dict[str, list[Twin]]:
        """By step of that run: who does the same right now, where the reader may let the step use that result."""
        if self.run is None or not self.may(Right.EXECUTE):
            return {}
        return attachable_for(self.user, self.run.run)

    @cached_property
    def forecast(self) -> Forecast | None:
        """When that run is likely to end; None when it is over or there is none."""
        if self.run is None:
            return None
        return _forecast(self.run.run, self.run.run.rev, self.incident, int(self.now.timestamp()) // FORECAST_LASTS_S)

    @cached_property
    def requests(self) -> list[ApprovalRequest]:
        """Pending requests of this incident, those asked of the reader first."""
        found = list(pending_of(self.incident.stream).prefetch_related("asked__user").select_related("service"))
        return sorted(found, key=lambda request: not self.is_asked(request))

    @cached_property
    def health(self) -> Overall:
        return health_of(self.incident.services.all())

    @property
    def is_closed(self) -> bool:
        return self.incident.phase == Phase.CLOSED

    def may(self, right: Right) -> bool:
        """Whether the reader may do this here, now."""
        return right in self.rights and (not self.is_closed or right == Right.EXPORT)

    def is_asked(self, request: ApprovalRequest) -> bool:
        """Whether the request was asked of the reader."""
        return any(asked.user_id == self.user.pk for asked in request.asked.all())

    def url(self, name: str, *more: object) -> str:
        """An address of this incident."""
        return reverse(f"incidents:{name}", args=[self.incident.uid, *more])


@lru_cache(maxsize=64)
def _forecast(run: Run, rev: int, incident: Incident, moment: int) -> Forecast | None:
    """One for all readers of a run at one `rev`, for some seconds: many draws are made for it."""
    now = datetime.fromtimestamp(moment * FORECAST_LASTS_S, UTC)
    return forecast(run, now, down_since=incident.began_at)
