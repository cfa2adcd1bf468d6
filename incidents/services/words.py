"""What people write down in an incident. The ledger is where it is kept; there is no other copy."""

import datetime as dt

from audit import ledger
from audit.canonical import Json
from audit.entries import stamp, whole_milliseconds
from audit.ledger import Recorded
from audit.selectors import entry
from catalog.models import User
from incidents.errors import IncidentError, NoSuchEntry
from incidents.models import LONGEST_TEXT, Incident
from incidents.services.locking import locked
from incidents.states import Source
from incidents.timeline import CORRECTABLE
from plumbing import clock
from plumbing.database import atomic
from plumbing.errors import BadField

FURTHEST_UPDATE = dt.timedelta(days=7)
FURTHEST_BACK = dt.timedelta(days=366)  # what is written down later than that is a mistake of the year


@atomic()
def add_note(incident: Incident, text: str, *, actor: User) -> Recorded:
    """Somebody's words in the timeline. Raises IncidentError when empty or too long, IncidentClosed."""
    incident = locked(incident)
    return ledger.record(incident.stream, "note.added", actor, {"text": said(text)})


@atomic()
def add_decision(incident: Incident, text: str, *, actor: User) -> Recorded:
    """What was decided, and why, in one's own words. Raises as add_note does."""
    incident = locked(incident)
    fields = {"text": said(text)}
    return ledger.record(incident.stream, "decision.noted", actor, fields)


@atomic()
def add_earlier(
    incident: Incident, text: str, *, occurred_at: dt.datetime, source: str, is_decision: bool = False, actor: User
) -> Recorded:
    """What happened earlier and is written down only now, from paper, a chat or a call. The entry carries both times.

    Raises BadField for a moment that isn't past or lies more than a year back, and for a source that isn't one of
    Source; else as add_note does."""
    incident = locked(incident)
    now = clock.now()
    if not now - FURTHEST_BACK <= occurred_at <= now:
        raise BadField("occurred_at", "Give a moment that is past, and not more than a year ago.")
    if source not in Source.values:
        raise BadField("source", f"Say where it stood: {', '.join(Source.values)}.")
    fields: dict[str, Json] = {
        "text": said(text),
        "occurred_at": stamp(whole_milliseconds(occurred_at)),
        "source": source,
    }
    return ledger.record(incident.stream, "decision.noted" if is_decision else "note.added", actor, fields)


@atomic()
def correct(incident: Incident, seq: int, text: str, *, actor: User) -> Recorded:
    """Say that an entry was wrong and what is right; the wrong one stays readable. Raises NoSuchEntry."""
    incident = locked(incident)
    words_of(incident, seq)
    return ledger.record(incident.stream, "entry.corrected", actor, {"corrects": seq, "text": said(text)})


def words_of(incident: Incident, seq: int) -> str:
    """What somebody wrote at this entry; empty when it was erased. Raises NoSuchEntry for one that nobody wrote."""
    found = entry(incident.stream, seq)
    if found is None or found.kind not in CORRECTABLE:
        raise NoSuchEntry(seq)
    return str(found.fields.get("text", ""))


@atomic()
def post_update(incident: Incident, text: str, *, next_due: dt.datetime | None, actor: User) -> Recorded:
    """A status update, and when the next one is due (None: no more is owed). Raises as add_note does."""
    incident = locked(incident)
    words = said(text)
    incident.next_update_due = _due(next_due)
    incident.save(update_fields=["next_update_due"])
    return ledger.record(incident.stream, "update.posted", actor, {"text": words, "next_due": _stamp(next_due)})


@atomic()
def set_next_update(incident: Incident, due: dt.datetime | None, *, actor: User) -> Recorded:
    """When the next status update is due; None: no more is owed. Raises IncidentError for a moment gone by."""
    incident = locked(incident)
    incident.next_update_due = _due(due)
    incident.save(update_fields=["next_update_due"])
    return ledger.record(incident.stream, "update.due_set", actor, {"due": _stamp(due)})


def said(text: str) -> str:
    """The words without blanks around them. Raises IncidentError when nothing is left, or far too much."""
    found = text.replace("\r\n", "\n").strip()
    if not found:
        raise IncidentError("There is no text. Write what happened, in a sentence.")
    if len(found) > LONGEST_TEXT:
        raise IncidentError(f"The text has {len(found)} characters; at most {LONGEST_TEXT} fit.")
    return found


def _due(due: dt.datetime | None) -> dt.datetime | None:
    now = clock.now()
    if due is not None and not now < due <= now + FURTHEST_UPDATE:
        raise IncidentError("The next update must be due within the coming 7 days.")
    return due


def _stamp(due: dt.datetime | None) -> str | None:
    return due.astimezone(dt.UTC).isoformat(timespec="seconds") if due else None
