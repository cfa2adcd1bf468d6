"""Moving an incident along its phases, and how grave it is."""

import datetime as dt

from approvals.selectors import open_reviews
from audit import ledger
from audit.ledger import Actor
from catalog.models import User
from catalog.permissions import Right, holds
from incidents.errors import IncidentError, ReasonMissing, ReviewOpen, StaleIncident, StillFailing
from incidents.models import Incident
from incidents.selectors.health import red_probes_of
from incidents.selectors.people import last_to_do
from incidents.services.locking import locked
from incidents.states import BACKWARD, UPDATE_EVERY, Phase, Severity, check_move
from plumbing import clock
from plumbing.database import atomic


@atomic()
def move(
    incident: Incident, target: str, *, actor: User, seen_phase: str, reason: str = "", force: bool = False
) -> Incident:
    """Move an incident to another phase and record why: both, or neither. Returns it as it is now.

    seen_phase: the phase on the page that the person decided on. force: resolve although a probe is red; needs the
    right to close. Raises StaleIncident, IllegalTransition, StillFailing, ReviewOpen, IncidentClosed, ReasonMissing.
    """
    incident = locked(incident)
    if incident.phase != seen_phase:
        raise StaleIncident(Phase(incident.phase).label, _mover(incident))
    check_move(incident.phase, target)
    if (incident.phase, target) in BACKWARD and not reason.strip():
        raise ReasonMissing
    if target == Phase.CLOSED and (owed := list(open_reviews(incident.stream))):
        raise ReviewOpen(owed[0].request.question, owed[0].request.uid, len(owed))
    if target == Phase.RESOLUTION and (red := red_probes_of(incident)):
        _force(incident, actor, reason, red, force)
    _move(incident, target, actor, reason)
    return incident


def move_by_engine(incident: Incident, target: str, because: str) -> None:
    """The engine moves an incident that its caller has locked, or just made. Raises IllegalTransition."""
    check_move(incident.phase, target)
    _move(incident, target, ledger.SYSTEM, because)


def _force(incident: Incident, actor: User, reason: str, red: tuple[str, ...], force: bool) -> None:
    if not force or not holds(actor, Right.CLOSE, incident.teams.all()):
        raise StillFailing(red)
    if not reason.strip():
        raise ReasonMissing
    ledger.record(incident.stream, "incident.forced", actor, {"red": list(red), "reason": reason})


def _move(incident: Incident, target: str, actor: Actor, reason: str) -> None:
    came_from, now = incident.phase, clock.now()
    incident.phase, incident.phase_since = target, now
    incident.resolved_at = _resolved_at(incident, target, now)
    incident.save(update_fields=["phase", "phase_since", "resolved_at"])
    fields = {"from": str(came_from), "to": str(target), "reason": reason}
    ledger.record(incident.stream, "incident.moved", actor, fields)


def _resolved_at(incident: Incident, target: str, now: dt.datetime) -> dt.datetime | None:
    if target == Phase.RESOLUTION:
        return now
    return incident.resolved_at if target in (Phase.REVIEW, Phase.CLOSED) else None


def _mover(incident: Incident) -> str:
    return last_to_do(incident.stream, "incident.moved") or "Muster"


@atomic()
def set_severity(incident: Incident, severity: str, *, actor: User, reason: str, seen_severity: str) -> Incident:
    """Say how grave it is, and why. The next update is due no later than the new severity asks for.

    Raises StaleIncident when somebody was faster, ReasonMissing, IncidentClosed, IncidentError for an unknown word."""
    incident = locked(incident)
    if severity not in Severity.values:
        raise IncidentError(f"Severity {severity!r} is unknown; it is one of {', '.join(Severity.values)}.")
    if incident.severity != seen_severity:
        raise StaleIncident(incident.severity, last_to_do(incident.stream, "severity.set") or "Muster")
    if not reason.strip():
        raise ReasonMissing
    came_from, incident.severity = incident.severity, severity
    incident.next_update_due = _sooner(incident.next_update_due, severity)
    incident.save(update_fields=["severity", "next_update_due"])
    fields = {"from": came_from, "to": str(severity), "reason": reason}
    ledger.record(incident.stream, "severity.set", actor, fields)
    return incident


def _sooner(due: dt.datetime | None, severity: str) -> dt.datetime | None:
    if severity not in UPDATE_EVERY:
        return due
    wanted = clock.now() + UPDATE_EVERY[severity]
    return min(due, wanted) if due else wanted
