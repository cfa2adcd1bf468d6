"""Where this room holds what people said, beside the ledger: for erasure (audit.redaction.copies)."""

from audit.redaction.copies import Columns, register
from incidents.models import Incident, IncidentRun, IntakeRule, Signal
from incidents.selectors.incidents import PREFIX

ROOM = "Incidents"
TABLES = (
    Columns(ROOM, "Title of the incident", Incident, ("title",), (PREFIX, "uid")),
    Columns(ROOM, "Why a runbook was started", IncidentRun, ("because",), (PREFIX, "incident__uid")),
    Columns(
        ROOM,
        "Signal that a tool sent",
        Signal,
        ("name", "summary", "labels", "annotations", "link"),
        (PREFIX, "incident__uid"),
        otherwise="catalog",
    ),
    Columns(ROOM, "Rule for signals", IntakeRule, ("name", "title", "inputs", "matches"), "catalog"),
)


def connect() -> None:
    """Called once, when the app is ready."""
    for table in TABLES:
        register(table)
