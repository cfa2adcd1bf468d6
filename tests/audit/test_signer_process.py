"""The signer as a process: on a socket that only its user may open, restarted, ended with its owner, never hanging."""

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from audit import merkle
from audit.errors import SignerAway, SignerBroken, SignerRefused
from audit.signer import server as serving
from audit.signer.__main__ import serve
from audit.signer.client import Client
from audit.signer.core import Signer
from audit.signer.server import Server
from audit.signer.wire import LONGEST_LINE
from config.signer_child import SignerChild

ORIGIN = "log.example/evidence"
LEAVES = [merkle.leaf_hash(bytes([number])) for number in range(20)]
ROOT_FOLDER = Path(__file__).parents[2]


def until(true, seconds: float = 30.0) -> None:
    ends = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < ends, "it took too long"
        time.sleep(0.02)


@pytest.fixture
def signer(tmp_path):
    return Signer(tmp_path / "signer", tmp_path / "key.pem", ORIGIN, makes_key=True)


@pytest.fixture
def served(signer, tmp_path):
    """A client of a server that runs in a thread, in a folder whose path is longer than a socket's may be."""
    folder = tmp_path / ("deep" * 20) / ("deeper" * 20)
    folder.mkdir(parents=True)
    server = Server(signer, folder / "signer.sock")
    thread = threading.Thread(target=server.run)
    thread.start()
    assert server.ready.wait(10)
    yield Client(server.path)
    server.stopping.set()
    thread.join(10)
    assert not server.path.exists()


def raw(client: Client, data: bytes) -> dict:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(20)
        with serving.short_path(client.path) as path:
            connection.connect(path)
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        return json.loads(connection.makefile().read() or "{}")


def test_over_the_socket_everything_is_as_in_the_process(served, signer):
    first = served.sign(ORIGIN, 3, merkle.root(LEAVES[:3]), [])
    assert first == signer.sign(ORIGIN, 3, merkle.root(LEAVES[:3]), [])
    assert served.status() == signer.status()
    with pytest.raises(SignerRefused, match="signed 3 heads already") as refused:
        served.sign(ORIGIN, 2, merkle.root(LEAVES[:2]), [])
    assert refused.value.state["logs"][ORIGIN]["size"] == 3
    assert len(served.rotate().keys) == 2
    with pytest.raises(SignerRefused, match="no key is due"):
        served.retire()
    assert served.open_epoch(f"{ORIGIN}/2").origin == f"{ORIGIN}/2"


def test_only_its_user_may_open_the_socket(served):
    assert stat.S_IMODE(served.path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no json\n",
        b"[]\n",
        b"{}\n",
        b'{"do": "dance"}\n',
        b'{"do": "sign"}\n',
        b'{"do": "sign", "origin": "log.example/evidence", "size": "1", "root": "00", "proof": []}\n',
        b'{"do": "sign", "origin": "log.example/evidence", "size": true, "root": "00", "proof": []}\n',
        b'{"do": "sign", "origin": "log.example/evidence", "size": 1, "root": "zz", "proof": []}\n',
        b'{"do": "sign", "origin": "log.example/evidence", "size": 1, "root": "00", "proof": [1]}\n',
        b'{"do": "open_epoch"}\n',
        b"[" * 60_000 + b"\n",
        b"x" * (LONGEST_LINE + 10),
    ],
)
def test_whatever_is_said_to_it_it_goes_on(data, served):
    answer = raw(served, data)
    assert set(answer) <= {"broken", "refused", "state"}
    assert "note" not in answer
    assert served.status().signed.size == 0


def test_a_slow_caller_holds_up_nobody(served):
    with socket.socket(socket.AF_UNIX) as silent, serving.short_path(served.path) as path:
        silent.connect(path)
        assert served.status().origin == ORIGIN


def test_its_own_trouble_is_told_as_a_sentence(served, signer):
    served.status()
    (signer.folder / "state.json").write_text("torn")
    with pytest.raises(SignerBroken, match=r"state\.json can't be read"):
        served.status()


def test_nobody_there_is_away(tmp_path):
    with pytest.raises(SignerAway, match="No such file"):
        Client(tmp_path / "none.sock").status()


@pytest.mark.parametrize("answer", [b"", b"garbage\n", b"[]\n", b'{"other": 1}\n', b"x" * 70_000])
def test_an_answer_that_is_none_is_away(answer, tmp_path):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()

        def answer_once() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=answer_once)
        thread.start()
        with pytest.raises(SignerAway, match="it answered"):
            Client(tmp_path / "s").status()
        thread.join(10)


def command(tmp_path: Path, *more: str) -> list[str]:
    told = [f"--folder={tmp_path / 'signer'}", f"--key={tmp_path / 'key.pem'}", f"--origin={ORIGIN}"]
    return [sys.executable, "-m", "audit.signer", *told, f"--socket={tmp_path / 's'}", *more]


def test_it_is_started_once_with_begin_and_then_without(tmp_path, capsys):
    told = command(tmp_path)[3:]
    assert serve(told) == 1
    assert "--begin" in capsys.readouterr().err
    assert serve([*told, "--begin"]) == 1
    assert "is missing: make one with" in capsys.readouterr().err


def test_it_ends_with_its_owner_and_leaves_what_it_remembers(tmp_path):
    process = subprocess.Popen(
        command(tmp_path, "--begin", "--make-key", "--end-with-stdin"), cwd=ROOT_FOLDER, stdin=subprocess.PIPE
    )
    client = Client(tmp_path / "s")
    until(client.path.exists)
    client.sign(ORIGIN, 2, merkle.root(LEAVES[:2]), [])
    process.stdin.close()
    assert process.wait(20) == 0
    assert not client.path.exists()
    with pytest.raises(SignerAway):
        client.status()
    killed = subprocess.Popen(command(tmp_path), cwd=ROOT_FOLDER)
    until(client.path.exists)
    killed.kill()
    killed.wait(20)
    assert client.path.exists()  # what a killed one leaves behind doesn't keep the next one out
    again = subprocess.Popen(command(tmp_path), cwd=ROOT_FOLDER)
    until(lambda: answers(client))
    assert client.status().signed.size == 2
    second = subprocess.run(command(tmp_path), cwd=ROOT_FOLDER, capture_output=True, text=True, timeout=60, check=False)
    assert (second.returncode, "another signer serves" in second.stderr) == (1, True)
    again.send_signal(signal.SIGTERM)
    assert again.wait(20) == 0


def answers(client: Client) -> bool:
    try:
        client.status()
    except SignerAway:
        return False
    return True


@pytest.fixture
def embedded(settings, tmp_path):
    settings.SIGNER, settings.SIGNER_DIR = "", tmp_path / "signer"
    settings.LEDGER_KEY_FILE, settings.LEDGER_ORIGIN = tmp_path / "key.pem", ORIGIN
    child = SignerChild()
    child.start()
    yield child
    child.stop()


def test_the_embedded_one_is_started_again_when_it_dies(embedded, settings):
    assert f"unix:{embedded.socket}" == settings.SIGNER
    client = Client(embedded.socket)
    client.sign(ORIGIN, 1, merkle.root(LEAVES[:1]), [])
    first = embedded.process.pid
    os.kill(first, signal.SIGKILL)
    until(lambda: embedded.process.pid != first and answers(client))
    assert client.status().signed.size == 1
    embedded.stop()
    assert embedded.process.wait(10) == 0


def test_the_embedded_one_ends_when_the_portal_is_killed(tmp_path):
    """The portal gets SIGKILL: nobody tells the signer anything."""
    program = (
        "import os, sys, time, pathlib\n"
        "os.environ.update(DJANGO_SETTINGS_MODULE='config.settings', MUSTER_MODE='demo', MUSTER_DATA=sys.argv[1])\n"
        "from config.signer_child import SignerChild\n"
        "child = SignerChild(); child.start(); print(child.process.pid, flush=True); time.sleep(600)\n"
    )
    portal = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], cwd=ROOT_FOLDER, stdout=subprocess.PIPE, text=True
    )
    pid = int(portal.stdout.readline())
    until(lambda: answers(Client(tmp_path / "signer" / "signer.sock")))
    portal.kill()
    portal.communicate(timeout=10)
    until(lambda: not (tmp_path / "signer" / "signer.sock").exists())
    until(lambda: not Path(f"/proc/{pid}").exists() or "Z" in Path(f"/proc/{pid}/stat").read_text().split()[2])


def test_a_portal_with_a_signer_elsewhere_starts_none(settings):
    settings.SIGNER = "unix:/run/muster/signer.sock"
    child = SignerChild()
    child.start()
    assert child.process is None
    child.stop()
