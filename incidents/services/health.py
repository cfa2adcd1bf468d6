"""What our own probes tell, written into the open incidents that the service belongs to."""

from audit import ledger
from catalog.models import Probe
from incidents.models import Incident
from incidents.states import OPEN


def record_health_change(probe: Probe, was: str, now: str) -> None:
    """Record a probe's new colour in every open incident of its service. In the caller's transaction."""
    fields = {
        "probe": str(probe),
        "service": probe.service.slug,
        "was": str(was),
        "now": str(now),
        "detail": probe.detail,
    }
    for incident in Incident.objects.filter(phase__in=OPEN, services=probe.service).order_by("pk"):
        ledger.record(incident.stream, "health.changed", ledger.SYSTEM, fields)
