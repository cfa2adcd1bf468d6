"""The signer: it signs what extends all it signed, remembers before it answers, and never takes a loss for a start."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from audit import merkle, notes
from audit.errors import NoLogKey, SignerBroken, SignerRefused
from audit.signer.core import Signer, next_origin
from audit.signer.state import OVERLAP, from_json, load, save

ORIGIN = "log.example/evidence"
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(40)]
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def clock():
    """What the signer takes for the time; tests move it."""
    return [NOON]


@pytest.fixture
def signer(tmp_path, clock):
    return Signer(tmp_path / "signer", tmp_path / "key.pem", ORIGIN, makes_key=True, clock=lambda: clock[0])


def ask(signer: Signer, size: int, *, leaves=LEAVES, first: int | None = None) -> bytes:
    known = signer.status().signed.size if first is None else first
    proof = merkle.consistency_proof(leaves[:size], known) if 0 < known <= size else []
    return signer.sign(signer.status().origin, size, merkle.root(leaves[:size]), proof)


def opened(signer: Signer, note: bytes) -> notes.SignedTree:
    state = signer.status()
    return notes.opened(note, state.origin, [key.public for key in state.keys])


def test_a_growing_tree_is_signed_and_remembered(signer):
    for size in (1, 2, 7, 7, 8, 33):
        assert opened(signer, ask(signer, size)) == notes.SignedTree(ORIGIN, size, merkle.root(LEAVES[:size]))
        assert signer.status().signed.size == size
        assert signer.status().signed.root == merkle.root(LEAVES[:size]).hex()


def test_the_same_tree_is_signed_again_and_nothing_smaller(signer):
    assert ask(signer, 9) == ask(signer, 9)
    with pytest.raises(SignerRefused, match="signed 9 heads already; this tree has 8") as refused:
        ask(signer, 8)
    assert refused.value.state["logs"][ORIGIN]["size"] == 9


@pytest.mark.parametrize("size", [9, 10, 16])
@pytest.mark.parametrize("place", [0, 4, 8])
def test_another_past_is_never_signed(size, place, signer):
    ask(signer, 9)
    other = [merkle.leaf_hash(b"other") if number == place else leaf for number, leaf in enumerate(LEAVES)]
    for proof in ([], merkle.consistency_proof(other[:size], 9), merkle.consistency_proof(LEAVES[:size], 9)):
        with pytest.raises(SignerRefused, match="not the first 9"):
            signer.sign(ORIGIN, size, merkle.root(other[:size]), proof)
    assert signer.status().signed.root == merkle.root(LEAVES[:9]).hex()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (("other.example/evidence", 1, bytes(32), []), "signs log.example/evidence, not other"),
        ((ORIGIN, 0, bytes(32), []), "a tree has a size"),
        ((ORIGIN, -1, bytes(32), []), "a tree has a size"),
        ((ORIGIN, 1, bytes(31), []), "a tree has a size"),
        ((ORIGIN, 1, bytes(32), [bytes(32)] * 65), "short proof"),
        ((ORIGIN, 1, bytes(32), [bytes(32)]), "nothing to prove"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(asked, said, signer):
    with pytest.raises(SignerRefused, match=said):
        signer.sign(*asked)
    assert signer.status().signed.size == 0


def test_what_was_signed_outlives_the_process(signer, tmp_path):
    ask(signer, 5)
    again = Signer(signer.folder, signer.key_file, ORIGIN, makes_key=False, begins=False)
    assert again.status() == signer.status()
    with pytest.raises(SignerRefused):
        ask(again, 4)


def test_files_are_for_their_owner_alone(signer):
    ask(signer, 1)
    ask(signer, 2)
    signer.rotate()
    modes = {path.name.split("-")[0]: path.stat().st_mode & 0o777 for path in signer.folder.iterdir()}
    assert modes == {"state.json": 0o600, "lock": 0o600, "key": 0o600}
    assert signer.folder.stat().st_mode & 0o777 == 0o700


def test_a_lost_or_torn_memory_is_no_new_start(signer, tmp_path):
    ask(signer, 5)
    file = signer.folder / "state.json"
    whole = file.read_bytes()
    strict = Signer(signer.folder, signer.key_file, ORIGIN, makes_key=False, begins=False)
    file.unlink()
    with pytest.raises(SignerBroken, match="--begin"):
        ask(strict, 6)
    for torn in (
        b"",
        whole[:-20],
        b"[]",
        b"{}",
        whole.replace(b'"v": 1', b'"v": 2'),
        whole.replace(b'"size": 5', b'"size": -5'),
    ):
        file.write_bytes(torn)
        with pytest.raises(SignerBroken):
            ask(signer, 6)
    file.write_bytes(whole)
    ask(signer, 6)


def test_a_key_file_that_was_exchanged_signs_nothing(signer, tmp_path):
    ask(signer, 1)
    signer.key_file.unlink()
    with pytest.raises(NoLogKey, match="is missing"):
        ask(signer, 2)
    Signer(tmp_path / "another", signer.key_file, ORIGIN, makes_key=True).status()
    with pytest.raises(SignerBroken, match="another key"):
        ask(signer, 2)


def test_nothing_is_remembered_that_could_not_be_signed(signer):
    ask(signer, 1)
    signer.key_file.chmod(0o644)
    with pytest.raises(NoLogKey, match="mode must be 600"):
        ask(signer, 2)
    assert signer.status().signed.size == 1


def test_a_killed_signer_signs_the_same_again(signer, tmp_path):
    """Killed between remembering and answering: who asked gets no note, asks again, and gets it."""
    ask(signer, 3)
    root, proof = merkle.root(LEAVES[:6]).hex(), [item.hex() for item in merkle.consistency_proof(LEAVES[:6], 3)]
    program = (
        "import sys, pathlib; from audit.signer.core import Signer\n"
        "folder, key, origin, root, *proof = sys.argv[1:]\n"
        "signer = Signer(pathlib.Path(folder), pathlib.Path(key), origin, makes_key=False)\n"
        "signer.sign(origin, 6, bytes.fromhex(root), [bytes.fromhex(item) for item in proof])\n"
    )
    told = [signer.folder, signer.key_file, ORIGIN, root, *proof]
    killed = subprocess.run(
        [sys.executable, "-c", program, *map(str, told)],
        env={"MUSTER_FAIL": "after_signer_state"},
        cwd=Path(__file__).parents[2],
        check=False,
        timeout=60,
    )
    assert killed.returncode == -9
    assert signer.status().signed.size == 6
    assert opened(signer, ask(signer, 6)).size == 6
    assert opened(signer, ask(signer, 7)).size == 7


def test_many_at_once_leave_one_history(signer):
    """Each thread shows its own growing tree over one past; whatever is signed extends what was signed before."""
    others = [Signer(signer.folder, signer.key_file, ORIGIN, makes_key=True) for _ in range(4)]

    def grow(one: Signer) -> list[tuple[int, str]]:
        signed = []
        for size in range(1, 30):
            try:
                signed.append((size, opened(one, ask(one, size)).root.hex()))
            except SignerRefused:
                continue
        return signed

    with ThreadPoolExecutor(4) as pool:
        signed = [pair for pairs in pool.map(grow, others) for pair in pairs]
    assert {(size, merkle.root(LEAVES[:size]).hex()) for size, _ in signed} == set(signed)
    assert signer.status().signed.size == 29


def test_two_keys_sign_for_thirty_days(signer, clock):
    first = signer.status().keys[0].public
    signer.rotate()
    with pytest.raises(SignerRefused, match="two keys sign already"):
        signer.rotate()
    new = signer.status().keys[1].public
    note = ask(signer, 3)
    assert note.decode().count("\n— ") == 2
    for key in (first, new):
        assert notes.opened(note, ORIGIN, [key]).size == 3
    clock[0] = NOON + OVERLAP - timedelta(seconds=1)
    with pytest.raises(SignerRefused, match="no key is due"):
        signer.retire()
    clock[0] = NOON + OVERLAP
    assert [key.retired_at is None for key in signer.retire().keys] == [False, True]
    note = ask(signer, 4)
    assert note.decode().count("\n— ") == 1
    assert notes.opened(note, ORIGIN, [new]).size == 4
    with pytest.raises(SignerRefused, match="no key is due"):
        signer.retire()  # the last one stays


def test_an_epoch_begins_anew_under_the_next_name_only(signer):
    ask(signer, 9)
    for wrong in ("log.example/evidence/3", "other.example", ""):
        with pytest.raises(SignerRefused, match=r"next origin is log\.example/evidence/2"):
            signer.open_epoch(wrong)
    assert signer.open_epoch(f"{ORIGIN}/2") == signer.open_epoch(f"{ORIGIN}/2")
    assert ask(signer, 2).startswith(b"log.example/evidence/2\n2\n")
    with pytest.raises(SignerRefused, match=r"signs log\.example/evidence/2"):
        signer.sign(ORIGIN, 10, merkle.root(LEAVES[:10]), merkle.consistency_proof(LEAVES[:10], 9))
    assert signer.status().logs[ORIGIN].size == 9
    assert next_origin(next_origin(f"{ORIGIN}/2")) == f"{ORIGIN}/4"


def test_the_state_reads_back_as_it_was_written(signer, tmp_path):
    ask(signer, 5)
    signer.rotate()
    state = signer.status()
    assert from_json(json.loads(json.dumps(state.as_json()))) == state
    save(tmp_path / "copy.json", state)
    assert load(tmp_path / "copy.json") == state
    assert load(tmp_path / "nothing.json") is None
    if os.getuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        with pytest.raises(SignerBroken, match="can't be written"):
            save(tmp_path / "closed" / "state.json", state)


def test_no_django_is_needed():
    program = "import sys, audit.signer.__main__; sys.exit(any(name.startswith('django') for name in sys.modules))"
    assert not subprocess.run([sys.executable, "-c", program], cwd=Path(__file__).parents[2], check=False).returncode
