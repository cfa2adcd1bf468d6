"""A small pack with everything that a pack can hold, made without a database and always the same, to be damaged.

Its log key and its witness are made up from seeds, so that attacks by whoever holds the key can be played, too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import merkle, notes
from audit.canonical import Json, canon
from audit.cosigning import COSIGNATURE, Verifier, cosign
from audit.ed25519 import public_pem
from audit.entries import NO_HEAD, Header, build
from audit.packs.bag import Content, bagged

ORIGIN = "portal.example/evidence"
WITNESS = "witness.example"
MAIN, FURTHER = "inc_sample", "rbk_sample"
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)
ATTACHMENT = b"queue depth 4711 at 09:03\n"
VERSION = b"name: restart\ntitle: Restart the gateway\n"
REPORT = b"%PDF-1.7\n% stands for the report: what is in it is not looked at here\n%%EOF\n"

Fields = Mapping[str, Json]

MAIN_ENTRIES: list[tuple[str, Fields]] = [
    ("incident.declared", {"title": "Payments stand still ✓", "severity": "SEV1"}),
    ("note.added", {"text": 'Line one\nline "two" \\ <b>bold</b>', "phone": "+49 30 1234567"}),
    ("file.attached", {"file": {"name": "queue.txt", "size": 26, "type": "text/plain", "sha256": ""}}),
    ("decision.recorded", {"choice": "fail over", "witnesses": ["Zoë", "Ben"], "cost": -12, "final": True}),
    ("note.added", {"text": "Grüße an alle", "nothing": None}),
    ("field.erased", {"seq": 4, "name": "text", "reason": "asked for"}),
    ("incident.moved", {"from": "declared", "to": "mitigating"}),
]
FURTHER_ENTRIES: list[tuple[str, Fields]] = [
    ("runbook.published", {"version": sha256(VERSION).hexdigest()}),
    ("rehearsal.finished", {"worked": True, "took_s": 412}),
    ("note.added", {"text": "Call back: +49 171 7654321"}),
    ("fields.erased", {"places": {"2": ["text"]}, "count": 1, "reason": "asked for"}),
]
WITHHELD = {(MAIN, 1, "phone"): "Art. 23 GDPR"}
ERASED = {(MAIN, 4, "text"): "erased by entry 5", (FURTHER, 2, "text"): "erased by entry 3"}


def seeded(number: int) -> Ed25519PrivateKey:
    """A key that is always the same."""
    return Ed25519PrivateKey.from_private_bytes(bytes([number]) * 32)


@dataclass(frozen=True)
class Written:
    """A stream as it lies in a pack."""

    uid: str
    lines: list[bytes]
    leaves: list[bytes]
    disclosures: list[tuple[int, str, bytes]]
    redactions: list[bytes]

    def head(self, size: int | None = None) -> bytes:
        """The canonical head of its first `size` entries."""
        leaves = self.leaves[:size]
        return canon({"v": 1, "stream": self.uid, "size": len(leaves), "root": merkle.root(leaves).hex()})


@dataclass(frozen=True)
class Sample:
    """A sound pack, and what an insider could sign with."""

    files: dict[str, bytes]
    key: Ed25519PrivateKey
    top: str = "evidence-inc_sample-7"
    streams: list[Written] = field(default_factory=list)

    @property
    def vkey(self) -> str:
        """The key that a reader obtained elsewhere."""
        return notes.vkey(ORIGIN, self.key.public_key())


def written(uid: str, entries: Sequence[tuple[str, Fields]]) -> Written:
    """A stream of these entries, each (kind, fields)."""
    found, prev = Written(uid, [], [], [], []), NO_HEAD
    for seq, (kind, fields) in enumerate(entries):
        time = BEGUN + timedelta(seconds=7 * seq)
        header = Header(uid, seq, UUID(int=0x1000 + seq), time, kind, f"usr_{'ab'[seq % 2] * 32}")
        if "file" in fields:
            told = fields["file"]
            assert isinstance(told, Mapping)
            fields = {"file": {**told, "sha256": sha256(ATTACHMENT).hexdigest()}}
        built = build(header, prev, fields, salt=_salts(f"{uid} {seq}"))
        found.lines.append(built.body)
        found.leaves.append(built.leaf)
        prev = built.leaf
        for name in sorted(built.disclosures):
            for state, reasons in (("withheld", WITHHELD), ("erased", ERASED)):
                if reason := reasons.get((uid, seq, name)):
                    found.redactions.append(canon({"seq": seq, "name": name, "state": state, "reason": reason}))
            if (uid, seq, name) not in {**WITHHELD, **ERASED}:
                found.disclosures.append((seq, name, built.disclosures[name]))
    return found


def _salts(text: str) -> Callable[[], bytes]:
    numbers: Iterator[int] = iter(range(100))
    return lambda: sha256(f"{text} {next(numbers)}".encode()).digest()[:16]


def ledger_files(folder: str, stream: Written, proof: bytes, previous: Sequence[Json] = ()) -> dict[str, bytes]:
    """The files of a stream in a pack, by path."""
    shown = [f"{seq}\t{name}\t".encode() + payload for seq, name, payload in stream.disclosures]
    return {
        f"{folder}entries.jsonl": joined(stream.lines),
        f"{folder}leaves.txt": joined(leaf.hex().encode() for leaf in stream.leaves),
        f"{folder}disclosures.tsv": joined(shown),
        f"{folder}redactions.jsonl": joined(stream.redactions),
        f"{folder}head.json": stream.head(),
        f"{folder}head.tlog-proof": proof,
        f"{folder}previous.json": canon(list(previous)),
    }


def joined(lines: Iterator[bytes] | Sequence[bytes]) -> bytes:
    """Lines that each end with a newline."""
    return b"".join(line + b"\n" for line in lines)


def sample() -> Sample:
    """The pack."""
    key, witness = seeded(7), seeded(8)
    main, further = written(MAIN, MAIN_ENTRIES), written(FURTHER, FURTHER_ENTRIES)
    heads = [merkle.leaf_hash(body) for body in (main.head(3), further.head(1), main.head(), further.head())]
    note = notes.sign(notes.SignedTree(ORIGIN, len(heads), merkle.root(heads)), key)
    earlier: list[Json] = [{"size": 3, "root": merkle.root(main.leaves[:3]).hex(), "tagmanifest_sha256": "0" * 64}]
    proofs = [notes.proof(index, merkle.inclusion_proof(heads, index), note) for index in (2, 3)]
    line = cosign(note, WITNESS, witness, 1_772_442_000)
    payload = {
        **ledger_files("ledger/", main, proofs[0], earlier),
        **ledger_files(f"streams/{FURTHER}/", further, proofs[1]),
        "ledger/checkpoint": note,
        "ledger/checkpoint.witnessed": note + f"{line}\n".encode(),
        "people.json": canon([{"id": f"usr_{'a' * 32}", "name": "Zoë Müller", "title": "Commander"}]),
        f"files/{sha256(ATTACHMENT).hexdigest()}": ATTACHMENT,
        f"versions/{sha256(VERSION).hexdigest()}.yaml": VERSION,
        "report.pdf": REPORT,
        "forms/initial.json": b'{"report":"initial"}',
    }
    tags = {
        "VERIFY.txt": b"How to check this pack.\n",
        "keys/log.pub.pem": public_pem(key.public_key()),
        "keys/log.vkey": f"{notes.vkey(ORIGIN, key.public_key())}\n".encode(),
        "keys/witnesses.vkey": f"{Verifier(WITNESS, COSIGNATURE, witness.public_key())}\n".encode(),
    }
    told = {"External-Identifier": MAIN, "Muster-Pack-Format": "2", "Muster-Pack-Kind": "incident"}
    return Sample(_in_memory(bagged(payload, tags, told)), key, streams=[main, further])


def _in_memory(files: Mapping[str, Content]) -> dict[str, bytes]:
    return {path: content for path, content in files.items() if isinstance(content, bytes)}
