"""PagerDuty's Events API v2 (trigger, acknowledge, resolve): what many tools can send to a pager.

An event has no start of its own besides the optional `payload.timestamp`; `dedup_key` ties trigger and resolve.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

from incidents.errors import BadPost
from incidents.intake.base import LONGEST_NAME, Observation, kind_of, moment, taken, text
from incidents.states import SignalState

LONGEST_KEY = 255  # PagerDuty's own limit
LONGEST_FINGERPRINT = 128
SUMMARY = 500
LONGEST_LINK = 1_000
ACTIONS = {"trigger": SignalState.FIRING, "acknowledge": SignalState.FIRING, "resolve": SignalState.RESOLVED}
LABELS = ("source", "component", "class", "group", "severity")


def parse(post: Any, received: dt.datetime) -> list[Observation]:
    """The one event of a post. Raises BadPost with the path of the first wrong value."""
    taken(post, "body", dict, "an object")
    action = post.get("event_action")
    if not isinstance(action, str) or action not in ACTIONS:
        found = repr(action)[:40] if isinstance(action, str) else kind_of(action)
        raise BadPost("event_action", found, '"trigger", "acknowledge" or "resolve"')
    payload = taken(post.get("payload") or {}, "payload", dict, "an object")
    if action == "trigger":
        text(payload.get("summary"), "payload.summary", required=True)
    return [_event(post, payload, ACTIONS[action], received)]


def _event(
    post: Mapping[str, Any], payload: Mapping[str, Any], state: SignalState, received: dt.datetime
) -> Observation:
    key = text(post.get("dedup_key"), "dedup_key", longest=LONGEST_KEY, required=state == SignalState.RESOLVED)
    labels = {name: found for name in LABELS if (found := text(payload.get(name), f"payload.{name}"))}
    summary = text(payload.get("summary"), "payload.summary")
    told = payload.get("timestamp")
    began_at = moment(told, "payload.timestamp") if told and state == SignalState.FIRING else received
    return Observation(
        fingerprint=_fingerprint(key or f"{summary} {sorted(labels.items())}"),
        name=(labels.get("class") or labels.get("component") or summary or key)[:LONGEST_NAME],
        state=state,
        began_at=began_at,
        ended_at=received if state == SignalState.RESOLVED else None,
        summary=summary[:SUMMARY],
        labels=labels,
        annotations={},
        link=text(post.get("client_url"), "client_url")[:LONGEST_LINK],
        service=labels.get("component", ""),
        began_is_known=False,
    )


def _fingerprint(key: str) -> str:
    """A dedup_key as it is, or its SHA-256 where it is longer than we keep."""
    return key if len(key) <= LONGEST_FINGERPRINT else hashlib.sha256(key.encode()).hexdigest()
