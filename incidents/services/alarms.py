"""An incident because the ledger itself isn't whole: nobody watches a page at two in the morning."""

import logging

from audit import ledger
from catalog.models import Team
from catalog.states import Role
from incidents.services.opening import create, say_opened
from incidents.states import Severity
from plumbing import clock
from plumbing.database import atomic

log = logging.getLogger(__name__)
WHO = (Role.COMPLIANCE, Role.ADMINISTRATOR)  # their teams answer for the evidence


@atomic()
def raise_about_ledger(place: str, sentence: str) -> str:
    """Open a SEV2 incident about a place in the ledger, seen by every team with somebody who answers for evidence.

    Returns its label; "" where no such team exists, so that it is tried again. The caller asks once for each place."""
    teams = Team.objects.filter(memberships__role__in=WHO).distinct()
    if not teams:
        log.error("Nobody can be told: no team has a compliance officer or an administrator. %s", sentence)
        return ""
    now = clock.now()
    incident = create(f"Ledger not whole: {place}", Severity.SEV2, began_at=now, now=now)
    incident.teams.set(teams)
    told = {"because": "the nightly audit, or the signer, found it", "description": sentence}
    say_opened(incident, ledger.SYSTEM, [], told)
    return incident.label
