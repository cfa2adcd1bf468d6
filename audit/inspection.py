"""Is one entry, or one head, what its bytes say? The part of verification that looks at single rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from audit.canonical import Json, canon
from audit.entries import commitment, stamp
from audit.errors import NotCanonical
from audit.merkle import leaf_hash
from audit.models import Entry, Head

PARTS = {"v", "stream", "seq", "id", "time", "kind", "actor", "prev", "fields"}


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is wrong: where, what stands there, and what should."""

    place: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{self.place}: found {self.found}, expected {self.expected}."


def inspect_entry(entry: Entry, stream_uid: str, prev: bytes, earliest: datetime | None) -> Iterator[Break]:
    """Whatever is wrong with an entry. prev: leaf of the entry before it; earliest: that entry's time."""
    place, body = f"entry {entry.seq}", bytes(entry.body)
    if bytes(entry.leaf) != leaf_hash(body):
        yield Break(place, f"leaf {bytes(entry.leaf).hex()}", f"{leaf_hash(body).hex()}, the hash of its body")
    told = _read(body, PARTS)
    if told is None:
        yield Break(place, f"the body {body[:80]!r}", "canonical JSON with the parts of an entry")
        return
    expected = {
        "v": 1,
        "stream": stream_uid,
        "seq": entry.seq,
        "prev": prev.hex(),
        "id": entry.uid.hex,
        "time": stamp(entry.time),
        "kind": entry.kind,
        "actor": entry.actor,
    }
    for name, value in expected.items():
        if told[name] != value:
            yield Break(place, f"{name} {told[name]!r} in its body", f"{value!r}")
    if earliest and entry.time < earliest:
        yield Break(place, f"time {stamp(entry.time)}", f"{stamp(earliest)} or later, as the entry before")
    yield from _inspect_fields(entry, told["fields"])


def _inspect_fields(entry: Entry, commitments: dict[str, str]) -> Iterator[Break]:
    place = f"entry {entry.seq}"
    erased = {erasure.name for erasure in entry.erasures.all()}
    disclosed = {disclosure.name: bytes(disclosure.payload) for disclosure in entry.disclosures.all()}
    for name, payload in disclosed.items():
        if commitments.get(name) != commitment(payload):
            expected = f"the one its commitment is of, {commitments.get(name, 'none: the entry has no such field')}"
            yield Break(f"{place}, field {name}", f"a disclosure with hash {commitment(payload)}", expected)
        if name in erased:
            yield Break(f"{place}, field {name}", "a disclosure", "none: its erasure is recorded")
    for name in commitments.keys() - disclosed.keys() - erased:
        yield Break(f"{place}, field {name}", "neither a disclosure nor an erasure", "one of them")
    for name in erased - commitments.keys():
        yield Break(f"{place}, field {name}", "an erasure", "none: the entry has no such field")


def inspect_head(head: Head, stream_uid: str, root: bytes) -> Iterator[Break]:
    """Whatever is wrong with a line of the heads log. root: of the stream's first `head.size` entries."""
    place, body = f"head {head.idx}", bytes(head.body)
    if bytes(head.leaf) != leaf_hash(body):
        yield Break(place, f"leaf {bytes(head.leaf).hex()}", f"{leaf_hash(body).hex()}, the hash of its body")
    told: dict[str, Json] = {"v": 1, "stream": stream_uid, "size": head.size, "root": root.hex()}
    if body != canon(told) or bytes(head.root) != root:
        yield Break(place, f"{body.decode(errors='replace')} of {stream_uid}", canon(told).decode())


def _read(body: bytes, parts: set[str]) -> dict[str, Any] | None:
    """The object that these bytes canonically are, if it has exactly these parts."""
    try:
        told = json.loads(body)
        if not isinstance(told, dict) or set(told) != parts or canon(told) != body:
            return None
    except (ValueError, NotCanonical):
        return None
    return told if isinstance(told["fields"], dict) else None
