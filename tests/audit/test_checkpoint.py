"""Checkpoints: signed as C2SP says, never on top of a changed past, and the key's file is kept close."""

import base64
import stat
import subprocess

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.core.management import CommandError, call_command

from audit import checkpoints, keys, merkle, notes
from audit.ed25519 import make_private
from audit.errors import BadNote, Forked, NoLogKey
from audit.models import Checkpoint, Entry, Head
from audit.notes import SignedTree
from tests.audit import vector
from tests.plugins.ledger_flush import without_guards

KEY = Ed25519PrivateKey.from_private_bytes(vector.SEED)
TREE = SignedTree(vector.ORIGIN, 1, bytes.fromhex(vector.HEAD_LEAF))


def test_the_signed_note_is_that_of_the_vector():
    body = checkpoints.head_body("inc_test", 3, bytes.fromhex(vector.ROOT_3))
    assert merkle.leaf_hash(body).hex() == vector.HEAD_LEAF
    assert keys.key_id(vector.ORIGIN, KEY.public_key()).hex() == vector.KEY_ID
    assert notes.sign(TREE, KEY).decode() == f"{vector.CHECKPOINT}\n{vector.NOTE_LINE}"
    assert notes.opened(notes.sign(TREE, KEY), vector.ORIGIN, [KEY.public_key()]) == TREE


@pytest.mark.parametrize("place", range(len(notes.sign(TREE, KEY))))
def test_no_changed_byte_of_a_note_is_taken(place):
    note = bytearray(notes.sign(TREE, KEY))
    note[place] ^= 1
    with pytest.raises(BadNote):
        notes.opened(bytes(note), vector.ORIGIN, [KEY.public_key()])


@pytest.mark.parametrize(
    "text",
    ["portal.example/evidence\n1\n", "portal.example/evidence\n01\nAA==\n", "portal.example/evidence\n1\nAA==\n"],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text):
    signature = keys.key_id(vector.ORIGIN, KEY.public_key()) + KEY.sign(text.encode())
    note = f"{text}\n— {vector.ORIGIN} {base64.b64encode(signature).decode()}\n"
    with pytest.raises(BadNote):
        notes.opened(note.encode(), vector.ORIGIN, [KEY.public_key()])


def test_another_keys_line_beside_ours_does_no_harm():
    other = notes.sign(TREE, Ed25519PrivateKey.generate()).decode().split("\n\n")[1]
    note = notes.sign(TREE, KEY) + other.encode()
    assert notes.opened(note, vector.ORIGIN, [KEY.public_key()]) == TREE
    with pytest.raises(BadNote, match="no line was signed"):
        notes.opened(f"{TREE.text()}\n{other}".encode(), vector.ORIGIN, [KEY.public_key()])


@pytest.mark.django_db
def test_a_checkpoint_covers_every_stream_and_openssl_agrees(make_stream, tmp_path):
    make_stream("inc_1", 3)
    make_stream("inc_2", 1)
    assert checkpoints.grew()
    made = checkpoints.checkpoint()
    assert not checkpoints.grew()
    assert {head.stream.uid: head.size for head in Head.objects.all()} == {"inc_1": 3, "inc_2": 1}
    text, _, line = bytes(made.note).decode().partition("\n\n")
    root = merkle.root(checkpoints.head_leaves(2))
    assert text.split("\n") == ["muster.example/evidence", "2", base64.b64encode(root).decode()]
    files = {"text": text.encode() + b"\n", "sig": base64.b64decode(line.split()[2])[4:]}
    files["pem"] = keys.public_pem(keys.log_key().public_key())
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    command = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "pem", "-rawin", "-in", "text", "-sigfile", "sig"]
    assert b"Verified Successfully" in subprocess.run(command, cwd=tmp_path, capture_output=True, check=True).stdout


@pytest.mark.django_db
def test_nothing_is_signed_twice_and_growth_is(make_stream):
    assert checkpoints.checkpoint() is None
    make_stream("inc_1", 2)
    first = checkpoints.checkpoint()
    assert checkpoints.checkpoint() == first
    make_stream("inc_1", 1)
    second = checkpoints.checkpoint()
    assert (second.size, Checkpoint.objects.count()) == (2, 2)
    proof = merkle.consistency_proof(checkpoints.head_leaves(2), 1)
    assert merkle.consistent(1, 2, bytes(first.root), bytes(second.root), proof)


@pytest.mark.django_db
def test_nothing_is_signed_on_top_of_a_changed_past(make_stream):
    stream = make_stream("inc_1", 3)
    checkpoints.checkpoint()
    make_stream("inc_1", 1)
    with without_guards():
        leaf = bytes(Entry.objects.get(stream=stream, seq=1).leaf)
        Entry.objects.filter(stream=stream, seq=1).update(leaf=bytes(32))
        with pytest.raises(Forked, match="first 3 of the entries of inc_1"):
            checkpoints.checkpoint()
        Entry.objects.filter(stream=stream, seq=1).update(leaf=leaf)
        Head.objects.update(leaf=bytes(32))
        with pytest.raises(Forked, match="first 1 of the heads"):
            checkpoints.checkpoint()
    assert Checkpoint.objects.count() == 1
    assert Head.objects.count() == 1


@pytest.mark.django_db
def test_the_command_prints_the_checkpoint(make_stream, capsys):
    with pytest.raises(CommandError, match="empty"):
        call_command("checkpoint")
    make_stream()
    call_command("checkpoint")
    assert capsys.readouterr().out == bytes(Checkpoint.objects.get().note).decode()


def test_the_key_is_made_once_and_for_its_owner_alone(settings):
    first = keys.public_raw(keys.log_key().public_key())
    assert stat.S_IMODE(settings.LEDGER_KEY_FILE.stat().st_mode) == 0o600
    assert keys.public_raw(keys.log_key().public_key()) == first
    assert [path.name for path in settings.LEDGER_KEY_FILE.parent.iterdir()] == ["ledger-key.pem"]
    make_private(settings.LEDGER_KEY_FILE)  # a second process at the same moment keeps the first one's key
    assert keys.public_raw(keys.log_key().public_key()) == first


def test_production_must_be_given_a_key(settings):
    settings.PRODUCTION = True
    with pytest.raises(NoLogKey, match="openssl genpkey"):
        keys.log_key()


def test_a_key_that_cannot_be_used_is_refused(settings):
    path = settings.LEDGER_KEY_FILE
    keys.log_key()
    path.chmod(0o640)
    with pytest.raises(NoLogKey, match="mode must be 600"):
        keys.log_key()
    path.chmod(0o600)
    path.write_text("not a key")
    with pytest.raises(NoLogKey, match="not a PEM"):
        keys.log_key()
    rsa = generate_private_key(65537, 2048)
    path.write_bytes(rsa.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    with pytest.raises(NoLogKey, match="not Ed25519"):
        keys.log_key()


def test_the_public_key_in_the_verifiers_form():
    parts = notes.vkey(vector.ORIGIN, KEY.public_key()).split("+", 2)
    assert parts[:2] == [vector.ORIGIN, vector.KEY_ID]
    assert base64.b64decode(parts[2]) == b"\x01" + keys.public_raw(KEY.public_key())
    assert len(keys.fingerprint(KEY.public_key())) == 64
