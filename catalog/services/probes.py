"""Asks the probes: claims what is due, asks outside any transaction, keeps the answer, tells when a colour changed."""

import datetime as dt

from audit import ledger
from audit.canonical import Json
from catalog.errors import IllegalHealthMove, ProbeNotMade
from catalog.models import Probe, Service
from catalog.services.imports import CATALOG
from catalog.signals import health_changed
from catalog.states import HEALTH_MOVES, Health, ProbeKind, health_after
from plumbing import clock, doorbell, probing
from plumbing.database import atomic

RECENT = 60  # answers kept for the sparkline
LONGEST_DETAIL = 300
CONFIRM_WITHIN = dt.timedelta(seconds=5)  # a green probe that failed once is asked again this soon
LONGEST_INTERVAL_S, LONGEST_TIMEOUT_S = 86_400, 60


@atomic()
def make_probe(
    service: Service,
    name: str,
    target: str,
    *,
    kind: ProbeKind = ProbeKind.HTTP,
    expect_status: str = "2xx",
    interval_s: int = 10,
    timeout_s: int = 3,
    paused: bool = False,
    actor: ledger.Actor = ledger.SYSTEM,
) -> Probe:
    """A probe of `service`, asked at once unless `paused`. Raises ProbeNotMade."""
    if not 1 <= interval_s <= LONGEST_INTERVAL_S or not 1 <= timeout_s <= LONGEST_TIMEOUT_S:
        raise ProbeNotMade(f"interval 1 to {LONGEST_INTERVAL_S} s and timeout 1 to {LONGEST_TIMEOUT_S} s are possible")
    if service.probes.filter(name=name).exists():
        raise ProbeNotMade(f"{service} has a probe named '{name}' already")
    probe = Probe.objects.create(
        service=service,
        name=name,
        kind=ProbeKind(kind),
        target=target,
        expect_status=expect_status,
        interval_s=interval_s,
        timeout_s=timeout_s,
        health=Health.PAUSED if paused else Health.UNKNOWN,
        health_since=clock.now(),
        due_at=clock.now(),
    )
    ledger.record(CATALOG, "probe.made", actor, {**_named(probe), "target": target, "interval_s": interval_s})
    _ring(probe)
    return probe


@atomic()
def pause(probe: Probe, actor: ledger.Actor) -> Probe:
    """Stop asking; its service's health doesn't count it. Raises IllegalHealthMove when it is paused already."""
    return _switch(probe, Health.PAUSED, "probe.paused", actor)


@atomic()
def resume(probe: Probe, actor: ledger.Actor) -> Probe:
    """Ask again, from now on, as if it had never been asked. Raises IllegalHealthMove when it isn't paused."""
    return _switch(probe, Health.UNKNOWN, "probe.resumed", actor)


@atomic()
def switch_probes(service: Service, *, paused: bool, actor: ledger.Actor) -> int:
    """Pause or resume all probes of a service. Returns how many changed."""
    wanted = [probe for probe in service.probes.all() if (probe.health == Health.PAUSED) != paused]
    for probe in wanted:
        (pause if paused else resume)(probe, actor)
    return len(wanted)


def _switch(probe: Probe, target: Health, kind: str, actor: ledger.Actor) -> Probe:
    probe = Probe.objects.select_for_update(of=("self",)).select_related("service").get(pk=probe.pk)
    was, now = Health(probe.health), clock.now()
    _move(probe, target, now)
    probe.recent, probe.detail, probe.due_at = [], "", now
    probe.save(update_fields=["health", "health_since", "recent", "detail", "due_at"])
    ledger.record(CATALOG, kind, actor, _named(probe))
    health_changed.send(Probe, probe=probe, was=was, now=target)
    _ring(probe)
    return probe


def check_probe(probe_id: int | str) -> None:
    """Ask one probe if it is due. Safe to call twice, late, or for a probe that is gone: the database decides."""
    probe = claim(int(probe_id))
    if probe is None:
        return
    expected, limit = probe.expect_status, probe.timeout_s
    answer = probing.check(probe.kind, probe.target, expect_status=expected, timeout_s=limit)
    keep_answer(probe, answer)


@atomic()
def claim(probe_id: int) -> Probe | None:
    """The probe, if it is due and nobody asks it now. If its asker dies, it is due again after interval + timeout."""
    now = clock.now()
    probe = Probe.objects.filter(pk=probe_id, due_at__lte=now).exclude(health=Health.PAUSED).first()
    if probe is None:
        return None
    again_at = now + dt.timedelta(seconds=probe.interval_s + probe.timeout_s)
    mine = Probe.objects.filter(pk=probe_id, due_at=probe.due_at).update(due_at=again_at, checked_at=now)
    probe.due_at, probe.checked_at = again_at, now
    return probe if mine else None


@atomic()
def keep_answer(claimed: Probe, answer: probing.ProbeAnswer) -> None:
    """Store an answer and the colour that follows. Dropped when the probe was paused, or claimed again, meanwhile."""
    probe = Probe.objects.select_for_update(of=("self",)).select_related("service").filter(pk=claimed.pk).first()
    if probe is None or probe.due_at != claimed.due_at or probe.checked_at is None:
        return
    now, was = clock.now(), Health(probe.health)
    failed_before = bool(probe.recent) and not probe.recent[-1][1]
    colour = health_after(was, answer.ok, failed_before)
    probe.recent = [*probe.recent, [int(now.timestamp()), bool(answer.ok), answer.latency_ms]][-RECENT:]
    probe.detail, probe.latency_ms = answer.detail[:LONGEST_DETAIL], answer.latency_ms
    probe.due_at = max(now, probe.checked_at + _pause_after(probe, answer.ok, colour))
    if colour != was:
        _move(probe, colour, now)
    probe.checked_at = now
    fields = ["recent", "detail", "latency_ms", "due_at", "checked_at", "health", "health_since"]
    probe.save(update_fields=fields)
    if colour != was:
        _tell(probe, was, colour)


def _pause_after(probe: Probe, ok: bool, colour: Health) -> dt.timedelta:
    interval = dt.timedelta(seconds=probe.interval_s)
    in_doubt = not ok and colour == Health.GREEN
    return min(interval, CONFIRM_WITHIN) if in_doubt else interval


def _tell(probe: Probe, was: Health, now: Health) -> None:
    fields: dict[str, Json] = {**_named(probe), "from": was.value, "to": now.value, "detail": probe.detail}
    ledger.record(CATALOG, "probe.changed", ledger.SYSTEM, {**fields, "latency_ms": probe.latency_ms})
    health_changed.send(Probe, probe=probe, was=was, now=now)


def _move(probe: Probe, target: Health, now: dt.datetime) -> None:
    if target not in HEALTH_MOVES[Health(probe.health)]:
        raise IllegalHealthMove(probe.health, target)
    probe.health, probe.health_since = target, now


def _named(probe: Probe) -> dict[str, Json]:
    return {"probe": probe.name, "service": probe.service.slug}


def _ring(probe: Probe) -> None:
    if probe.health != Health.PAUSED:
        doorbell.ring("probe", str(probe.pk))
