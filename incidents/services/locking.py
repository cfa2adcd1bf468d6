"""The incident's row, locked until commit: acts on one incident come one after the other."""

from incidents.errors import IncidentClosed
from incidents.models import Incident
from incidents.states import Phase


def locked(incident: Incident, *, closed_too: bool = False) -> Incident:
    """The incident as it is now, locked. Raises IncidentClosed when it takes no more writing, unless `closed_too`."""
    found = Incident.objects.select_for_update(of=("self",)).get(pk=incident.pk)
    if found.phase == Phase.CLOSED and not closed_too:
        raise IncidentClosed(found.label)
    return found
