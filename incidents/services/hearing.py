"""From observations to rows: one row per firing of an alert, however often, late or out of order it is told."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from catalog.models import Service
from incidents.intake.base import Observation
from incidents.models import IntakeRule, Signal, SignalSource
from incidents.states import SignalState

TOLD = ("state", "ended_at", "began_at", "last_heard_at", "heard")  # what a later post can change
AT_ONCE = 400  # SQLite bounds the parameters of one query


@dataclass
class Heard:
    """What a post changed: rows in the order in which they began.

    firing: those that the post called firing, which may open an incident. ended: those that it ended."""

    rows: list[Signal] = field(default_factory=list)
    new: list[Signal] = field(default_factory=list)
    firing: list[Signal] = field(default_factory=list)
    ended: list[Signal] = field(default_factory=list)


def hear(source: SignalSource, observations: Sequence[Observation], now: dt.datetime) -> Heard:
    """Store what a post tells. In the caller's transaction, who holds the turnstile."""
    known = _known(source, {observation.fingerprint for observation in observations})
    services = _services({observation.service for observation in observations})
    rules = list(IntakeRule.objects.select_related("team", "runbook"))
    heard, touched = Heard(), dict[int, Signal]()
    for observation in observations:
        row = _same_firing(known[observation.fingerprint], observation)
        if row is None:
            row = _new(source, observation, services, rules, now)
            known[observation.fingerprint].append(row)
            heard.new.append(row)
        elif _tell(row, observation, now):
            heard.ended.append(row)
        touched[id(row)] = row
        if observation.state == SignalState.FIRING and row not in heard.firing:
            heard.firing.append(row)
    heard.rows = sorted(touched.values(), key=lambda row: row.began_at)
    Signal.objects.bulk_create(heard.new, batch_size=AT_ONCE)
    Signal.objects.bulk_update([row for row in heard.rows if row not in heard.new], TOLD, batch_size=AT_ONCE)
    return heard


def first_rule(rules: Iterable[IntakeRule], observation: Observation) -> IntakeRule | None:
    """The first rule, by position, whose labels equal the alert's. `alertname` and `service` can always be named."""
    labels = {"alertname": observation.name, "service": observation.service, **observation.labels}
    for rule in rules:
        if all(labels.get(name) == value for name, value in rule.matches.items()):
            return rule
    return None


def _known(source: SignalSource, fingerprints: set[str]) -> defaultdict[str, list[Signal]]:
    found: defaultdict[str, list[Signal]] = defaultdict(list)
    wanted = sorted(fingerprints)
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        rows = Signal.objects.filter(source=source, fingerprint__in=some)
        for row in rows.select_related("rule__team", "rule__runbook", "service").order_by("began_at"):
            found[row.fingerprint].append(row)
    return found


def _services(slugs: set[str]) -> dict[str, Service]:
    wanted, found = sorted(slugs - {""}), dict[str, Service]()
    for start in range(0, len(wanted), AT_ONCE):
        found.update(Service.objects.in_bulk(wanted[start : start + AT_ONCE], field_name="slug"))
    return found


def _same_firing(rows: list[Signal], told: Observation) -> Signal | None:
    """The row of the firing that an observation is about, among those with its fingerprint, oldest first."""
    if told.began_is_known:
        return next((row for row in rows if row.began_at == told.began_at), None)
    if told.state == SignalState.RESOLVED:
        before = [row for row in rows if row.began_at <= told.began_at]
        return next((row for row in reversed(before) if row.state == SignalState.FIRING), None) or (
            before[-1] if before else None
        )
    for row in reversed(rows):  # a trigger: of the firing that goes on, or of one whose end came first
        if row.ended_at is None and row.began_at <= told.began_at:
            return row
        if row.ended_at is None or told.began_at <= row.ended_at:
            return row
    return None


def _new(
    source: SignalSource,
    told: Observation,
    services: dict[str, Service],
    rules: list[IntakeRule],
    now: dt.datetime,
) -> Signal:
    return Signal(
        source=source,
        fingerprint=told.fingerprint,
        began_at=told.began_at,
        ended_at=told.ended_at,
        state=told.state,
        name=told.name,
        summary=told.summary,
        labels=dict(told.labels),
        annotations=dict(told.annotations),
        link=told.link,
        service=services.get(told.service),
        rule=first_rule(rules, told),
        first_heard_at=now,
        last_heard_at=now,
    )


def _tell(row: Signal, told: Observation, now: dt.datetime) -> bool:
    """Take in what a further post says about a firing that is known. True when it ended it. An end is final."""
    row.heard += 1
    row.last_heard_at = max(now, row.last_heard_at)
    if not told.began_is_known and told.state == SignalState.FIRING:
        row.began_at = min(row.began_at, told.began_at)  # its end came first, and knew no beginning
    if told.state != SignalState.RESOLVED or row.state == SignalState.RESOLVED:
        return False
    row.state, row.ended_at = SignalState.RESOLVED, told.ended_at
    return True
