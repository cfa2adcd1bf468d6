"""Reads for the evidence pages and the API: streams, what is signed of them, entries and their place in the chain."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.db import connection
from django.db.models import Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import Func, Value
from django.db.models.functions import Coalesce

from audit import keys
from audit.canonical import Json, canon, tidy
from audit.entries import NO_HEAD
from audit.extracts import actors_of
from audit.inspection import Break, inspect_entry
from audit.models import Checkpoint, Disclosure, Entry, Head, Pack, Stream
from audit.naming import Label, Person, labels, people
from audit.notes import vkey
from audit.packs.report import Line, line_of
from audit.packs.seal import BUNDLE
from audit.selectors import CORRECTED, corrections, row_of, said_at
from audit.trust import origins

PAGE = 50


@dataclass(frozen=True, slots=True)
class StreamRow:
    """A stream in a list."""

    uid: str
    label: Label
    size: int
    time: datetime | None
    signed: int
    packs: int

    @property
    def is_signed(self) -> bool:
        """Whether a checkpoint covers all of it."""
        return self.signed == self.size

    @property
    def signed_words(self) -> str:
        """How much of it a checkpoint covers."""
        return f"{self.signed} of {self.size} signed"


@dataclass(frozen=True, slots=True)
class EntryLine:
    """An entry on the page of its stream."""

    line: Line
    kind: str
    actor: str
    leaf: str
    break_: Break | None
    corrected_by: int | None = None
    it_said: str = ""  # of a correction: what the wrong entry says
    occurred_at: datetime | None = None  # of what was written down later


@dataclass(frozen=True, slots=True)
class PackRow:
    """A pack that was handed out."""

    pack: Pack
    label: Label
    time: datetime | None
    by: Person


@dataclass(frozen=True, slots=True)
class Log:
    """What somebody outside needs to check packs: which log signs, with which key, and how far it has come."""

    origin: str
    fingerprint: str
    vkey: str
    size: int
    verifier_sha256: str  # of verify/verify.py in every pack of this release


def stream_rows(streams: QuerySet[Stream]) -> list[StreamRow]:
    """These streams, in their order, with what is signed and how many packs were made."""
    covered = Checkpoint.objects.order_by("-size").values("size")[:1]
    signed = Head.objects.filter(stream=OuterRef("pk"), idx__lt=Coalesce(Subquery(covered), 0)).order_by("-size")
    found = list(
        streams.annotate(
            signed=Coalesce(Subquery(signed.values("size")[:1]), 0, output_field=IntegerField()),
            pack_count=Count("packs", distinct=True),
        ).values_list("uid", "size", "time", "signed", "pack_count")
    )
    named = labels(uid for uid, *_ in found)
    return [StreamRow(uid, named[uid], size, time, signed, packs) for uid, size, time, signed, packs in found]


class _Holds(Func):
    """Whether `payload` holds these bytes."""

    arity = 2

    def __init__(self, payload: F, wanted: Value) -> None:
        from_start = (payload, wanted) if connection.vendor == "sqlite" else (wanted, payload)
        template = "instr(%(expressions)s)" if connection.vendor == "sqlite" else "position(%(expressions)s)"
        super().__init__(*from_start, template=template, output_field=IntegerField())
        self.arg_joiner = ", " if connection.vendor == "sqlite" else " in "


def matching(stream: Stream, *, kind: str = "", actor: str = "", text: str = "") -> QuerySet[Entry]:
    """Entries of a stream by verb, by who acted, and by words in their fields (as written, case matters)."""
    found = Entry.objects.filter(stream=stream)
    if kind:
        found = found.filter(Q(kind=kind) | Q(kind__startswith=f"{kind}."))
    if actor:
        found = found.filter(actor=actor)
    if text:
        wanted = Value(canon(tidy(text))[1:-1])  # as it is escaped in a disclosure
        held = (
            Disclosure.objects.filter(entry=OuterRef("pk")).annotate(at=_Holds(F("payload"), wanted)).filter(at__gt=0)
        )
        found = found.filter(Exists(held))
    return found


def entry_lines(stream: Stream, found: Iterable[Entry]) -> list[EntryLine]:
    """Entries as people read them, each checked against the one before it."""
    entries = list(found)
    wanted = [entry.seq - 1 for entry in entries]
    before = {
        seq: bytes(leaf) for seq, leaf in Entry.objects.filter(stream=stream, seq__in=wanted).values_list("seq", "leaf")
    }
    rows = [row_of(entry) for entry in entries]
    known = people(actors_of(rows))
    corrected = corrections(stream.uid)
    wrong = {row.seq: row.fields.get("corrects") for row in rows if row.kind == CORRECTED}
    said = said_at(stream.uid, [seq for seq in wrong.values() if isinstance(seq, int)]) if wrong else {}
    return [
        EntryLine(
            line=line_of(row, known),
            kind=row.kind,
            actor=row.actor,
            leaf=row.leaf,
            break_=next(inspect_entry(entry, stream.uid, before.get(entry.seq - 1, NO_HEAD), None), None),
            corrected_by=corrected.get(row.seq),
            it_said=str(said.get(_number(wrong.get(row.seq)), "")),
            occurred_at=_moment(row.fields.get("occurred_at")),
        )
        for entry, row in zip(entries, rows, strict=True)
    ]


def _number(found: Json) -> int:
    return found if isinstance(found, int) else -1


def _moment(found: Json) -> datetime | None:
    """A moment as the ledger writes it; None for anything else: the field is people's."""
    try:
        moment = datetime.fromisoformat(found) if isinstance(found, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def filters_of(stream: Stream) -> tuple[list[str], Mapping[str, Person]]:
    """What can be chosen on the page of a stream: the kinds that occur, and who acted."""
    kinds = Entry.objects.filter(stream=stream).values_list("kind", flat=True).distinct().order_by("kind")
    actors = Entry.objects.filter(stream=stream).values_list("actor", flat=True).distinct()
    return list(kinds), people(actors)


def pack_rows(streams: QuerySet[Stream], limit: int = PAGE) -> list[PackRow]:
    """Packs of these streams, newest first, with who made them."""
    packs = list(Pack.objects.filter(stream__in=streams).select_related("stream").order_by("-pk")[:limit])
    made = {entry.uid: entry for entry in Entry.objects.filter(uid__in=[pack.uid for pack in packs])}
    named, known = labels(pack.stream.uid for pack in packs), people(entry.actor for entry in made.values())
    nobody = Person("unknown")
    return [
        PackRow(
            pack=pack,
            label=named[pack.stream.uid],
            time=made[pack.uid].time if pack.uid in made else None,
            by=known[made[pack.uid].actor] if pack.uid in made else nobody,
        )
        for pack in packs
    ]


def log() -> Log:
    """The log that signs. Raises NoLogKey."""
    public, last = keys.log_public(), Checkpoint.objects.order_by("-size").first()
    origin = origins.current().origin
    verifier = sha256((BUNDLE / "verify.py").read_bytes()).hexdigest()
    return Log(origin, keys.fingerprint(public), vkey(origin, public), last.size if last else 0, verifier)
