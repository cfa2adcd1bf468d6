"""What a report is made from: entries as a pack discloses them, and the facts that prove them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from audit.extracts import Extract, Part
from audit.naming import Person
from audit.selectors import EntryRow


@dataclass(frozen=True, slots=True)
class StreamPart:
    """One stream of a pack, up to the size that its head names.

    rows: its entries, without the fields that are withheld or erased. redactions: {seq, name, state, reason} for each
    of those fields. others: how many entries are about something else, of which nothing is shown.
    entries_jsonl and head_json: the very bytes of the pack's files."""

    uid: str
    title: str
    size: int
    root: str
    rows: Sequence[EntryRow]
    redactions: Sequence[Mapping[str, str | int]] = ()
    entries_jsonl: bytes = b""
    head_json: bytes = b""
    others: int = 0


@dataclass(frozen=True, slots=True)
class Material:
    """Everything that a report tells. The first stream is the one that the pack is about.

    kind: incident, runbook, approval, period or person. files: what rooms added, by path ("versions/<digest>.yaml").
    checkpoint: the signed note, whole. stamped: when an authority stamped that note. keys: fingerprints in force.
    about: {"subject": uid of the stream, the approval or the person, "from": …, "to": … of a period}.
    audience: for whom fields are withheld; "" for nobody in particular."""

    kind: str
    title: str
    made: datetime
    streams: Sequence[StreamPart]
    people: Mapping[str, Person]
    checkpoint: bytes
    origin: str
    checkpoint_size: int
    keys: Sequence[str]
    stamped: datetime | None = None
    certificate: str = ""
    witnesses: Sequence[str] = ()
    previous: Sequence[tuple[int, str]] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    attachments: Sequence[tuple[str, int, str]] = ()  # name, bytes, SHA-256
    about: Mapping[str, str] = field(default_factory=dict)
    audience: str = ""

    @property
    def main(self) -> StreamPart:
        """The stream that the pack is about."""
        return self.streams[0]


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves an extract, as the pack carries it: see Material."""

    origin: str
    keys: Sequence[str]
    stamped: datetime | None = None
    certificate: str = ""
    witnesses: Sequence[str] = ()


def material_of(
    extract: Extract,
    proof: Proof,
    *,
    files: Mapping[str, bytes],
    attachments: Sequence[tuple[str, int, str]] = (),
) -> Material:
    """The material of a report from the extract that its pack is made of."""
    about = {"subject": extract.subject}
    about |= {"from": extract.since.isoformat()} if extract.since else {}
    about |= {"to": extract.until.isoformat()} if extract.until else {}
    return Material(
        kind=extract.kind,
        title=extract.title,
        made=extract.made,
        streams=[_stream_part(part) for part in extract.parts],
        people=extract.people,
        checkpoint=bytes(extract.checkpoint.note),
        origin=proof.origin,
        checkpoint_size=extract.checkpoint.size,
        keys=proof.keys,
        stamped=proof.stamped,
        certificate=proof.certificate,
        witnesses=proof.witnesses,
        previous=[(each.size, each.root.hex()) for each in extract.main.previous],
        files=files,
        attachments=attachments,
        about=about,
        audience=extract.audience,
    )


def _stream_part(part: Part) -> StreamPart:
    told = [each for each in part.redactions if each.seq not in part.left_out]
    return StreamPart(
        uid=part.stream.uid,
        title=part.title,
        size=part.head.size,
        root=bytes(part.head.root).hex(),
        rows=part.shown,
        redactions=[{"seq": each.seq, "name": each.name, "state": each.state, "reason": each.reason} for each in told],
        entries_jsonl=b"".join(line + b"\n" for line in part.lines),
        head_json=bytes(part.head.body),
        others=len(part.left_out),
    )
