"""The stage of the drill: real programs notice a real fault and its repair, and nothing is left behind."""

import os
import socket
from pathlib import Path

import pytest

from drill.errors import PortsTaken, ProgramsMissing
from drill.monitoring import Receiver
from drill.ports import Ports, listens
from drill.programs import answers
from drill.rig import Rig
from tests.drill.receiver import RecordingReceiver

TOKEN = "drill-test-token"
FIRING_WITHIN_S = 30  # measured 6.4-8.9 s; a busy machine gets its time
RESOLVED_WITHIN_S = 40


@pytest.mark.drill
def test_a_killed_service_is_reported_with_all_above_it_and_then_resolved():
    with RecordingReceiver() as receiver, Rig(Receiver(f"{receiver.url}/intake", TOKEN), Ports.free()) as rig:
        pids = [program.child.pid for program in programs_of(rig)]
        rig.web.kill("store")
        receiver.wait_for("firing", "InstanceDown", "store", FIRING_WITHIN_S)
        for service in ("edge", "api", "store"):
            receiver.wait_for("firing", "HealthProbeFailed", service, FIRING_WITHIN_S)
        assert receiver.matching("firing", "InstanceDown", "edge") is None  # its own process is fine
        assert {(post["path"], post["authorization"]) for post in receiver.posts} == {("/intake", f"Bearer {TOKEN}")}

        rig.web.start("store")
        receiver.wait_for("resolved", "InstanceDown", "store", RESOLVED_WITHIN_S)
        receiver.wait_for("resolved", "HealthProbeFailed", "edge", RESOLVED_WITHIN_S)
        assert answers(rig.web.health_url("edge"))
    assert not rig.ports.taken()
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]
    assert not rig.folder.exists()


@pytest.mark.drill
def test_a_wrong_answer_fails_only_probes():
    with RecordingReceiver() as receiver, Rig(Receiver(receiver.url, TOKEN), Ports.free()) as rig:
        rig.web.answer_wrongly("store")
        receiver.wait_for("firing", "HealthProbeFailed", "edge", FIRING_WITHIN_S)
        assert receiver.matching("firing", "InstanceDown", "store") is None
        rig.web.answer_rightly("store")
        receiver.wait_for("resolved", "HealthProbeFailed", "edge", RESOLVED_WITHIN_S)


@pytest.mark.drill
def test_a_taken_port_is_named_and_nothing_is_left_running():
    ports = Ports.free()
    with socket.create_server(("127.0.0.1", ports.alertmanager)):
        rig = Rig(Receiver("http://127.0.0.1:1", TOKEN), ports)
        with pytest.raises(PortsTaken, match=str(ports.alertmanager)), rig:
            pytest.fail("the drill started on a taken port")
    assert not listens(ports.store)
    assert not rig.folder.exists()


def test_missing_programs_are_named_with_the_command_to_get_them(monkeypatch):
    monkeypatch.setattr("drill.programs.find", lambda name: None if name == "nginx" else f"{os.sep}bin/true")
    with pytest.raises(ProgramsMissing) as refusal, Rig(Receiver("http://127.0.0.1:1", TOKEN), Ports.free()):
        pytest.fail("the drill started without nginx")
    expected = "The drill needs nginx: run `apt-get install --no-install-recommends nginx` as root, then again."
    assert str(refusal.value) == expected


def programs_of(rig):
    monitoring = rig.monitoring
    return [
        *rig.web.programs.values(),
        monitoring.alertmanager,
        monitoring.node,
        monitoring.blackbox,
        monitoring.prometheus,
    ]
