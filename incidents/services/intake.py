"""Taking a post in: store its signals, let each join or open its incident, start what the rule names."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from incidents.intake.base import Observation
from incidents.models import SignalSource
from incidents.services.desk import Desk
from incidents.services.hearing import hear
from incidents.services.opening import wait_turn
from plumbing.database import atomic


@dataclass(frozen=True)
class Taken:
    """The receipt of a post: how many alerts it told, and what became of them. opened: labels of new incidents."""

    heard: int
    new: int
    ended: int
    joined: int
    opened: list[str]

    def as_json(self) -> dict[str, object]:
        """The body of the answer."""
        return asdict(self)


def take(source: SignalSource, observations: Sequence[Observation], now: dt.datetime) -> Taken:
    """Take in what a post tells. The same post again changes nothing but how often its signals were heard.

    now: the moment that freshness is judged by. Posts wait for each other, so that two about one fault open one
    incident. A run that can't start is recorded in its incident and never costs the incident."""
    with atomic():
        wait_turn()
        SignalSource.objects.filter(pk=source.pk).update(heard_at=now)
        heard, desk = hear(source, observations, now), Desk(now)
        for row in heard.ended:
            desk.end(row)
        desk.place(heard.rows, {row.pk for row in heard.firing})
        desk.write()
    opened = [incident.label for incident, _ in desk.opened]
    return Taken(len(observations), len(heard.new), len(heard.ended), len(desk.attached), opened)
