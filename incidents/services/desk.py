"""Where the signals of one post are given their incidents. Lives within one intake transaction."""

import datetime as dt
from collections.abc import Sequence
from datetime import timedelta

from audit import ledger
from audit.canonical import Json
from catalog.graph import deepest
from catalog.models import Service
from incidents.correlation import Joined, Member, Newcomer, choose
from incidents.models import Incident, IntakeRule, Signal
from incidents.selectors.neighbourhood import LIVE_VERBS, homeless_around, members_near, neighbourhood, place_of
from incidents.services.opening import open_by_signal, retitle
from incidents.services.runs import start_by_rule
from incidents.states import BURNING, SignalState

MOST_WALKED = 50  # failing services in one post; beyond that the walk through the graph costs more than it tells
Entries = list[tuple[str, ledger.Actor, dict[str, Json]]]


class Desk:
    """Lets homeless signals join or open incidents, in memory first; `write` stores and records all of it at once."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.opened: list[tuple[Incident, Signal]] = []
        self.attached: list[Signal] = []
        self._members: list[tuple[frozenset[int], Member]] = []
        self._homeless: list[Signal] = []
        self._incidents: dict[int, Incident] = {}
        self._entries: dict[int, Entries] = {}

    def end(self, row: Signal) -> None:
        """A signal of an incident stopped firing."""
        if row.incident_id is not None:
            self._entries.setdefault(row.incident_id, []).append(("signal.ended", ledger.SYSTEM, told(row)))

    def place(self, rows: Sequence[Signal], firing: set[int]) -> None:
        """Give each homeless row its incident, if it has one. firing: ids of rows that may open one."""
        homeless = [row for row in rows if row.incident_id is None and row.rule and row.rule.verb in LIVE_VERBS]
        if not homeless:
            return
        self._parts, self._members = neighbourhood(), members_near(homeless)
        self._homeless = homeless_around(homeless)
        for row in deepest_first(homeless):
            if row.incident_id is None and not self._seat(row, row.rule, may_open=row.pk in firing):
                self._homeless.append(row)

    def write(self) -> None:
        """Store who joined what, record it, and start what the rules name. Streams in ascending order: no deadlock."""
        Signal.objects.bulk_update(self.attached, ["incident"], batch_size=400)
        for pk in sorted(self._incidents):
            self._widen(self._incidents[pk])
        streams = {incident.pk: incident.stream for incident in self._incidents.values()}
        strangers = Incident.objects.in_bulk(self._entries.keys() - streams.keys())
        streams.update({pk: incident.stream for pk, incident in strangers.items()})
        for pk in sorted(self._entries):
            ledger.record_many(streams[pk], self._entries[pk])
        for incident in self._incidents.values():
            self._name(incident)
            self._start(incident)

    def _name(self, incident: Incident) -> None:
        """A newcomer that fails deeper than all who were there names the incident, unless a person declared it."""
        if incident.declarer_id is not None or incident.phase not in BURNING:
            return
        firing = Signal.objects.filter(incident=incident, state=SignalState.FIRING, service__isnull=False)
        rows = list(firing.select_related("service")[: MOST_WALKED + 1])
        new = {row.pk for row in self.attached}
        if len(rows) > MOST_WALKED or all(row.pk in new for row in rows):
            return  # the opener of this very post was chosen by depth already
        roots = {service.pk for service in deepest([row.service for row in rows if row.service])}
        if any(row.service_id in roots for row in rows if row.pk not in new):
            return
        deeper = next(
            (row for row in self.attached if row.incident_id == incident.pk and row.service_id in roots), None
        )
        if deeper is not None and deeper.rule is not None and deeper.rule.verb == "open":
            retitle(incident, deeper, deeper.rule)

    def _start(self, incident: Incident) -> None:
        """The first signal whose rule names a runbook starts it, opener or not: the first alert is often not the cause.

        One run is started so; the next is a person's decision."""
        named = (row for row in self.attached if row.incident_id == incident.pk and row.rule and row.rule.runbook)
        row = next(named, None)
        if row is None or row.rule is None or incident.phase not in BURNING or incident.incident_runs.exists():
            return
        if row.state == SignalState.FIRING or incident.pk in {opened.pk for opened, _ in self.opened}:
            start_by_rule(incident, row.rule, row)

    def _seat(self, row: Signal, rule: IntakeRule | None, *, may_open: bool) -> bool:
        if rule is None:
            return False
        if joined := self._choose(row, rule, self.now if row.state == SignalState.FIRING else None):
            self._attach(row, rule, self._incident(joined.incident), joined.because)
        elif may_open and rule.verb == "open":
            incident = open_by_signal(row, rule, self.now)
            self._incidents[incident.pk] = incident
            self.opened.append((incident, row))
            self._attach(row, rule, incident, "it opened the incident")
        else:
            return False
        self._adopt()
        return True

    def _adopt(self) -> None:
        """What was heard earlier and belonged nowhere joins as soon as something within its reach has a home."""
        for row in list(self._homeless):
            if row.rule is not None and (joined := self._choose(row, row.rule, None)):
                self._homeless.remove(row)
                self._attach(row, row.rule, self._incident(joined.incident), joined.because)
                return self._adopt()
        return None

    def _choose(self, row: Signal, rule: IntakeRule, now: dt.datetime | None) -> Joined | None:
        newcomer = Newcomer(place_of(row), row.began_at, timedelta(seconds=rule.join_within_s))
        members = (member for teams, member in self._members if rule.team_id in teams)
        return choose(newcomer, members, self._parts, now)

    def _attach(self, row: Signal, rule: IntakeRule, incident: Incident, because: str) -> None:
        row.incident = incident
        self.attached.append(row)
        burns = row.state == SignalState.FIRING and incident.phase in BURNING
        team = frozenset({rule.team_id})
        self._members.append((team, Member(incident.pk, place_of(row), row.began_at, burns)))
        entry = ("signal.joined", ledger.SYSTEM, {**told(row), "because": because})
        self._entries.setdefault(incident.pk, []).append(entry)

    def _incident(self, pk: int) -> Incident:
        """Under lock, as whoever writes to an incident has it before its stream."""
        if pk not in self._incidents:
            found = Incident.objects.select_related("rule__runbook").select_for_update(of=("self",))
            self._incidents[pk] = found.get(pk=pk)
        return self._incidents[pk]

    def _widen(self, incident: Incident) -> None:
        """An incident names every service that its signals name, is seen by their teams, and began with the first."""
        services = [row.service for row in self.attached if row.incident_id == incident.pk and row.service]
        incident.services.add(*services)
        incident.teams.add(*{service.team_id for service in services})
        began = min([incident.began_at, *(row.began_at for row in self.attached if row.incident_id == incident.pk)])
        if began != incident.began_at:
            incident.began_at = began
            incident.save(update_fields=["began_at"])


def deepest_first(rows: Sequence[Signal]) -> list[Signal]:
    """Those first whose service needs none of the other failing ones: the first alert is often not the cause."""
    services: dict[int, Service] = {row.service.pk: row.service for row in rows if row.service}
    roots = {service.pk for service in deepest(services.values())} if len(services) <= MOST_WALKED else set()
    return sorted(rows, key=lambda row: (row.state != SignalState.FIRING, row.service_id not in roots, row.began_at))


def told(row: Signal) -> dict[str, Json]:
    """What the ledger says about a signal."""
    return {
        "signal": row.pk,
        "name": row.name,
        "summary": row.summary,
        "service": row.service.slug if row.service else "",
        "state": str(row.state),
        "fingerprint": row.fingerprint,
        "source": row.source.name,
        "began_at": row.began_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }
