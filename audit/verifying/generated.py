"""A pack of any size, made without a database: what the verifier's speed and memory are measured with."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import merkle, notes
from audit.canonical import canon
from audit.ed25519 import public_pem
from audit.entries import NO_HEAD, Built, Header, build
from audit.packs.bag import Content, bagged
from audit.packs.container import write_zip

ORIGIN = "big.example/evidence"
STREAM = "inc_big"
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
TEXT = "Restarted the gateway in the second zone and watched its queue ✓"


def write_pack(out: Path, entries: int, fields: int, workplace: Path) -> str:
    """Write the zip of a sound pack with so many entries of so many fields each; gives its vkey.

    workplace: an empty folder."""
    key = Ed25519PrivateKey.generate()
    vkey = notes.vkey(ORIGIN, key.public_key())
    tree = merkle.Growing()
    with (
        (workplace / "entries").open("wb") as bodies,
        (workplace / "leaves").open("wb") as leaves,
        (workplace / "disclosures").open("wb") as disclosures,
    ):
        for built in _entries(entries, fields):
            tree.add(built.leaf)
            _write(built, bodies, leaves, disclosures)
    head = canon({"v": 1, "stream": STREAM, "size": tree.size, "root": tree.root().hex()})
    note = notes.sign(notes.SignedTree(ORIGIN, 1, merkle.leaf_hash(head)), key)
    payload: dict[str, Content] = {
        "ledger/entries.jsonl": workplace / "entries",
        "ledger/leaves.txt": workplace / "leaves",
        "ledger/disclosures.tsv": workplace / "disclosures",
        "ledger/redactions.jsonl": b"",
        "ledger/head.json": head,
        "ledger/head.tlog-proof": notes.proof(0, [], note),
        "ledger/checkpoint": note,
        "ledger/previous.json": b"[]",
    }
    tags = {"keys/log.pub.pem": public_pem(key.public_key()), "keys/log.vkey": f"{vkey}\n".encode()}
    told = {"External-Identifier": STREAM, "Muster-Pack-Format": "2", "Muster-Pack-Kind": "incident"}
    with out.open("wb") as file:
        write_zip(file, {f"evidence/{path}": content for path, content in bagged(payload, tags, told).items()})
    return vkey


def _write(built: Built, bodies: IO[bytes], leaves: IO[bytes], disclosures: IO[bytes]) -> None:
    bodies.write(built.body + b"\n")
    leaves.write(built.leaf.hex().encode() + b"\n")
    for name in sorted(built.disclosures):
        disclosures.write(f"{built.header.seq}\t{name}\t".encode() + built.disclosures[name] + b"\n")


def _entries(count: int, fields: int) -> Iterator[Built]:
    prev = NO_HEAD
    for seq in range(count):
        time = BEGUN + timedelta(milliseconds=40 * seq)
        header = Header(STREAM, seq, UUID(int=seq + 1), time, "note.added", f"usr_{seq % 40:032x}")
        told = {f"field_{number}": f"{TEXT} {seq}" if number % 2 == 0 else seq + number for number in range(fields)}
        built = build(header, prev, told, salt=lambda: os.urandom(16))
        prev = built.leaf
        yield built
