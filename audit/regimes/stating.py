"""A person states when something happened: awareness, recovery, a report that was sent outside of Muster."""

import datetime as dt
from dataclasses import dataclass

from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from audit.ledger import Actor, Recorded
from audit.models import LegalEntity, Stream
from audit.regimes import rules
from audit.regimes.events import STATED, is_event
from audit.regimes.keeping import refresh
from audit.regimes.sheets import AHEAD, LONGEST_REASON
from plumbing.database import atomic
from plumbing.errors import BadField


@dataclass(frozen=True, slots=True)
class Statement:
    """What happened when. regime and entity: "" where it holds for all. supports: seqs of entries that bear it out."""

    event: str
    at: dt.datetime
    note: str = ""
    regime: str = ""
    entity: str = ""
    supports: tuple[int, ...] = ()


@atomic()
def state(stream: str, said: Statement, *, actor: Actor, now: dt.datetime) -> Recorded:
    """Record it, and bring the clocks up to it. A later statement of the same event takes the place of the earlier.

    Raises BadField, NoSuchRule."""
    ledger.hold(stream)
    regime = rules.regime_of(said.regime) if said.regime else None
    if not is_event(said.event, regime):
        raise BadField("event", "Choose what happened; that a report was submitted needs its regime.")
    if said.at > now + AHEAD:
        raise BadField("at", "A time that has passed is expected.")
    if len(said.note) > LONGEST_REASON:
        raise BadField("note", f"At most {LONGEST_REASON} characters.")
    if said.entity and not LegalEntity.objects.filter(uid=said.entity).exists():
        raise BadField("entity", "There is no such entity.")
    reached = Stream.objects.get(uid=stream).size - 1
    if any(seq < 0 or seq > reached for seq in said.supports):
        raise BadField("supports", f"An entry that supports it must be one of 0 to {reached} of this stream.")
    fields: dict[str, Json] = {
        "event": said.event, "at": stamp(said.at), "note": said.note.strip(), "regime": said.regime,
        "entity": said.entity, "supports": list(said.supports),
    }  # fmt: skip
    written = ledger.record(stream, STATED, actor, fields)
    refresh(stream, now=now, actor=actor)
    return written
