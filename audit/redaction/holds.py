"""Legal holds: while one stands, nothing of the stream is erased.

One person sets it; to lift it, one asks and another agrees.
"""

from collections.abc import Mapping

from audit import ledger
from audit.canonical import Json
from audit.ledger import Actor
from audit.models import Hold, HoldState, Stream
from audit.redaction.errors import BadRequest, OnHold, SamePerson
from audit.redaction.moving import move, reasoned
from plumbing import clock
from plumbing.database import atomic

LOG = "portal"  # not the stream itself: that there is an inquiry is nothing for its readers
LONGEST_MATTER = 120


def standing(stream_uid: str) -> list[Hold]:
    """The holds that keep a stream now, the oldest first."""
    found = Hold.objects.filter(stream__uid=stream_uid).exclude(state=HoldState.LIFTED).select_related("stream")
    return list(found.order_by("set_at", "pk"))


def check_no_hold(stream_uid: str) -> None:
    """Raises OnHold, with the name of the matter, while a hold stands."""
    if held := standing(stream_uid):
        raise OnHold(sentence(held[0]))


def sentence(hold: Hold) -> str:
    """Why nothing is erased."""
    return f"{hold.stream.uid} is on hold for “{hold.matter}” since {hold.set_at:%-d %B %Y}: nothing of it is erased."


@atomic()
def set_hold(stream: Stream, *, matter: str, reason: str, actor: Actor) -> Hold:
    """Keep everything of a stream from now on. Raises BadRequest, ReasonMissing."""
    ledger.hold(LOG)  # before the row: two that set the same hold wait for each other, and the second is told
    matter = " ".join(matter.split())
    if not matter or len(matter) > LONGEST_MATTER:
        raise BadRequest(f"Name the matter, in 1 to {LONGEST_MATTER} characters: Inquiry 2026-14.")
    if any(one.matter == matter for one in standing(stream.uid)):
        raise BadRequest(f"The stream is on hold for “{matter}” already.")
    row = Hold.objects.create(
        stream=stream, matter=matter, reason=reasoned(reason), setter=actor.actor_id, set_at=clock.now()
    )
    _record(row, "hold.set", actor, {"reason": row.reason})
    return row


@atomic()
def ask_to_lift(row: Hold, *, reason: str, actor: Actor) -> Hold:
    """Ask for the second person that lifting takes. The hold stands until then. Raises ReasonMissing, IllegalMove."""
    row = _locked(row)
    move(row, HoldState.LIFTING)
    row.asker, row.asked_at, row.why_lift = actor.actor_id, clock.now(), reasoned(reason)
    row.save()
    _record(row, "hold.lift_asked", actor, {"reason": row.why_lift})
    return row


@atomic()
def decide_lift(row: Hold, *, lift: bool, reason: str, actor: Actor) -> Hold:
    """A second person lifts the hold, or lets it stand. Raises SamePerson, ReasonMissing, IllegalMove."""
    row = _locked(row)
    move(row, HoldState.LIFTED if lift else HoldState.ACTIVE)
    if row.asker == actor.actor_id:
        raise SamePerson("lifting of a hold")
    row.said = reasoned(reason)
    if lift:
        row.lifter, row.lifted_at = actor.actor_id, clock.now()
    else:
        row.asker, row.asked_at, row.why_lift = "", None, ""
    row.save()
    _record(row, "hold.lifted" if lift else "hold.kept", actor, {"reason": row.said})
    return row


def _locked(row: Hold) -> Hold:
    return Hold.objects.select_for_update(of=("self",)).select_related("stream").get(pk=row.pk)


def _record(row: Hold, kind: str, actor: Actor, more: Mapping[str, Json]) -> None:
    told: dict[str, Json] = {"hold": row.uid, "stream": row.stream.uid, "matter": row.matter}
    ledger.record(LOG, kind, actor, told | dict(more))
