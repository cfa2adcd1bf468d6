"""Attacks with a pen: histories made anew, foreign keys, notes and proofs of other trees. Of our own sample alone."""

import base64
import json
from collections.abc import Iterator, Sequence
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import merkle, notes
from audit.canonical import Json, canon
from audit.ed25519 import key_id, public_pem
from audit.entries import NO_HEAD
from audit.packs.bundle.verify import ORDER
from audit.verifying.corpus.cases import Case, Files, L, Subject, changed, line_of, resealed, swap
from audit.verifying.sample import FURTHER, ORIGIN, joined, ledger_files, seeded

PROOF, NOTE, VKEY, PEM = f"{L}head.tlog-proof", f"{L}checkpoint", "keys/log.vkey", "keys/log.pub.pem"
S = f"data/streams/{FURTHER}/"
WEAK = bytes([1]) + bytes(31)  # the neutral point: s = 0, R = the same point is a "signature" of everything
FALSE = "the signature by the key [0-9a-f]{64} is false"
UNSIGNED = f"{NOTE}: is not signed by the key"


def cases(subject: Subject) -> Iterator[Case]:
    """What an insider could try who writes notes and proofs as well."""
    assert subject.key
    files, intruder = dict(subject.files), seeded(9)
    for name, made, place in [
        *_histories(subject, intruder),
        *_keys(files, intruder),
        *_notes(files, intruder),
        *_texts(files, subject.key),
        *_witnesses(files),
        *_proofs(subject, subject.key),
    ]:
        yield Case(name, subject.zip(resealed(made)), place)


Attack = tuple[str, Files, str]


def rehashed(lines: Sequence[bytes]) -> list[bytes]:
    """Entries numbered and chained anew."""
    made, prev = [], NO_HEAD
    for seq, line in enumerate(lines):
        made.append(canon({**json.loads(line), "seq": seq, "prev": prev.hex()}))
        prev = merkle.leaf_hash(made[-1])
    return made


def _rewritten(subject: Subject, lines: Sequence[bytes], signer: Ed25519PrivateKey | None = None) -> Files:
    """The main stream with these entries, chained anew up to the head; signed anew by `signer`, if there is one."""
    leaves = [merkle.leaf_hash(line) for line in lines]
    head = canon({"v": 1, "stream": "inc_sample", "size": len(lines), "root": merkle.root(leaves).hex()})
    made = {**subject.files, f"{L}entries.jsonl": joined(lines), f"{L}head.json": head, f"{L}previous.json": b"[]"}
    made[f"{L}leaves.txt"] = joined([leaf.hex().encode() for leaf in leaves])
    if signer is None:
        return made
    heads = [merkle.leaf_hash(head), merkle.leaf_hash(subject.files[f"{S}head.json"])]
    return _noted(made, heads, signer)


def _noted(files: Files, heads: Sequence[bytes], signer: Ed25519PrivateKey, origin: str = ORIGIN) -> Files:
    """A checkpoint over these heads, main stream first, and its proofs."""
    note = notes.sign(notes.SignedTree(origin, len(heads), merkle.root(heads)), signer)
    made = {path: data for path, data in files.items() if not path.endswith(".witnessed")}
    proofs = [notes.proof(index, merkle.inclusion_proof(heads, index), note) for index in (0, 1)]
    return {**made, NOTE: note, PROOF: proofs[0], f"{S}head.tlog-proof": proofs[1]}


def _own_keys(files: Files, key: Ed25519PrivateKey, origin: str = ORIGIN) -> Files:
    vkey = notes.vkey(origin, key.public_key())
    return {**files, VKEY: f"{vkey}\n".encode(), PEM: public_pem(key.public_key())}


def _histories(subject: Subject, intruder: Ed25519PrivateKey) -> Iterator[Attack]:
    lines = subject.streams[0].lines
    kept = f"{PROOF}: doesn't lead from the head to the root"
    calm = [line.replace(b"SEV1", b"SEV3").replace(b"note.added", b"note.filed") for line in lines]
    yield "history: a word changed, all hashes made anew", _rewritten(subject, rehashed(calm)), kept
    other_order = [lines[1], lines[0], *lines[2:]]
    yield (
        "history: two swapped, all hashes made anew",
        _rewritten(subject, rehashed(other_order)),
        "entry 0, field phone: is neither",
    )
    yield "history: one taken out, all hashes made anew", _rewritten(subject, rehashed(lines[:3] + lines[4:])), f"{L}"
    added = canon({**json.loads(lines[6]), "kind": "note.forged", "fields": {}})
    yield "history: one added, all hashes made anew", _rewritten(subject, rehashed([*lines, added])), kept
    signed = _own_keys(_rewritten(subject, rehashed([*lines, added]), intruder), intruder)
    yield "history: made anew, signed by another key under our name", signed, f"{VKEY}: is not the key that was given"
    mixed = {**signed, VKEY: subject.files[VKEY], PEM: subject.files[PEM]}
    yield "history: made anew, another's signature, our keys", mixed, UNSIGNED
    both = {**signed, VKEY: subject.files[VKEY] + signed[VKEY], PEM: subject.files[PEM]}
    yield "history: made anew, another's signature, both keys", both, UNSIGNED
    short = _rewritten(subject, lines[:3])
    short[f"{L}disclosures.tsv"] = b"".join(short[f"{L}disclosures.tsv"].splitlines(True)[:4])
    short[f"{L}redactions.jsonl"] = short[f"{L}redactions.jsonl"].splitlines(True)[0]
    yield "history: cut to an earlier head", resealed(short), kept


def _keys(files: Files, intruder: Ed25519PrivateKey) -> Iterator[Attack]:
    other, ours = notes.vkey(ORIGIN, intruder.public_key()), files[VKEY].decode().strip()
    name, id_, raw = ours.split("+")
    weak_id = sha256(f"{ORIGIN}\n\x01".encode() + WEAK).hexdigest()[:8]
    weak_raw = base64.b64encode(b"\x01" + WEAK).decode()
    weak = f"{ORIGIN}+{weak_id}+{weak_raw}\n".encode()
    weak_pem = base64.b64encode(bytes.fromhex("302a300506032b6570032100") + WEAK)
    yield "keys: another's", _own_keys(files, intruder), f"{VKEY}: is not the key that was given"
    yield (
        "keys: another's, in PEM alone",
        {**files, PEM: public_pem(intruder.public_key())},
        f"{PEM}: is not a key of {VKEY}",
    )
    yield (
        "keys: another's id",
        changed(files, VKEY, swap(id_.encode(), other.split("+")[1].encode())),
        f"{VKEY}, line 1: has an id",
    )
    yield (
        "keys: another log's name",
        {**files, VKEY: (ours.replace(name, "other.example") + "\n").encode()},
        f"{VKEY}, line 1: has an id",
    )
    renamed = notes.vkey("other.example/evidence", seeded(7).public_key())
    yield (
        "keys: ours for another log",
        {**files, VKEY: f"{renamed}\n".encode()},
        f"{VKEY}: is not the key that was given",
    )
    yield "keys: the weak one", {**files, VKEY: weak}, f"{VKEY}, line 1: is a weak key"
    block = b"-----BEGIN PUBLIC KEY-----\n" + weak_pem + b"\n-----END PUBLIC KEY-----\n"
    yield "keys: the weak one in PEM", {**files, PEM: block}, f"{PEM}: is a weak key"
    rsa = b"-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK==\n-----END PUBLIC KEY-----\n"
    yield "keys: of another kind", {**files, PEM: rsa}, f"{PEM}: .*(is not base64|is not an Ed25519 key)"
    yield "keys: two in the PEM", changed(files, PEM, lambda d: d + d), f"{PEM}: is not one public key in PEM"
    yield "keys: none", changed(files, VKEY, lambda _: b""), f"{VKEY}: "
    yield "keys: no vkey", changed(files, VKEY, swap(b"+", b"-")), f"{VKEY}, line 1: is not a vkey"
    yield "keys: cut short", changed(files, VKEY, lambda d: d[:-5] + b"\n"), f"{VKEY}, line 1: "
    spare = raw[:-1] + chr(ord(raw[-1]) + 1)
    yield "keys: bits that nobody reads", {**files, VKEY: f"{name}+{id_}+{spare}\n".encode()}, f"{VKEY}, line 1: "


def _notes(files: Files, intruder: Ed25519PrivateKey) -> Iterator[Attack]:
    text, _, line = files[NOTE].decode().partition("\n\n")
    said = f"{text}\n".encode()
    made = base64.b64decode(line.split()[2])
    s = int.from_bytes(made[36:], "little") + ORDER

    def with_line(signature: bytes) -> Files:
        return _with_note(files, f"{text}\n\n— {ORIGIN} {base64.b64encode(signature).decode()}\n".encode())

    yield "note: signature flipped", with_line(made[:40] + bytes([made[40] ^ 1]) + made[41:]), FALSE
    yield "note: a malleable signature", with_line(made[:36] + s.to_bytes(32, "little")), FALSE
    yield "note: signature with a weak point", with_line(made[:4] + WEAK + bytes(32)), FALSE
    yield "note: by another key under our key's id", with_line(made[:4] + intruder.sign(said)), FALSE
    yield "note: signature cut short", with_line(made[:-1]), FALSE
    yield "note: signature of nothing", with_line(made[:4]), "has a signature that is too short"
    yield "note: by another key", with_line(key_id(ORIGIN, intruder.public_key()) + intruder.sign(said)), UNSIGNED
    yield (
        "note: of another's name",
        _with_note(files, files[NOTE].replace("— portal".encode(), "— porter".encode())),
        UNSIGNED,
    )
    yield (
        "note: no signature",
        _with_note(files, f"{text}\n\n".encode()),
        f"{NOTE}: doesn't end with a line of a signature",
    )
    yield "note: the line without its newline", _with_note(files, files[NOTE][:-1]), f"{NOTE}: doesn't end with"
    yield "note: base64 cut short", _with_note(files, files[NOTE][:-3] + b"\n"), f"{NOTE}: .*is not base64"
    yield (
        "note: a stray line",
        _with_note(files, files[NOTE] + b"hello\n"),
        f"{NOTE}: has a line that is not one of a signature",
    )


def _texts(files: Files, key: Ed25519PrivateKey) -> Iterator[Attack]:
    text, _, line = files[NOTE].decode().partition("\n\n")
    size, root = text.split("\n")[1:]

    def with_text(changed_text: str) -> Files:
        return _with_note(files, f"{changed_text}\n\n{line}".encode())

    yield "note: another size", with_text(text.replace(f"\n{size}\n", "\n5\n")), FALSE
    yield (
        "note: a size with a zero before it",
        with_text(text.replace(f"\n{size}\n", f"\n0{size}\n")),
        f"{NOTE}: is not: origin",
    )
    yield "note: another root", with_text(text.replace(root, base64.b64encode(bytes(32)).decode())), FALSE
    yield "note: a short root", with_text(text.replace(root, "AAAA")), f"{NOTE}: its root has 3 bytes, not 32"
    yield "note: a fourth line", with_text(f"{text}\nmore"), f"{NOTE}: is not: origin"
    yield "note: not UTF-8", _with_note(files, files[NOTE] + b"\xff\n"), f"{NOTE}: is not UTF-8"
    other = notes.sign(notes.SignedTree("other.example/evidence", int(size), base64.b64decode(root)), key)
    yield "note: of another log, signed by our key", _with_note(files, other), f"{VKEY}, line 1: is a key of"


def _witnesses(files: Files) -> Iterator[Attack]:
    witnessed = f"{L}checkpoint.witnessed"
    forged = files[witnessed].replace(b"\n4\n", b"\n5\n")
    yield "witness: of another checkpoint", {**files, witnessed: forged}, f"{witnessed}: is about another checkpoint"
    cut = files[witnessed].splitlines(True)
    flipped = cut[-1][:-12] + bytes([cut[-1][-12] ^ 1]) + cut[-1][-11:]
    yield "witness: a false cosignature", {**files, witnessed: b"".join([*cut[:-1], flipped])}, f"{witnessed}: "


def _with_note(files: Files, note: bytes) -> Files:
    """The checkpoint and the proofs' copies of it."""
    made = {**files, NOTE: note}
    for path in (PROOF, f"{S}head.tlog-proof"):
        made[path] = files[path].partition(b"\n\n")[0] + b"\n\n" + note
    return {path: data for path, data in made.items() if not path.endswith(".witnessed")}


def _proofs(subject: Subject, key: Ed25519PrivateKey) -> Iterator[Attack]:
    files, further = dict(subject.files), f"{S}head.tlog-proof"
    lost = f"{PROOF}: doesn't lead from the head to the root"
    yield "proof: swapped with the other stream's", {**files, PROOF: files[further], further: files[PROOF]}, lost
    yield "proof: of the other stream", {**files, PROOF: files[further]}, lost
    yield "proof: another index", changed(files, PROOF, swap(b"index 2", b"index 3")), lost
    yield "proof: an index outside the tree", changed(files, PROOF, swap(b"index 2", b"index 9")), lost
    yield "proof: an index with a plus", changed(files, PROOF, swap(b"index 2", b"index +2")), f"{PROOF}: has no index"
    yield "proof: a step changed", changed(files, PROOF, line_of(2, lambda d: base64.b64encode(bytes(32)))), lost
    yield "proof: a short step", changed(files, PROOF, line_of(2, lambda d: b"AAAA")), lost
    yield (
        "proof: a step that isn't base64",
        changed(files, PROOF, line_of(2, lambda d: b"!" + d)),
        f"{PROOF}: .*is not base64",
    )
    yield "proof: a step less", changed(files, PROOF, line_of(2, lambda _: b"")), lost
    yield "proof: a step more", changed(files, PROOF, line_of(2, lambda d: d + b"\n" + d)), lost
    many = changed(files, PROOF, line_of(2, lambda d: b"\n".join([d] * 80)))
    yield "proof: eighty steps", many, f"{PROOF}: has more steps than a tree can have"
    yield "proof: of another version", changed(files, PROOF, swap(b"@v1", b"@v2")), f'{PROOF}: begins with "c2sp'
    yield (
        "proof: with another checkpoint",
        changed(files, PROOF, lambda d: d + b"x"),
        f"{PROOF}: is about another checkpoint",
    )
    main = subject.streams[0]
    earlier = {**files, f"{L}head.json": main.head(3)}
    yield "head: an earlier one", earlier, f"{L}head.json: its size is 3, but there are 7 entries"
    alone = _noted(files, [merkle.leaf_hash(b"another head"), merkle.leaf_hash(files[f"{S}head.json"])], key)
    yield "note: our key, but over a tree without this head", alone, lost
    twin: list[Json] = []
    moved = ledger_files(f"data/streams/{main.uid}/", main, files[PROOF], twin)
    yield (
        "a stream twice",
        {**files, **moved},
        f"data/streams/{main.uid}/head.json: is of the stream that is in data/ledger/ already",
    )
    leafed = merkle.node_hash(main.leaves[0], main.leaves[1])
    node = canon({"v": 1, "stream": main.uid, "size": 1, "root": leafed.hex()})
    yield "head: a node passed off as a leaf", {**files, f"{L}head.json": node}, f"{L}head.json: its size is 1"
