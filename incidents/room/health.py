"""What our own probes say, and which signals still fire."""

from collections import Counter

from django.urls import reverse

from catalog.models import Probe
from catalog.states import Health
from incidents.models import Signal
from incidents.room.reader import Reader
from incidents.room_view import HealthRow, spark_points
from incidents.states import SignalState

MOST_SIGNALS = 12
STATES: dict[str, tuple[str, str]] = {
    Health.GREEN: ("done", "healthy"),
    Health.RED: ("failed", "failing"),
    Health.UNKNOWN: ("waiting", "not checked yet"),
}


def health_rows(reader: Reader) -> tuple[HealthRow, ...]:
    """Probes of the affected services, then the signals that fire."""
    firing = reader.incident.signals.filter(state=SignalState.FIRING).select_related("service")[:MOST_SIGNALS]
    probes = reader.health.probes
    asked = Counter(probe.service_id for probe in probes)
    rows = [probe_row(probe, is_alone=asked[probe.service_id] == 1) for probe in probes]
    return (*rows, *(_signal_row(signal) for signal in firing))


def probe_row(probe: Probe, *, is_alone: bool) -> HealthRow:
    """One probe. is_alone: no other asks for its service, so the service's name says it all."""
    state, word = STATES.get(probe.health, ("waiting", str(probe.get_health_display()).lower()))
    return HealthRow(
        key=f"health:p{probe.pk}",
        name=str(probe.service if is_alone else probe),
        state=state,
        word=word,
        value=_value(probe),
        spark=_spark([milliseconds if ok else 0 for _, ok, milliseconds in probe.recent]),
        url=reverse("catalog:service", args=[probe.service.slug]),
    )


def _spark(answers: list[int]) -> str:
    """A line of nothing but failures says no more than the word beside it: none is drawn."""
    return spark_points(answers) if any(answers) else ""


def _value(probe: Probe) -> str:
    if probe.health == Health.GREEN and probe.latency_ms is not None:
        return f"{probe.latency_ms} ms"
    return probe.detail[:40] if probe.health == Health.RED and probe.detail else str(probe.get_health_display()).lower()


def _signal_row(signal: Signal) -> HealthRow:
    name = f"{signal.service}: {signal.name}" if signal.service else signal.name
    url = signal.link if signal.link.startswith(("http://", "https://")) else ""
    return HealthRow(f"health:s{signal.pk}", name, "failed", "firing", "firing", url=url)
