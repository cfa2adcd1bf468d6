"""One way in for pages and API: from what somebody wrote to a request for erasure."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet

from audit.ledger import Actor
from audit.models import ErasureRequest, Stream
from audit.redaction import subjects
from audit.redaction.erasing import ask_for_fields, ask_for_words
from audit.redaction.errors import BadRequest

HOUSE = "access"  # the stream to which accounts belong


def ask_for(mine: QuerySet[Stream], told: Mapping[str, Any], *, actor: Actor) -> ErasureRequest:
    """Ask for an erasure. mine: the streams that the caller may redact.

    told: words (text, one a line), person (user name, e-mail or id), stream (uid), places [(seq, field)], reason.
    Raises BadRequest, OnHold, ReasonMissing."""
    chosen = mine.filter(uid=told["stream"]) if told.get("stream") else mine
    streams = list(chosen.order_by("uid"))
    if not streams:
        raise BadRequest("There is no such stream that you may redact.")
    if told.get("places"):
        return ask_for_fields(streams[0], told["places"], reason=told["reason"], actor=actor)
    person = _person(told.get("person", "")) if told.get("person") else None
    if person and not mine.filter(uid=HOUSE).exists():
        raise BadRequest("To have an account forgotten you need the right to redact the history of access.")
    lines = [*str(told.get("words") or "").splitlines(), *(person.terms if person else ())]
    return ask_for_words(streams, lines, reason=told["reason"], actor=actor, subject=person.actor_id if person else "")


def _person(words: str) -> subjects.Subject:
    found = subjects.look_for(words.strip())
    exact = [one for one in found if words.strip().casefold() in {one.actor_id, *map(str.casefold, one.terms)}]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if not found:
        raise BadRequest("No account is called like that.")
    several = ", ".join(f"{one.name} ({one.terms[1] if len(one.terms) > 1 else one.actor_id})" for one in found[:5])
    raise BadRequest(f"Several accounts are called like that: {several}. Give the user name.")
