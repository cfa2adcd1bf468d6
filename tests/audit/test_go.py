"""A pack is checked by Go's own notes and logs, which aren't ours (docs/how-to/check-with-other-tools.md)."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import keys, notes
from audit.cosigning import with_lines
from audit.models import Checkpoint, Cosignature
from audit.trust import attesting
from tests.audit.attesting import witnessing
from tests.plugins.lacking import lacks

GOCODE = Path("/usr/share/gocode")
PROGRAM = Path(__file__).parent / "othertools" / "checkpack.go"

pytestmark = [pytest.mark.django_db, pytest.mark.drill]


@pytest.fixture(scope="session")
def checkpack(tmp_path_factory):
    """The program, compiled from Debian's packages, without the network."""
    if not shutil.which("go") or not (GOCODE / "src/golang.org/x/mod/sumdb/tlog").is_dir():
        lacks("Go and golang.org/x/mod", "apt-get install golang-go golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    there = {**os.environ, "GO111MODULE": "off", "GOPATH": str(GOCODE), "GOCACHE": str(folder / "cache"), "GOFLAGS": ""}
    command = ["go", "build", "-o", str(folder / "checkpack"), str(PROGRAM)]
    subprocess.run(command, env=there, check=True, timeout=900)

    def check(pack: Path, *vkey: str) -> subprocess.CompletedProcess[str]:
        told = [str(folder / "checkpack"), str(pack), *vkey]
        return subprocess.run(told, capture_output=True, text=True, check=False, timeout=60)

    return check


@pytest.fixture
def witness(tmp_path, settings):
    """Everything that is signed from now on is offered to a witness."""
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with witnessing(tmp_path / "w", {"muster.example/evidence": [keys.log_key().public_key()]}) as second:
        settings.WITNESSES = [second.setting]
        yield second


def test_go_finds_a_pack_whole(checkpack, unpacked):
    vkey = notes.vkey("muster.example/evidence", keys.log_key().public_key())
    found = checkpack(unpacked, vkey)
    assert found.stderr == ""
    assert "signed by muster.example/evidence" in found.stdout
    assert "stream inc_1: 6 entries" in found.stdout
    assert found.stdout.endswith("no witness\nwhole\n")


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("data/ledger/entries.jsonl", b'"seq":3', b'"seq":4', "leaves.txt line 4"),
        ("data/ledger/leaves.txt", b"0", b"1", "leaves.txt line"),
        ("data/ledger/head.json", b'"size":6', b'"size":5', "6 entries, 6 leaves, a head over 5"),
        ("data/ledger/head.json", b'"root":"', b'"root":"0', "the head says"),
        ("data/ledger/head.tlog-proof", b"index ", b"index 1", "head.tlog-proof"),
        ("data/ledger/checkpoint", b"\n", b"\n1", "data/ledger/checkpoint"),
    ],
)
def test_go_refuses_a_pack_that_was_changed(checkpack, unpacked, name, old, new, says):
    path = unpacked / name
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new, 1))
    found = checkpack(unpacked)
    assert found.returncode == 1
    assert says in found.stderr


def test_go_refuses_a_foreign_key(checkpack, unpacked):
    foreign = notes.vkey("muster.example/evidence", Ed25519PrivateKey.generate().public_key())
    assert "data/ledger/checkpoint" in checkpack(unpacked, foreign).stderr


def test_go_takes_our_witnesss_line(checkpack, witness, unpacked):
    note = (unpacked / "data/ledger/checkpoint").read_bytes()
    (party,) = attesting.everybody()
    party.take(Checkpoint.objects.get(note=note))()
    lines = Cosignature.objects.get().line
    path = unpacked / "data/ledger/checkpoint.witnessed"
    path.write_bytes(with_lines(note, [lines]))
    (unpacked / "keys/witnesses.vkey").write_text(f"{witness.witness.verifier}\n")
    found = checkpack(unpacked)
    assert found.stdout.endswith("witnessed by witness.example/w1\nwhole\n"), found.stderr
    path.write_bytes(path.read_bytes().replace(lines[-8:].encode(), b"AAAAAAA="))
    assert "checkpoint.witnessed" in checkpack(unpacked).stderr
