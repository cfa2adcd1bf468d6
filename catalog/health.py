"""Reads of health: what Muster's own probes say of services."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from catalog.models import Probe, Service
from catalog.states import Health

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
            return "No probe is asked."
        if self.health == Health.UNKNOWN:
            return "Not checked yet."
        word = "probe is" if self.red == 1 else "probes are"
        return f"{self.health.label}: {self.red} of {self.asked} {word} red."


def health_of(services: Iterable[Service]) -> Overall:
    """What the probes of `services` say together: red when one is red, green when all that are asked are green."""
    probes = list(probes_of(services))
    asked = [probe for probe in probes if probe.health != Health.PAUSED]
    red = sum(probe.health == Health.RED for probe in asked)
    all_green = bool(asked) and all(probe.health == Health.GREEN for probe in asked)
    health = Health.RED if red else Health.GREEN if all_green else Health.UNKNOWN
    return Overall(health, red, len(asked), probes)


def probes_of(services: Iterable[Service]) -> QuerySet[Probe]:
    """The probes of `services`, the most important service first."""
    keys = services.values("pk") if isinstance(services, QuerySet) else [service.pk for service in services]
    return Probe.objects.filter(service__in=keys).select_related("service")


def red_probes(services: Iterable[Service]) -> list[Probe]:
    """The probes of `services` that are failing now."""
    return list(probes_of(services).filter(health=Health.RED))


def due_probes(now: dt.datetime) -> list[str]:
    """Ids of the probes that are due, the longest overdue first; for the sweep."""
    due = Probe.objects.filter(due_at__lte=now).exclude(health=Health.PAUSED).order_by("due_at")
    return [str(pk) for pk in due.values_list("pk", flat=True)[:MOST_DUE]]
