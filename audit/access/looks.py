"""Every look at evidence is itself an entry, in the stream `portal`: who read or checked what, through which door."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db.models import QuerySet

from audit import ledger
from audit.canonical import Json
from audit.ledger import Actor, Recorded
from audit.models import Entry, Stream
from audit.naming import Label, Person, labels, people
from audit.selectors import row_of
from plumbing.database import atomic

PORTAL = "portal"
Door = Literal["page", "api"]


def record_look(actor: Actor, stream_uid: str, *, door: Door, wanted: Mapping[str, Json], shown: int) -> Recorded:
    """Put on record that somebody read entries of a stream.

    wanted: what was asked for (filters, the part of the stream); what is empty is left out. shown: how many entries
    the answer held. Recorded before the answer goes out: who can't be recorded isn't shown anything."""
    asked = {name: value for name, value in wanted.items() if value not in (None, "", [])}
    told: dict[str, Json] = {"stream": stream_uid, "door": door, "shown": shown, "asked": asked}
    with atomic():
        return ledger.record(PORTAL, "evidence.viewed", actor, told)


KINDS = ("evidence.viewed", "stream.verified", "pack.issued", "pack.handed_out", "pack.verified")
RECENT = 50


@dataclass(frozen=True, slots=True)
class Look:
    """One look at evidence, as people read it."""

    time: datetime
    who: Person
    what: str
    stream: str  # empty unless the reader sees it
    label: Label
    shown: int | None


WORDS = {
    "evidence.viewed": "Read",
    "stream.verified": "Verified",
    "pack.issued": "Made a pack of",
    "pack.handed_out": "Took a pack of",
    "pack.verified": "Checked a pack of",
}


def recent_looks(visible: QuerySet[Stream], limit: int = RECENT) -> list[Look]:
    """The latest looks at evidence, newest first, for who may read the stream `portal`.

    visible: the streams that the reader sees; the others go by their ids."""
    found = Entry.objects.filter(stream__uid=PORTAL, kind__in=KINDS).order_by("-seq")
    rows = [row_of(entry) for entry in found.prefetch_related("disclosures", "erasures")[:limit]]
    streams = [str(row.fields.get("stream", "")) for row in rows]
    named = labels(visible.filter(uid__in=streams).values_list("uid", flat=True))
    known = people(row.actor for row in rows)
    return [
        Look(
            time=row.time,
            who=known[row.actor],
            what=WORDS[row.kind],
            stream=uid if uid in named else "",
            label=named.get(uid, Label(uid or "something that was erased")),
            shown=_count(row.fields.get("shown")),
        )
        for row, uid in zip(rows, streams, strict=True)
    ]


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None
