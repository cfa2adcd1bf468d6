"""What a decision or a watch of a run sees of the alerts of its incident."""

from collections.abc import Mapping
from typing import Any

from incidents.models import Signal
from incidents.selectors.incidents import PREFIX
from runbooks.engine.values import Question, Seen


def signal_seen(config: Mapping[str, Any], question: Question) -> Seen:
    """The newest firing of a named alert (`signal`), of one service if `service` says so: its state and labels.

    Its age counts from when it was heard last: a firing alert that nobody repeats grows old like one that ended."""
    name, service = str(config.get("signal", "")), str(config.get("service", ""))
    found = Signal.objects.filter(incident__uid=question.stream.removeprefix(PREFIX), name=name)
    if service:
        found = found.filter(service__slug=service)
    signal = found.order_by("-began_at", "-pk").first()
    if signal is None:
        where = f" on {service}" if service else ""
        return Seen(error=f"no alert {name}{where} has reached this incident.")
    value = {
        "state": signal.state,
        "firing": signal.state == "firing",
        "summary": signal.summary,
        "labels": signal.labels,
        "began_s": (question.now - signal.began_at).total_seconds(),
    }
    return Seen(value, max((question.now - signal.last_heard_at).total_seconds(), 0.0))
