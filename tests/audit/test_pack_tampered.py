"""Whatever is changed in a pack, the verifier finds it and names the file and the place."""

import json
import os
import random
import re
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import keys, merkle, notes
from audit.canonical import canon
from audit.packs.bundle import verify
from audit.packs.container import zipped
from audit.packs.issue import BUNDLE
from tests.audit.packing import TOP, VERSION, L, check, files_of, resealed

pytestmark = pytest.mark.django_db


def test_any_flipped_byte_of_the_zip_is_found_and_named(pack):
    """Every byte that isn't file content, and 400 others chosen anew in each run."""
    content, chooser = pack.content, random.SystemRandom()
    frames = [
        match.start() + n for match in re.finditer(b"PK\x01\x02|PK\x03\x04|PK\x05\x06", content) for n in range(46)
    ]
    places = {place for place in frames if place < len(content)} | {chooser.randrange(len(content)) for _ in range(400)}
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << chooser.randrange(8)
        with pytest.raises(verify.Failed) as failed:
            verify.verify(verify.files_of_zip(bytes(flipped)))
        assert re.match(r"zip", str(failed.value)), str(failed.value)


@pytest.mark.parametrize(
    "change", [lambda zip_: zip_ + b"\0", lambda zip_: zip_[:-1], lambda zip_: b"", lambda zip_: b"PK"]
)
def test_a_zip_that_is_longer_or_shorter_is_found(pack, change):
    with pytest.raises(verify.Failed, match="zip"):
        verify.verify(verify.files_of_zip(change(pack.content)))


def test_any_flipped_byte_of_any_file_is_found_and_the_file_is_named(pack):
    files, chooser = files_of(pack), random.SystemRandom()
    for path, data in files.items():
        for place in {chooser.randrange(len(data)) for _ in range(20)} if data else ():
            flipped = bytearray(data)
            flipped[place] ^= 1 << chooser.randrange(8)
            with pytest.raises(verify.Failed) as failed:
                verify.verify({**files, path: bytes(flipped)})
            if path != "tagmanifest-sha256.txt":  # a flip there accuses the file whose line it is
                assert str(failed.value).startswith(path)


def test_missing_extra_and_linked_files_are_found_and_named(pack, unpacked):
    files = files_of(pack)
    for path in files:
        with pytest.raises(verify.Failed, match=re.escape(path)):
            verify.verify({name: data for name, data in files.items() if name != path})
    for path in ("data/extra.txt", "keys/other.pem", "notes.txt"):
        with pytest.raises(verify.Failed, match=f"{path}: is not listed"):
            verify.verify({**files, path: b""})
    (unpacked / "data/link").symlink_to("/etc/hostname")
    assert "data/link: is a link" in check(unpacked).stderr


def line_of(data: bytes, number: int, change) -> bytes:
    lines = data.splitlines()
    lines[number] = change(lines[number])
    return b"".join(line + b"\n" for line in lines)


ATTACKS = [
    # a changed file, its new content made from the old, and what must be named
    (
        L + "entries.jsonl",
        lambda d: line_of(d, 2, lambda x: x.replace(b"note.added", b"note.altered")),
        "line 4: prev is",
    ),
    (L + "entries.jsonl", lambda d: line_of(d, 5, lambda x: x.replace(b"decision", b"revision")), "leaves.txt, line 6"),
    (L + "entries.jsonl", lambda d: line_of(d, 1, lambda x: x + b" "), "line 2: is not canonical"),
    (L + "entries.jsonl", lambda d: line_of(d, 1, lambda x: b'{"v":1}'), "line 2: doesn't have the parts"),
    (L + "entries.jsonl", lambda d: b"".join(d.splitlines(keepends=True)[:-1]), "leaves.txt"),
    (L + "entries.jsonl", lambda d: b"".join(d.splitlines(keepends=True)[1:]), "line 1: seq is 1, expected 0"),
    (L + "entries.jsonl", lambda d: d[:-1], "doesn't end with a newline"),
    (L + "leaves.txt", lambda d: d + d[-65:], "has 7 lines, expected 6"),
    (
        L + "disclosures.tsv",
        lambda d: line_of(d, 1, lambda x: x.replace(b"Note 0", b"Note 9")),
        "not what the entry was",
    ),
    (L + "disclosures.tsv", lambda d: b"".join(d.splitlines(keepends=True)[1:]), "entry 0, field number: is neither"),
    (L + "disclosures.tsv", lambda d: d + d.splitlines(keepends=True)[0], "no field 'number' left"),
    (L + "disclosures.tsv", lambda d: line_of(d, 0, lambda x: b"x\ty"), "line 1: is not: seq TAB"),
    (
        L + "redactions.jsonl",
        lambda d: canon({"seq": 0, "name": "x", "state": "erased", "reason": ""}) + b"\n",
        "isn't open",
    ),
    (L + "redactions.jsonl", lambda d: b'{"a":1}\n', "parts of a redaction"),
    (L + "head.json", lambda d: d.replace(b'"size":6', b'"size":5'), "its size is 5"),
    (L + "head.json", lambda d: d.replace(b'"stream":"inc_1"', b'"stream":"inc_2"'), "stream is 'inc_1'"),
    (L + "head.json", lambda d: canon({**json.loads(d), "root": "0" * 64}), "its root is not"),
    (L + "head.json", lambda d: b"[]", "head.json: doesn't have the parts"),
    (L + "previous.json", lambda d: canon([{"size": 2, "root": "00"}]), "pack of 2 entries had another root"),
    (L + "previous.json", lambda d: canon([{"size": 7, "root": "00"}]), "more than this one"),
    (L + "checkpoint", lambda d: d.replace(b"\n2\n", b"\n3\n"), "is not signed by the key"),
    (L + "checkpoint", lambda d: d.replace(b"\n\n", b"\nmore\n\n"), "is not: origin, size, root"),
    (L + "checkpoint", lambda d: d + b"x\n", "is not a line of a signature"),
    (L + "head.tlog-proof", lambda d: d.replace(b"index 0", b"index 1"), "doesn't lead from the head"),
    (L + "head.tlog-proof", lambda d: d.replace(b"index 0", b"index 9"), "doesn't lead from the head"),
    (L + "head.tlog-proof", lambda d: d.replace(b"@v1", b"@v2"), "begins with"),
    (L + "head.tlog-proof", lambda d: d + b"x", "another checkpoint"),
    (f"data/{VERSION}", lambda d: d + b"# more", "is not named by the SHA-256"),
    ("keys/log.vkey", lambda d: notes.vkey("other", Ed25519PrivateKey.generate().public_key()).encode(), "another key"),
    ("keys/log.vkey", lambda d: d.replace(b"+", b"-"), "is not a vkey"),
    ("keys/log.pub.pem", lambda d: d.replace(b"MCow", b"MCox"), "not an Ed25519 key"),
]


@pytest.mark.parametrize(("path", "change", "said"), ATTACKS, ids=range(len(ATTACKS)))
def test_a_change_is_found_even_when_the_manifests_are_made_to_fit(path, change, said, pack):
    files = files_of(pack)
    changed = {**files, path: change(files[path])}
    assert changed[path] != files[path]
    with pytest.raises(verify.Failed, match=re.escape(said)):
        verify.verify(resealed(changed))


def test_a_rebuilt_history_is_rejected_by_the_pinned_key(pack, key, tmp_path):
    """Everything recomputed, chain to signature, with a key of the intruder's own: whole, but not ours."""
    forged = forge(files_of(pack))
    path = tmp_path / "forged.zip"
    path.write_bytes(zipped({TOP + name: data for name, data in forged.items()}))
    assert check(path).returncode == 0, "it fits itself: that is why a key must come from elsewhere"
    result = check(path, "--key", key)
    assert result.returncode == 1
    assert "FAILED: keys/log.pub.pem: is not the key that was given" in result.stderr
    real = files_of(pack)
    mixed = resealed({**forged, "keys/log.pub.pem": real["keys/log.pub.pem"], "keys/log.vkey": real["keys/log.vkey"]})
    with pytest.raises(verify.Failed, match="checkpoint: is not signed by the key"):
        verify.verify(mixed)
    with pytest.raises(verify.Failed, match="not the one that was given"):
        verify.verify(forged, None, pack.tagmanifest_sha256)


def forge(files: dict[str, bytes]) -> dict[str, bytes]:
    intruder, prev, lines = Ed25519PrivateKey.generate(), "0" * 64, []
    for line in files[L + "entries.jsonl"].splitlines():
        lines.append(canon({**json.loads(line), "prev": prev, "actor": "usr_innocent"}))
        prev = merkle.leaf_hash(lines[-1]).hex()
    leaves = [merkle.leaf_hash(line) for line in lines]
    head = canon({"v": 1, "stream": "inc_1", "size": 6, "root": merkle.root(leaves).hex()})
    note = notes.sign(notes.SignedTree("muster.example/evidence", 1, merkle.leaf_hash(head)), intruder)
    return resealed(
        {
            **files,
            L + "entries.jsonl": b"".join(line + b"\n" for line in lines),
            L + "leaves.txt": b"".join(leaf.hex().encode() + b"\n" for leaf in leaves),
            L + "head.json": head,
            L + "checkpoint": note,
            L + "head.tlog-proof": notes.proof(0, [], note),
            "keys/log.pub.pem": keys.public_pem(intruder.public_key()),
            "keys/log.vkey": notes.vkey("muster.example/evidence", intruder.public_key()).encode(),
        }
    )


def test_the_verifier_agrees_with_cryptography_about_ed25519():
    for number in range(8):
        private, message = Ed25519PrivateKey.generate(), os.urandom(number * 17)
        public, signature = keys.public_raw(private.public_key()), private.sign(message)
        assert verify.signed_by(public, message, signature)
        assert not verify.signed_by(public, message + b"x", signature)
        assert not verify.signed_by(public, message, signature[:63])
        assert not verify.signed_by(public, message, signature[:32] + verify.ORDER.to_bytes(32, "little"))
        assert not verify.signed_by(b"\xff" * 32, message, signature)
        flipped = bytearray(signature)
        flipped[number * 7] ^= 1
        assert not verify.signed_by(public, message, bytes(flipped))


def test_the_verifier_says_one_sentence_about_whatever_it_is_given(tmp_path, key):
    (tmp_path / "text.zip").write_text("not a zip")
    (tmp_path / "bad.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    shutil.copytree(BUNDLE, tmp_path / "folder" / "verify")
    for arguments in (["text.zip"], ["missing.zip"], ["folder"], ["text.zip", "--key", "bad.pem"]):
        result = check(*arguments, cwd=tmp_path)
        assert result.returncode == 1
        assert result.stderr.startswith("FAILED: ")
        assert len(result.stderr.splitlines()) == 1
