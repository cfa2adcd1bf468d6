"""How an incident comes into being: from a signal by a rule, or because a person says so."""

import datetime as dt
import logging
from collections.abc import Iterable

from django.db.models import F

from audit import ledger
from audit.ledger import Actor
from catalog.models import Service, Team, User
from incidents.errors import IncidentError, NoService
from incidents.models import LONGEST_TITLE, Incident, IntakeRule, Series, Signal
from incidents.selectors.facts import signal_values
from incidents.services.roles import give_role
from incidents.states import UPDATE_EVERY, IncidentRole, Severity
from plumbing import clock
from plumbing.database import atomic
from plumbing.expressions import ExpressionError, render

log = logging.getLogger(__name__)

NUMBERS = "incident"


def wait_turn() -> None:
    """Hold the turnstile until commit: one post, one declaration at a time, so that one fault opens one incident."""
    Series.objects.get_or_create(name=NUMBERS)
    list(Series.objects.select_for_update().filter(name=NUMBERS))


def next_number() -> int:
    """The next incident number; the caller holds the turnstile from here to its commit."""
    wait_turn()
    Series.objects.filter(name=NUMBERS).update(last=F("last") + 1)
    return Series.objects.get(name=NUMBERS).last


@atomic()
def declare(
    *,
    title: str,
    severity: str,
    services: Iterable[Service],
    declarer: User,
    commander: User | None = None,
    team: Team | None = None,
    description: str = "",
) -> Incident:
    """A person opens an incident. Its teams are the services' own and `team`. Raises NoService without any of them."""
    affected = list(services)
    teams = {service.team_id for service in affected} | ({team.pk} if team else set())
    if not teams:
        raise NoService
    now = clock.now()
    incident = create(title, severity, began_at=now, now=now, declarer=declarer)
    incident.services.set(affected)
    incident.teams.set(teams)
    say_opened(incident, declarer, affected, {"description": description} if description else {})
    if commander is not None:
        give_role(incident, IncidentRole.COMMANDER, commander, actor=declarer)
        incident.refresh_from_db()
    return incident


def open_by_signal(signal: Signal, rule: IntakeRule, now: dt.datetime) -> Incident:
    """A rule opens an incident for a signal. The caller holds the turnstile, and attaches it."""
    title = _title(signal, rule)
    incident = create(title, rule.severity, began_at=min(signal.began_at, now), now=now, rule=rule)
    incident.services.set([signal.service] if signal.service else [])
    incident.teams.set({rule.team_id, *([signal.service.team_id] if signal.service else [])})
    told = {"rule": rule.name, "because": f"rule “{rule.name}” opens an incident for {signal.name}"}
    say_opened(incident, ledger.SYSTEM, [signal.service] if signal.service else [], told)
    return incident


def retitle(incident: Incident, signal: Signal, rule: IntakeRule) -> None:
    """A deeper failing service names an incident that a rule opened: the first alert is often not the cause."""
    was, incident.title = incident.title, _title(signal, rule).strip()[:LONGEST_TITLE]
    if was == incident.title:
        return
    incident.save(update_fields=["title"])
    fields = {"was": was, "title": incident.title, "because": f"{signal.name} fires deeper, on {signal.service}"}
    ledger.record(incident.stream, "incident.retitled", ledger.SYSTEM, fields)


def create(
    title: str,
    severity: str,
    *,
    began_at: dt.datetime,
    now: dt.datetime,
    rule: IntakeRule | None = None,
    declarer: User | None = None,
) -> Incident:
    """A new incident with its number and its stream, not yet said to anybody. Raises IncidentError."""
    if severity not in Severity.values:
        raise IncidentError(f"Severity {severity!r} is unknown; it is one of {', '.join(Severity.values)}.")
    incident = Incident.objects.create(
        number=next_number(),
        title=title.strip()[:LONGEST_TITLE],
        severity=severity,
        phase_since=now,
        began_at=began_at,
        declared_at=now,
        next_update_due=now + UPDATE_EVERY[severity] if severity in UPDATE_EVERY else None,
        rule=rule,
        declarer=declarer,
    )
    ledger.open_stream(incident.stream)
    return incident


def say_opened(incident: Incident, actor: Actor, services: Iterable[Service], more: dict[str, str]) -> None:
    """Record that it is open. more: further fields."""
    fields = {
        "label": incident.label,
        "title": incident.title,
        "severity": incident.severity,
        "services": [service.slug for service in services],
        "began_at": incident.began_at.isoformat(),
        **more,
    }
    ledger.record(incident.stream, "incident.opened", actor, fields)


def _title(signal: Signal, rule: IntakeRule) -> str:
    fallback = signal.summary or signal.name
    if not rule.title:
        return fallback
    try:
        return str(render(rule.title, signal_values(signal))).strip() or fallback
    except ExpressionError as error:
        log.warning("Title of rule %s: %s", rule.name, error)
        return fallback
