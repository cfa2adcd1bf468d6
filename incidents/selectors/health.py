"""What Muster's own probes say about the services of an incident."""

from catalog.models import Probe
from catalog.states import Health
from incidents.models import Incident


def probes_of(incident: Incident) -> list[Probe]:
    """The probes of the affected services, the most important service first."""
    return list(Probe.objects.filter(service__incidents=incident).select_related("service"))


def red_probes_of(incident: Incident) -> tuple[str, ...]:
    """The names of its probes that are red: "Store: /healthz"."""
    return tuple(str(probe) for probe in probes_of(incident) if probe.health == Health.RED)
