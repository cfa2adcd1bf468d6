"""Our witness: cosigns what extends what it saw, whoever asks and however often it is restarted; nothing else."""

import base64
import http.client
import json
import subprocess
import sys
import threading
from contextlib import closing
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import merkle, notes
from audit.cosigning import COSIGNATURE, AddCheckpoint, Verifier, find_cosigned, read_add_checkpoint, read_verifier
from audit.ed25519 import ED25519
from audit.errors import BadNote
from audit.notes import SignedTree
from audit.witness import command
from audit.witness.core import SIZE, Witness
from audit.witness.server import LARGEST, Server
from audit.witness.state import Seen, State, StateUnusable, write

ORIGIN = "portal.example/evidence"
LOG = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64)))
NAME = "witness.example/w1"
VERIFIER = Verifier(NAME, COSIGNATURE, KEY.public_key())
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(40)]
NOW = 1_679_315_147


def note_over(leaves, origin=ORIGIN, key=LOG):
    return notes.sign(SignedTree(origin, len(leaves), merkle.root(leaves)), key)


def asking(old, size, leaves=LEAVES, **signed):
    proof = merkle.consistency_proof(leaves[:size], old) if 0 < old <= size else []
    return AddCheckpoint(old, tuple(proof), note_over(leaves[:size], **signed)).body()


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "state.json"
    write(path, str(VERIFIER), {})
    return path


@pytest.fixture
def make_witness(path):
    """Another one each time, as after a restart."""
    opened = []

    def make():
        for state in opened:
            state.close()
        opened.append(State(path, str(VERIFIER)))
        return Witness(NAME, KEY, {ORIGIN: [LOG.public_key()]}, opened[-1], lambda: NOW)

    yield make
    opened[-1].close()


@pytest.fixture
def witness(make_witness):
    return make_witness()


def cosigned(reply, note):
    assert reply.status == 200, reply.body
    return find_cosigned(reply.body, note, VERIFIER)


def test_the_first_checkpoint_and_each_that_extends_it_are_cosigned(witness):
    old = 0
    for size in (1, 2, 7, 8, 33, 40):
        assert cosigned(witness.add_checkpoint(asking(old, size)), note_over(LEAVES[:size])).time == NOW
        old = size
    assert witness.latest()[ORIGIN].size == 40


def test_the_line_is_what_tlog_cosignature_says(witness):
    """Put together here by hand, from the words of the specification."""
    note = note_over(LEAVES[:3])
    line = witness.add_checkpoint(asking(0, 3)).body.decode()
    mark, name, packed = line.removesuffix("\n").split(" ")
    data = base64.b64decode(packed)
    public = KEY.public_key().public_bytes_raw()
    assert (mark, name) == ("\N{EM DASH}", NAME)
    assert data[:4] == sha256(NAME.encode() + b"\n\x04" + public).digest()[:4]
    assert data[4:12] == bytes.fromhex("00000000641850cb")
    text = note.partition(b"\n\n")[0] + b"\n"
    KEY.public_key().verify(data[12:], b"cosignature/v1\ntime 1679315147\n" + text)


def test_the_examples_of_the_specification_are_read():
    """It publishes no keys for them: what can be checked is how they are taken apart."""
    body = (
        "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\njrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n"
        "5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n/6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\n"
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
        "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE"
        "+xeMcTOAYQ8=\n"
    )
    asked = read_add_checkpoint(body.encode())
    assert (asked.old, len(asked.proof), asked.body()) == (20852014, 4, body.encode())
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0"
        "xUe+mbIUBkBIfZ+qnA==\n"
    )
    assert base64.b64decode(line.split(" ")[2])[4:12] == (1679315147).to_bytes(8, "big")
    with pytest.raises(BadNote, match="no line is by"):
        find_cosigned(line.encode(), asked.note, VERIFIER)


def test_who_doesnt_know_where_the_witness_is_is_told(witness):
    witness.add_checkpoint(asking(0, 5))
    for old in (0, 4, 6):
        reply = witness.add_checkpoint(asking(old, 8))
        assert (reply.status, reply.body, reply.kind) == (409, b"5\n", SIZE)
    assert cosigned(witness.add_checkpoint(asking(5, 8)), note_over(LEAVES[:8]))


def test_the_same_tree_is_cosigned_again(witness):
    witness.add_checkpoint(asking(0, 5))
    assert cosigned(witness.add_checkpoint(asking(5, 5)), note_over(LEAVES[:5]))


def test_no_other_history_is_cosigned_even_after_a_restart(make_witness):
    make_witness().add_checkpoint(asking(0, 5))
    witness = make_witness()
    forked = [*LEAVES[:2], merkle.leaf_hash(b"changed"), *LEAVES[3:]]
    same = witness.add_checkpoint(AddCheckpoint(5, (), note_over(forked[:5])).body())
    assert (same.status, same.contradicts) == (409, True)
    longer = witness.add_checkpoint(asking(5, 9, forked))
    assert (longer.status, longer.contradicts) == (422, True)
    assert witness.add_checkpoint(asking(5, 4)).status == 400
    assert witness.latest()[ORIGIN].size == 5


def test_an_older_tree_does_not_come_back(witness):
    witness.add_checkpoint(asking(0, 9))
    assert witness.add_checkpoint(asking(0, 5)).body == b"9\n"


def test_a_proof_where_none_belongs_is_refused(witness):
    extra = AddCheckpoint(0, (LEAVES[0],), note_over(LEAVES[:3])).body()
    assert witness.add_checkpoint(extra).status == 422
    witness.add_checkpoint(asking(0, 3))
    assert witness.add_checkpoint(AddCheckpoint(3, (LEAVES[0],), note_over(LEAVES[:3])).body()).status == 422


def test_a_tree_of_nothing_has_the_root_of_nothing(witness):
    assert witness.add_checkpoint(AddCheckpoint(0, (), note_over([])).body()).status == 200
    empty = notes.sign(SignedTree(ORIGIN, 0, bytes(32)), LOG)
    assert witness.add_checkpoint(AddCheckpoint(0, (), empty).body()).status == 409


def test_strangers_logs_and_strangers_keys_are_told_apart(witness):
    assert witness.add_checkpoint(asking(0, 3, origin="other.example/log")).status == 404
    assert witness.add_checkpoint(asking(0, 3, key=KEY)).status == 403
    broken = asking(0, 3).replace(b"\n3\n", b"\n4\n")
    assert witness.add_checkpoint(broken).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\n",
        b"\xff",
        b"old\n\n",
        b"old 01\n\nx",
        b"old -1\n\nx",
        "old ٣\n\nx".encode(),
        b"old 99999999999999999999999\n\nx",
        b"old 0\nAA==\n\nx",
        b"old 0\n!!!\n\nx",
        b"old 0\n" + base64.b64encode(bytes(32)) + b"\n" * 2,
        b"old 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\nx",
        b"old 0\n\n" + ORIGIN.encode() + b"\n3\n",
    ],
)
def test_what_is_no_request_is_answered_400(witness, body):
    assert witness.add_checkpoint(body).status == 400
    assert witness.latest()[ORIGIN].size == 0


def test_no_changed_byte_of_a_request_makes_it_sign_something_else(witness):
    witness.add_checkpoint(asking(0, 3))
    body = asking(3, 7)
    for place in range(len(body)):
        changed = bytearray(body)
        changed[place] ^= 1
        reply = witness.add_checkpoint(bytes(changed))
        assert reply.status in {400, 403, 404, 409, 422}, place
    assert witness.latest()[ORIGIN].size == 3


def test_of_many_at_once_each_answer_fits_one_history(witness):
    """All forks start at the same tree: exactly one of them may be cosigned."""
    witness.add_checkpoint(asking(0, 4))
    forks = [[*LEAVES[:4], *(merkle.leaf_hash(bytes([fork, n])) for n in range(4))] for fork in range(8)]
    replies = []
    barrier = threading.Barrier(len(forks))

    def ask(leaves):
        barrier.wait()
        replies.append(witness.add_checkpoint(asking(4, 8, leaves)).status)

    threads = [threading.Thread(target=ask, args=(leaves,)) for leaves in forks]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert sorted(replies) == [200] + [409] * 7


def test_what_the_disk_does_not_take_is_not_cosigned(witness, path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("audit.witness.state.os.fsync", full)
    with pytest.raises(OSError, match="No space"):
        witness.add_checkpoint(asking(0, 5))
    assert witness.latest()[ORIGIN].size == 0
    monkeypatch.undo()
    assert json.loads(path.read_text())["logs"] == {}
    assert witness.add_checkpoint(asking(0, 3)).status == 200


def test_a_state_that_is_not_there_torn_or_anothers_is_not_used(tmp_path, path):
    with pytest.raises(StateUnusable, match="new key and name"):
        State(tmp_path / "none.json", str(VERIFIER))
    with pytest.raises(StateUnusable, match="belongs to"):
        State(path, "other")
    write(path, str(VERIFIER), {ORIGIN: Seen(3, merkle.root(LEAVES[:3]), b"")})
    held = State(path, str(VERIFIER))
    with pytest.raises(StateUnusable, match="in use by another"):
        State(path, str(VERIFIER))
    held.close()
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(StateUnusable, match="not what a witness wrote"):
        State(path, str(VERIFIER))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name", "expected name"),
        ("na me+00000000+AAAA", "expected name"),
        ("name+00000000+AAAA", "3 bytes, expected a witness's key"),
        (notes.vkey(ORIGIN, LOG.public_key()), "a log's key .*, expected a witness's key"),
        (str(VERIFIER).replace(NAME, "other"), "has the id"),
        (str(VERIFIER)[:-1] + "!", "not base64"),
    ],
)
def test_a_verifier_key_that_is_none_is_named(text, says):
    with pytest.raises(BadNote, match=says):
        read_verifier(text, COSIGNATURE)


def test_a_verifier_key_reads_back():
    assert str(read_verifier(str(VERIFIER), COSIGNATURE)) == str(VERIFIER)
    assert str(read_verifier(notes.vkey(ORIGIN, LOG.public_key()), ED25519)) == notes.vkey(ORIGIN, LOG.public_key())


@pytest.fixture
def door(witness, tmp_path):
    server = Server(("127.0.0.1", 0), witness, tmp_path / "contradictions.jsonl")
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def ask(method, path, body=None, headers=None):
        with closing(http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=10)) as connection:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers.get_content_type(), answer.read()

    yield ask
    server.shutdown()
    server.server_close()


def test_the_door_speaks_http(door, tmp_path):
    assert door("POST", "/add-checkpoint", asking(0, 3))[0] == 200
    assert door("POST", "/add-checkpoint", asking(0, 3)) == (409, SIZE, b"3\n")
    assert door("POST", "/elsewhere", b"")[0] == 404
    assert door("POST", "/add-checkpoint", bytes(LARGEST + 1))[0] == 413
    assert door("POST", "/add-checkpoint", b"", {"content-length": "x"})[0] == 413
    assert door("GET", "/nothing")[0] == 404
    told = door("GET", "/")[2].decode()
    assert told == f"{VERIFIER}\n\n{ORIGIN} 3 {merkle.root(LEAVES[:3]).hex()}\n"
    note = door("GET", f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint")[2]
    assert find_cosigned(note.partition(b"\n\n")[2], note, VERIFIER).time == NOW


def test_what_a_log_signed_against_itself_is_kept(door, tmp_path):
    door("POST", "/add-checkpoint", asking(0, 3))
    forked = [merkle.leaf_hash(b"other"), *LEAVES[1:]]
    body = asking(3, 6, forked)
    assert door("POST", "/add-checkpoint", body)[0] == 422
    kept = (tmp_path / "contradictions.jsonl").read_text().splitlines()
    assert [json.loads(line).encode() for line in kept] == [body]


def test_the_command_runs_without_django_and_comes_back_after_a_kill(tmp_path):
    logs = tmp_path / "logs"
    logs.write_text(f"# the portal\n{notes.vkey(ORIGIN, LOG.public_key())}\n")
    run = [
        sys.executable,
        "-c",
        "import sys; sys.modules['django'] = None; from audit.witness.command import main; sys.exit(main())",
    ]
    named = ["--name", NAME, "--folder", str(tmp_path / "w")]
    verifier = subprocess.run(
        [*run, "init", *named], capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()
    again = subprocess.run([*run, "init", *named], capture_output=True, text=True, check=False, timeout=60)
    assert (again.returncode, "holds a witness already" in again.stderr) == (1, True)
    assert (tmp_path / "w" / "key.pem").stat().st_mode & 0o077 == 0
    serve = [*run, "serve", *named, "--logs", str(logs), "--listen", "127.0.0.1:0"]

    def ask(body):
        with subprocess.Popen(serve, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            assert process.stdout.readline().strip() == verifier
            port = int(process.stdout.readline().rpartition(":")[2])
            with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
                connection.request("POST", "/add-checkpoint", body)
                answer = connection.getresponse()
                told = (answer.status, answer.read())
            process.kill()
        return told

    status, line = ask(asking(0, 3))
    assert status == 200
    assert find_cosigned(line, note_over(LEAVES[:3]), read_verifier(verifier, COSIGNATURE))
    assert ask(asking(0, 3)) == (409, b"3\n")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["serve", "--listen", "0.0.0.0:1"], "not this machine alone"),
        (["serve", "--listen", "here"], "is no address"),
        (["serve", "--name", "a b"], "can't be a witness's name"),
        (["serve", "--logs", "nowhere"], "can't be read"),
        (["serve", "--folder", "nowhere"], "is missing"),
    ],
)
def test_what_the_command_cannot_use_is_said_in_a_sentence(tmp_path, path, capsys, words, says):
    command.init("w", tmp_path / "w")
    (tmp_path / "logs").write_text(notes.vkey(ORIGIN, LOG.public_key()))
    given = {"--name": "w", "--folder": str(tmp_path / "w"), "--logs": str(tmp_path / "logs")}
    given.update(zip(words[1::2], words[2::2], strict=True))
    assert command.main([words[0], *(word for pair in given.items() for word in pair)]) == 1
    assert says in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "# nobody\n", "nonsense\n", str(VERIFIER)])
def test_a_file_of_logs_that_names_none_is_refused(tmp_path, text):
    (tmp_path / "logs").write_text(text)
    with pytest.raises(command.CantRun):
        command.read_logs(tmp_path / "logs")
