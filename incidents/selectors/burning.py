"""Open incidents at given services, for the room below that asks before a step runs."""

from catalog.models import User
from incidents.models import Incident
from incidents.selectors.incidents import visible_to
from incidents.states import OPEN
from runbooks.impact import Burning


def burning_at(reader: User, services: frozenset[int]) -> tuple[list[Burning], int]:
    """The open incidents at one of these services (ids) that the reader sees, and how many others there are.

    Two queries, which grow with the open incidents and not with the services."""
    links = Incident.services.through.objects.filter(incident__phase__in=OPEN).order_by("incident")
    where = dict[int, set[int]]()
    for incident, service in links.values_list("incident_id", "service_id"):
        if service in services:
            where.setdefault(incident, set()).add(service)
    seen = visible_to(reader).filter(phase__in=OPEN).distinct().in_bulk(list(where)) if where else {}
    shown = [
        Burning(found.label, found.title, found.severity, f"/incidents/{found.uid}", frozenset(where[pk]))
        for pk, found in sorted(seen.items())
    ]
    return shown, len(where) - len(shown)
