"""Reads of health: what Muster's own probes say of services."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from catalog.models import Probe, Service
from catalog.states import Health

SPARK_WIDTH, SPARK_HEIGHT, SPARK_MARGIN = 58, 18, 2
MOST_DUE = 200  # probes of one pass of the sweep


@dataclass(frozen=True, slots=True)
class Overall:
    """Health of several services as one fact. Paused probes count neither way."""

    health: Health
    red: int
    asked: int  # probes that are not paused
    probes: list[Probe]

    def sentence(self) -> str:
        """Failing: 3 of 5 probes are red."""
        if not self.asked:
            return "All probes are paused." if self.probes else "No probe watches it."
        if self.health == Health.UNKNOWN:
            return "Not checked yet."
        probes, are = ("probe" if self.asked == 1 else "probes"), ("is" if self.red == 1 else "are")
        return f"{self.health.label}: {self.red} of {self.asked} {probes} {are} red."


def health_of(services: Iterable[Service]) -> Overall:
    """What the probes of `services` say together: red when one is red, green when all that are asked are green.

    Paused when there are probes, but none is asked; unknown when there is none.
    """
    probes = list(probes_of(services))
    asked = [probe for probe in probes if probe.health != Health.PAUSED]
    red = sum(probe.health == Health.RED for probe in asked)
    return Overall(_together(probes, asked), red, len(asked), probes)


def _together(probes: list[Probe], asked: list[Probe]) -> Health:
    colours = {Health(probe.health) for probe in asked}
    if Health.RED in colours:
        return Health.RED
    if colours == {Health.GREEN}:
        return Health.GREEN
    return Health.PAUSED if probes and not asked else Health.UNKNOWN


def probes_of(services: Iterable[Service]) -> QuerySet[Probe]:
    """The probes of `services`, the most important service first."""
    probes = Probe.objects.select_related("service")
    if isinstance(services, QuerySet):
        return probes.filter(service__in=services.values("pk"))
    return probes.filter(service__in=[service.pk for service in services])


def red_probes(services: Iterable[Service]) -> list[Probe]:
    """The probes of `services` that are failing now."""
    return list(probes_of(services).filter(health=Health.RED))


def due_probes(now: dt.datetime) -> list[str]:
    """Ids of the probes that are due, the longest overdue first; for the sweep."""
    due = Probe.objects.filter(due_at__lte=now).exclude(health=Health.PAUSED).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:MOST_DUE]]


def sparkline(probe: Probe) -> str:
    """Points of an SVG polyline in 58 x 18: the latest answers, oldest first. A failure stands at the probe's timeout.

    Fewer than two answers draw nothing: "".
    """
    values = [latency_ms if ok else probe.timeout_s * 1000 for _, ok, latency_ms in probe.recent]
    if len(values) < 2:
        return ""
    low, span = min(values), (max(values) - min(values)) or 1
    step, room = SPARK_WIDTH / (len(values) - 1), SPARK_HEIGHT - 2 * SPARK_MARGIN
    heights = [SPARK_HEIGHT - SPARK_MARGIN - (value - low) / span * room for value in values]
    return " ".join(f"{place * step:.1f},{height:.1f}" for place, height in enumerate(heights))
