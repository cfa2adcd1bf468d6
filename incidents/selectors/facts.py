"""Facts about a signal or an incident, as plain values for the templates of rules and the expressions of runs."""

from typing import Any

from catalog.models import Service
from catalog.states import ProbeKind
from incidents.models import Incident, Signal


def signal_values(signal: Signal) -> dict[str, Any]:
    """What a rule's `title` and `inputs` may name: service.name, signal.labels.instance, ..."""
    service = signal.service
    named = service.name if service else signal.labels.get("service", signal.name)
    return {
        "service": {
            "slug": service.slug if service else "",
            "name": named,
            "tier": service.tier if service else 0,
            "health_url": _health_url(service),
        },
        "signal": {
            "name": signal.name,
            "summary": signal.summary,
            "labels": signal.labels,
            "annotations": signal.annotations,
            "link": signal.link,
        },
    }


def _health_url(service: Service | None) -> str:
    """What Muster itself asks to know whether the service works: its first HTTP probe; "" when it has none."""
    probe = service.probes.filter(kind=ProbeKind.HTTP).order_by("pk").first() if service else None
    return probe.target if probe else ""


def incident_values(incident: Incident) -> dict[str, Any]:
    """What expressions of a run see as `incident`."""
    return {
        "uid": incident.uid,
        "label": incident.label,
        "title": incident.title,
        "severity": incident.severity,
        "services": list(incident.services.order_by("slug").values_list("slug", flat=True)),
    }
