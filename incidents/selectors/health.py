"""What Muster's own probes say about the services of an incident."""

from catalog.health import red_probes
from incidents.models import Incident


def red_probes_of(incident: Incident) -> tuple[str, ...]:
    """The names of the probes of its services that are red: "Store: /healthz"."""
    return tuple(str(probe) for probe in red_probes(incident.services.all()))
