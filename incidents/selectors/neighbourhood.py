"""What correlation has to know: how services hang together, and who belongs to the incidents that are not closed."""

import datetime as dt
from collections.abc import Sequence

from django.db.models import Q

from catalog.models import Dependency
from incidents.correlation import Components, Member, Place, components
from incidents.models import Incident, Signal
from incidents.states import BURNING, OPEN, SignalState

AROUND = dt.timedelta(hours=1)  # how far from a new signal's beginning homeless ones are looked for
LIVE_VERBS = ("open", "join")

TeamMembers = tuple[frozenset[int], Member]  # teams that see the incident, one of its signals


def neighbourhood() -> Components:
    """The connected parts of the whole dependency graph, by service id. One query."""
    return components(Dependency.objects.values_list("consumer_id", "provider_id"))


def place_of(signal: Signal) -> Place:
    """Where a signal fails."""
    return Place(signal.service_id, "" if signal.service_id else signal.name)


def members_near(signals: Sequence[Signal]) -> list[TeamMembers]:
    """The members of incidents that one of `signals` could join by time, or because they still burn. Three queries."""
    reach = max((row.rule.join_within_s for row in signals if row.rule), default=0)
    first, last = min(row.began_at for row in signals), max(row.began_at for row in signals)
    margin = dt.timedelta(seconds=reach)
    rows = Signal.objects.filter(incident__phase__in=OPEN).filter(
        Q(began_at__range=(first - margin, last + margin)) | Q(state=SignalState.FIRING)
    )
    found = [
        (row.incident_id, Member(row.incident_id, place_of(row), row.began_at, _burns(row)))
        for row in rows.select_related("incident").order_by("pk")
        if row.incident_id is not None
    ] + _declared()
    teams = _teams({incident for incident, _ in found})
    return [(teams[incident], member) for incident, member in found]


def _burns(row: Signal) -> bool:
    return row.state == SignalState.FIRING and row.incident is not None and row.incident.phase in BURNING


def _declared() -> list[tuple[int, Member]]:
    """Services of incidents that people declared and no signal has joined yet."""
    rows = Incident.objects.filter(phase__in=BURNING, signals=None, services__isnull=False)
    return [
        (incident, Member(incident, Place(service), began_at, keeps_open=True))
        for incident, service, began_at in rows.values_list("pk", "services", "began_at")
    ]


def _teams(incidents: set[int]) -> dict[int, frozenset[int]]:
    found: dict[int, set[int]] = {incident: set() for incident in incidents}
    links = Incident.teams.through.objects.filter(incident__in=incidents)
    for incident, team in links.values_list("incident_id", "team_id"):
        found[incident].add(team)
    return {incident: frozenset(teams) for incident, teams in found.items()}


def homeless_around(signals: Sequence[Signal]) -> list[Signal]:
    """Earlier signals of live rules without an incident, that began within an hour of one of these."""
    first, last = min(row.began_at for row in signals), max(row.began_at for row in signals)
    rows = Signal.objects.filter(
        incident=None, rule__verb__in=LIVE_VERBS, began_at__range=(first - AROUND, last + AROUND)
    ).exclude(pk__in=[row.pk for row in signals])
    return list(rows.select_related("rule", "service")[:1_000])
