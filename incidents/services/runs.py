"""Runs that work on an incident: the one its rule names, and those that people start."""

import logging
from collections.abc import Mapping
from typing import Any

from audit import ledger
from audit.canonical import Json
from catalog.models import User
from incidents.errors import NothingPublished
from incidents.models import Incident, IncidentRun, IntakeRule, RoleHolder, Signal
from incidents.selectors.facts import incident_values, signal_values
from incidents.selectors.incidents import PREFIX
from incidents.services.locking import locked
from incidents.services.phases import move_by_engine
from incidents.states import SINGLE_ROLES, Phase, SignalState
from plumbing.database import atomic
from plumbing.errors import MusterError
from plumbing.expressions import resolve
from runbooks.models import Run, Runbook
from runbooks.selectors import current_version
from runbooks.services import start_run

log = logging.getLogger(__name__)

BEFORE_THE_PLAN = frozenset({Phase.DETECTION, Phase.MOBILIZATION, Phase.DIAGNOSIS})


@atomic()
def start_runbook(
    incident: Incident, runbook: Runbook, *, actor: User, inputs: Mapping[str, Any], because: str = ""
) -> Run:
    """A person starts the current version of a runbook for an incident.

    Raises NothingPublished, BadInput, and IncidentClosed when the incident takes no work any more."""
    incident = locked(incident)
    return _start(incident, runbook, inputs, starter=actor, because=because or f"started by {actor}")


def start_by_rule(incident: Incident, rule: IntakeRule, signal: Signal) -> None:
    """Start the runbook that the rule names; whatever prevents it is recorded as run.refused and loses nothing else."""
    if rule.runbook is None:
        return
    if signal.state != SignalState.FIRING:
        _refused(incident, rule.runbook, f"{signal.name} was over before it was heard of; a person decides.")
        return
    try:
        with atomic():  # a savepoint: what fails in it must not take the incident along
            inputs = resolve(rule.inputs, signal_values(signal))
            _start(incident, rule.runbook, inputs, starter=None, because=f"rule “{rule.name}” names it")
    except MusterError as error:
        _refused(incident, rule.runbook, str(error))
    except Exception:
        log.exception("Runbook %s could not be started for %s", rule.runbook, incident.stream)  # no title in a log
        _refused(incident, rule.runbook, "An error inside Muster; the operator's log has it.")


def _start(
    incident: Incident, runbook: Runbook, inputs: Mapping[str, Any], *, starter: User | None, because: str
) -> Run:
    version = current_version(runbook)
    if version is None:
        raise NothingPublished(runbook.title)
    run = start_run(
        version,
        stream=incident.stream,
        inputs=inputs,
        starter=starter,
        teams=list(incident.teams.all()),
        context={"incident": incident_values(incident)},
        assignees=assignees_of(incident),
    )
    IncidentRun.objects.create(incident=incident, run=run, because=because[:200])
    fields: dict[str, Json] = {"run": run.uid, "runbook": runbook.title, "version": version.number, "because": because}
    ledger.record(incident.stream, "run.chosen", starter or ledger.SYSTEM, fields)
    if incident.phase in BEFORE_THE_PLAN:
        move_by_engine(incident, Phase.MITIGATION, f"“{runbook.title}” was started.")
    return run


def assignees_of(incident: Incident) -> dict[str, User]:
    """Who does a human step, by the step's `assign`: {"role:commander": user}; only roles that one person holds."""
    holders = RoleHolder.objects.filter(incident=incident, role__in=SINGLE_ROLES).select_related("user")
    return {f"role:{holder.role}": holder.user for holder in holders}


def holder_of(run: Run, wanted: str) -> User | None:
    """Who holds the role `wanted` (`role:commander`) in the run's incident now; None for anything else."""
    incident = Incident.objects.filter(uid=run.stream.removeprefix(PREFIX)).first()
    return assignees_of(incident).get(wanted) if incident is not None else None


def _refused(incident: Incident, runbook: Runbook, reason: str) -> None:
    fields = {"runbook": runbook.title, "reason": reason[:1_000]}
    ledger.record(incident.stream, "run.refused", ledger.SYSTEM, fields)
