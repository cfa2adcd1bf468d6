"""Alertmanager's webhook, version 4: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config

One post can mix firing and resolved alerts, repeat old ones, and come again after an error. Identity of a firing is
`fingerprint` and `startsAt`. Unknown keys are let pass: newer versions add some.
"""

import datetime as dt
from typing import Any

from incidents.errors import BadPost
from incidents.intake.base import LONGEST_NAME, MOST_ALERTS, Observation, kind_of, moment, taken, text, words
from incidents.states import SignalState

VERSION = "4"
LONGEST_FINGERPRINT = 128
LONGEST_LINK = 1_000
SUMMARY = 500
SERVICE_LABELS = ("service", "component", "app", "job")  # the first that is there names the service
NO_END = "0001-01-01"  # Go's zero time


def parse(post: Any, received: dt.datetime) -> list[Observation]:
    """What a post tells, in its order. Raises BadPost with the path of the first wrong value."""
    taken(post, "body", dict, "an object")
    if post.get("version", VERSION) != VERSION:
        raise BadPost("version", repr(post["version"])[:40], f'"{VERSION}", Alertmanager\'s webhook format')
    if "alerts" not in post:
        raise BadPost("alerts", "nothing", "a list of alerts")
    alerts: list[Any] = taken(post["alerts"], "alerts", list, "a list of alerts")
    if len(alerts) > MOST_ALERTS:
        raise BadPost("alerts", f"{len(alerts)} alerts", f"at most {MOST_ALERTS}: set max_alerts")
    return [_alert(alert, f"alerts[{place}]", received) for place, alert in enumerate(alerts)]


def _alert(alert: Any, where: str, received: dt.datetime) -> Observation:
    taken(alert, where, dict, "an object")
    labels = words(alert.get("labels"), f"{where}.labels")
    annotations = words(alert.get("annotations"), f"{where}.annotations")
    name = labels.get("alertname", "").strip()
    if not name:
        raise BadPost(f"{where}.labels.alertname", "nothing", "the alert's name")
    state = _state(alert.get("status"), f"{where}.status")
    began_at = moment(alert.get("startsAt"), f"{where}.startsAt")
    return Observation(
        fingerprint=text(
            alert.get("fingerprint"), f"{where}.fingerprint", longest=LONGEST_FINGERPRINT, required=True
        ).strip(),
        name=name[:LONGEST_NAME],
        state=state,
        began_at=began_at,
        ended_at=_end(alert.get("endsAt"), f"{where}.endsAt", received) if state == SignalState.RESOLVED else None,
        summary=(annotations.get("summary") or annotations.get("description") or name)[:SUMMARY],
        labels=labels,
        annotations=annotations,
        link=text(alert.get("generatorURL"), f"{where}.generatorURL")[:LONGEST_LINK],
        service=next((labels[label] for label in SERVICE_LABELS if labels.get(label)), ""),
    )


def _state(value: Any, where: str) -> SignalState:
    if value not in SignalState.values:
        raise BadPost(where, repr(value)[:40] if isinstance(value, str) else kind_of(value), '"firing" or "resolved"')
    return SignalState(value)


def _end(value: Any, where: str, received: dt.datetime) -> dt.datetime:
    """When it ended; when we heard so, for a resolved alert that doesn't say."""
    if value is None or text(value, where).startswith(NO_END):
        return received
    return moment(value, where)
