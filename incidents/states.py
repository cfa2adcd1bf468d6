"""Phases, severities and roles of incidents, and the moves between phases."""

import datetime as dt

from django.db.models import TextChoices

from incidents.errors import IllegalTransition


class Phase(TextChoices):
    DETECTION = "detection", "Detection"  # a signal came, nobody commands it yet
    MOBILIZATION = "mobilization", "Mobilization"  # people are being called
    DIAGNOSIS = "diagnosis", "Diagnosis"  # what is broken, and why
    MITIGATION = "mitigation", "Mitigation"  # the plan runs
    RESOLUTION = "resolution", "Resolution"  # service is back, proven by our own probes
    REVIEW = "review", "Review"  # what we learn; then it is closed
    CLOSED = "closed", "Closed"


P = Phase
MOVES: dict[str, frozenset[str]] = {
    P.DETECTION: frozenset({P.MOBILIZATION, P.DIAGNOSIS, P.MITIGATION, P.RESOLUTION}),
    P.MOBILIZATION: frozenset({P.DIAGNOSIS, P.MITIGATION, P.RESOLUTION}),
    P.DIAGNOSIS: frozenset({P.MITIGATION, P.RESOLUTION}),
    P.MITIGATION: frozenset({P.DIAGNOSIS, P.RESOLUTION}),  # back when the plan didn't help
    P.RESOLUTION: frozenset({P.MITIGATION, P.REVIEW}),  # reopened, or on to learning
    P.REVIEW: frozenset({P.CLOSED, P.MITIGATION}),
    P.CLOSED: frozenset(),
}
BURNING = frozenset({P.DETECTION, P.MOBILIZATION, P.DIAGNOSIS, P.MITIGATION})  # not yet resolved
OPEN = BURNING | {P.RESOLUTION, P.REVIEW}
BACKWARD = frozenset({(P.MITIGATION, P.DIAGNOSIS), (P.RESOLUTION, P.MITIGATION), (P.REVIEW, P.MITIGATION)})  # say why
TRACK = (P.DETECTION, P.MOBILIZATION, P.DIAGNOSIS, P.MITIGATION, P.RESOLUTION, P.REVIEW)  # as the page shows them


class Severity(TextChoices):
    SEV1 = "SEV1", "SEV1"
    SEV2 = "SEV2", "SEV2"
    SEV3 = "SEV3", "SEV3"
    SEV4 = "SEV4", "SEV4"


UPDATE_EVERY: dict[str, dt.timedelta] = {
    Severity.SEV1: dt.timedelta(minutes=30),
    Severity.SEV2: dt.timedelta(hours=1),
    Severity.SEV3: dt.timedelta(hours=4),
}  # how soon the next status update is due; SEV4 owes nobody one


class IncidentRole(TextChoices):
    COMMANDER = "commander", "Commander"
    COMMUNICATIONS = "communications", "Comms lead"
    SCRIBE = "scribe", "Scribe"
    RESPONDER = "responder", "Responder"
    OBSERVER = "observer", "Observer"


SINGLE_ROLES = frozenset({IncidentRole.COMMANDER, IncidentRole.COMMUNICATIONS, IncidentRole.SCRIBE})


class SignalState(TextChoices):
    FIRING = "firing", "Firing"
    RESOLVED = "resolved", "Resolved"


def check_move(current: str, target: str) -> None:
    """Raises IllegalTransition unless the table allows current -> target."""
    if target not in MOVES[current]:
        raise IllegalTransition(current, target)


class Source(TextChoices):
    """Where stood what is written down later."""

    PAPER = "paper", "On paper"
    CHAT = "chat", "In a chat"
    PHONE = "phone", "In a call"
    MEMORY = "memory", "In somebody's memory"
