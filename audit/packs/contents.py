"""What goes into a pack: read from the ledger once, for a size that a checkpoint covers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from audit import checkpoints, merkle, notes
from audit.canonical import Json, canon
from audit.errors import BadRedaction
from audit.models import Checkpoint, Entry, Head, Pack, Stream
from audit.naming import Person, people
from audit.packs.providers import provided
from audit.selectors import EntryRow, every_entry, row_of

Withheld = Mapping[tuple[int, str], str]  # (seq, field) -> reason
ACTOR_ID = re.compile(r"\b[a-z]{3}_[0-9a-f]{32}\b")


@dataclass(frozen=True, slots=True)
class Contents:
    """One stream up to one size, with everything that makes it readable and checkable."""

    stream: Stream
    head: Head
    checkpoint: Checkpoint
    proof: list[bytes]
    previous: list[Pack]
    rows: list[EntryRow]  # without what is withheld
    lines: list[bytes]
    leaves: list[bytes]
    disclosures: list[tuple[int, str, bytes]]
    redactions: list[dict[str, str | int]]
    people: dict[str, Person]
    provided: Mapping[str, bytes]
    made: datetime
    title: str
    withheld: Withheld = field(default_factory=dict)


def gather(stream: Stream, checkpoint: Checkpoint, *, made: datetime, title: str, withheld: Withheld) -> Contents:
    """Read what `checkpoint` covers of a stream. Raises BadRedaction for a field to withhold that isn't there."""
    head = Head.objects.filter(stream=stream, idx__lt=checkpoint.size).order_by("-size")[0]
    found = list(every_entry(stream, head.size))
    disclosures, redactions = _opened(found, withheld)
    shown = {(seq, name) for seq, name, _ in disclosures}
    rows = [_without(row_of(entry), shown) for entry in found]
    return Contents(
        stream=stream,
        head=head,
        checkpoint=checkpoint,
        proof=merkle.inclusion_proof(checkpoints.head_leaves(checkpoint.size), head.idx),
        previous=list(Pack.objects.filter(stream=stream, size__lte=head.size).order_by("pk")),
        rows=rows,
        lines=[bytes(entry.body) for entry in found],
        leaves=[bytes(entry.leaf) for entry in found],
        disclosures=disclosures,
        redactions=redactions,
        people=people(actors_of(rows)),
        provided=provided(stream.uid, rows),
        made=made,
        title=title,
        withheld=withheld,
    )


def _opened(found: list[Entry], withheld: Withheld) -> tuple[list[tuple[int, str, bytes]], list[dict[str, str | int]]]:
    """The disclosures that go into the pack, and one redaction for every field that doesn't."""
    disclosures: list[tuple[int, str, bytes]] = []
    redactions: list[dict[str, str | int]] = []
    known: set[tuple[int, str]] = set()
    for entry in found:
        erased = {erasure.name: f"erased by entry {erasure.stream_seq}" for erasure in entry.erasures.all()}
        payloads = {disclosure.name: bytes(disclosure.payload) for disclosure in entry.disclosures.all()}
        for name in sorted({*erased, *payloads}):
            known.add((entry.seq, name))
            redaction: dict[str, str | int] = {"seq": entry.seq, "name": name}
            if name not in payloads:
                redactions.append({**redaction, "state": "erased", "reason": erased[name]})
            elif (entry.seq, name) in withheld:
                redactions.append({**redaction, "state": "withheld", "reason": withheld[entry.seq, name]})
            else:
                disclosures.append((entry.seq, name, payloads[name]))
    if unknown := withheld.keys() - known:
        raise BadRedaction([f"entry {seq}, field {name}" for seq, name in sorted(unknown)])
    return disclosures, redactions


def _without(row: EntryRow, shown: set[tuple[int, str]]) -> EntryRow:
    fields = {name: value for name, value in row.fields.items() if (row.seq, name) in shown}
    hidden = tuple(sorted({*row.erased, *(row.fields.keys() - fields.keys())}))
    return EntryRow(row.seq, row.uid, row.time, row.kind, row.actor, fields, row.leaf, hidden)


def actors_of(rows: Iterable[EntryRow]) -> set[str]:
    """Whoever acted, and whoever a field names."""
    told: set[str] = set()
    for row in rows:
        told.update([row.actor, *ACTOR_ID.findall(str(row.fields))])
    return told


def ledger_files(contents: Contents) -> dict[str, bytes]:
    """The machine-readable part of the payload: path below data/ -> content."""
    note = bytes(contents.checkpoint.note)
    previous: list[dict[str, Json]] = [
        {"size": pack.size, "root": bytes(pack.root).hex(), "tagmanifest_sha256": pack.tagmanifest_sha256}
        for pack in contents.previous
    ]
    told = [{"id": key, "name": one.name, "title": one.title} for key, one in sorted(contents.people.items())]
    return {
        "ledger/entries.jsonl": _lines(contents.lines),
        "ledger/leaves.txt": _lines([leaf.hex().encode() for leaf in contents.leaves]),
        "ledger/disclosures.tsv": _lines(
            [f"{seq}\t{name}\t".encode() + payload for seq, name, payload in contents.disclosures]
        ),
        "ledger/redactions.jsonl": _lines([canon(redaction) for redaction in contents.redactions]),
        "ledger/head.json": bytes(contents.head.body),
        "ledger/head.tlog-proof": notes.proof(contents.head.idx, contents.proof, note),
        "ledger/checkpoint": note,
        "ledger/previous.json": canon(previous),
        "people.json": canon(told),
        **contents.provided,
    }


def _lines(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
