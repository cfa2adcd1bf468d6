"""The control service: one effect per idempotency key, every request on record."""

import json
import urllib.error
import urllib.request

import pytest

from drill.control import Control, Effects
from drill.ports import Ports


class Starts:
    """Stands in for nginx: remembers who was started; refuses while `broken`."""

    def __init__(self):
        self.names, self.broken = [], False

    def __call__(self, name):
        if self.broken:
            raise RuntimeError("nginx didn't start")
        self.names.append(name)


@pytest.fixture
def starts():
    return Starts()


@pytest.fixture
def control(tmp_path, starts):
    service = Control(Ports.free().control, Effects(tmp_path / "effects"), {"store"}, starts, lambda name: True)
    service.start()
    yield service
    service.stop()


def ask(control, path, key=None, method="POST"):
    """(status, body) of a request."""
    headers = {"Idempotency-Key": key} if key else {}
    request = urllib.request.Request(f"http://127.0.0.1:{control.port}{path}", method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=5) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as refusal:
        with refusal:
            return refusal.code, json.load(refusal)


def test_the_same_key_twice_is_one_effect_and_two_records(control, starts):
    assert ask(control, "/services/store/start", "run-1/restart")[1]["effect"] is True
    assert ask(control, "/services/store/start", "run-1/restart")[1]["effect"] is False
    assert starts.names == ["store"]
    recorded = ask(control, "/effects", method="GET")[1]["effects"]
    assert [(row["key"], row["effect"]) for row in recorded] == [("run-1/restart", True), ("run-1/restart", False)]


def test_a_look_tells_whether_a_service_runs_and_how_often_it_was_started(control):
    for key in ("run-1/restart", "run-1/restart", "run-2/restart"):
        ask(control, "/services/store/start", key)
    assert ask(control, "/services/store", method="GET") == (200, {"service": "store", "running": True, "starts": 2})
    assert ask(control, "/services/vault", method="GET")[0] == 404


def test_another_key_is_another_effect(control, starts):
    for key in ("run-1/restart", "run-2/restart"):
        assert ask(control, "/services/store/start", key)[0] == 200
    assert starts.names == ["store", "store"]


def test_keys_outlive_a_restart_of_the_control_service(control, tmp_path):
    ask(control, "/services/store/start", "run-1/restart")
    later = Effects(tmp_path / "effects")
    assert later.perform("run-1/restart", "store", lambda: pytest.fail("a second effect"))["effect"] is False


def test_a_start_that_fails_is_no_effect_and_may_be_tried_again(control, starts):
    starts.broken = True
    assert ask(control, "/services/store/start", "run-1/restart") == (502, {"error": "nginx didn't start"})
    starts.broken = False
    assert ask(control, "/services/store/start", "run-1/restart")[1]["effect"] is True


@pytest.mark.parametrize(
    ("path", "key", "status", "says"),
    [
        ("/services/store/start", None, 400, "Idempotency-Key is missing"),
        ("/services/vault/start", "k", 404, "No service 'vault'; there are store."),
        ("/services/store/explode", "k", 404, "Ask POST"),
    ],
)
def test_a_wrong_request_is_refused_and_changes_nothing(control, starts, path, key, status, says):
    answered, body = ask(control, path, key)
    assert answered == status
    assert says in body["error"]
    assert starts.names == []
    assert control.effects.rows == []
