"""The payload of a pack, but its report: an extract of the ledger as files."""

from collections.abc import Mapping

from audit import notes
from audit.canonical import Json, canon
from audit.extracts import Extract, Part
from audit.packs.bag import Content

MAIN = "ledger"  # folder of the stream that the pack is about


def payload_of(extract: Extract) -> dict[str, Content]:
    """The machine-readable part of the payload: path below data/ -> content."""
    note = bytes(extract.checkpoint.note)
    told: list[Json] = [
        {"id": key, "name": one.name, "title": one.title} for key, one in sorted(extract.people.items())
    ]
    files: dict[str, Content] = {f"{MAIN}/checkpoint": note, "people.json": canon(told)}
    for part in extract.parts:
        folder = folder_of(part, extract)
        files |= {f"{folder}/{name}": content for name, content in _ledger_files(part, note).items()}
    return files


def folder_of(part: Part, extract: Extract) -> str:
    """Where a stream's files lie, below data/."""
    return MAIN if part is extract.main else f"streams/{part.stream.uid}"


def _ledger_files(part: Part, note: bytes) -> Mapping[str, bytes]:
    previous: list[Json] = [
        {"size": pack.size, "root": pack.root.hex(), "tagmanifest_sha256": pack.tagmanifest_sha256}
        for pack in part.previous
    ]
    redactions: list[Json] = [
        {"seq": one.seq, "name": one.name, "state": one.state, "reason": one.reason} for one in part.redactions
    ]
    return {
        "entries.jsonl": _lines(part.lines),
        "leaves.txt": _lines([leaf.hex().encode() for leaf in part.leaves]),
        "disclosures.tsv": _lines([f"{seq}\t{name}\t".encode() + payload for seq, name, payload in part.disclosures]),
        "redactions.jsonl": _lines([canon(one) for one in redactions]),
        "head.json": bytes(part.head.body),
        "head.tlog-proof": notes.proof(part.head.idx, part.proof, note),
        "previous.json": canon(previous),
    }


def _lines(lines: list[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)
