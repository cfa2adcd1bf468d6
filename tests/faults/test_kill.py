"""Parts of a portal die in the middle of a run: it ends all the same, no effect is doubled, nothing is missing.

The control service counts effects by idempotency key and holds each request for a moment, so that a kill hits steps
in the middle. Fault matrix of runtime.md, rows 1, 2, 6, 28.
"""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drill.control import Control, Effects
from scripts.servers import free_port
from tests.faults.portal import Portal, apart, embedded, empty_broker

STEPS = 12
HOLD_S = 0.4
pytestmark = pytest.mark.faults


@pytest.fixture
def control(tmp_path: Path) -> Iterator[Control]:
    effects = Effects(tmp_path / "effects.jsonl")
    service = Control(free_port(), effects, ["store"], lambda name: None, lambda name: True, hold_s=HOLD_S)
    service.start()
    yield service
    service.stop()


def begin(portal: Portal, control: Control) -> str:
    """A run that is in the middle: three effects have happened, more are on the way."""
    run = portal.ask("begin", f"http://127.0.0.1:{control.port}", str(STEPS))["run"]
    until = time.monotonic() + 30
    while len(control.effects.rows) < 3 and time.monotonic() < until:
        time.sleep(0.02)
    assert 3 <= len(control.effects.rows) < STEPS
    return run


def assert_whole(portal: Portal, control: Control, run: str) -> None:
    """The run ended well; each step acted exactly once; the ledger is gapless, verifies and tells of each step once."""
    found = portal.wait_for_end(run, within_s=60)
    assert found["state"] == "succeeded", found
    assert set(found["steps"].values()) == {"done"}
    acted = [row["key"] for row in control.effects.rows if row["effect"]]
    assert sorted(acted) == found["keys"] and len(acted) == STEPS
    assert found["intact"]
    assert found["kinds"]["step.done"] == found["kinds"]["attempt.succeeded"] == STEPS
    assert (found["kinds"]["run.started"], found["kinds"]["run.succeeded"]) == (1, 1)


def test_embedded_killed_in_mid_step_and_started_again(tmp_path, control):
    with embedded(tmp_path / "data") as portal:
        run = begin(portal, control)
        portal.kill("web")
        portal.start()
        assert_whole(portal, control, run)


def test_embedded_stopped_by_ctrl_c_in_mid_run_loses_nothing(tmp_path, control):
    with embedded(tmp_path / "data") as portal:
        run = begin(portal, control)
        began = time.monotonic()
        portal.stop()
        assert time.monotonic() - began < 5
        portal.start()
        assert_whole(portal, control, run)


@pytest.fixture
def apart_portal(tmp_path: Path) -> Iterator[Portal]:
    database, broker = os.environ.get("MUSTER_DATABASE_URL", ""), os.environ.get("MUSTER_REDIS_URL", "")
    if not (database and broker):
        pytest.skip("runs in the PostgreSQL + Redis part of make test")
    with apart(tmp_path / "data", database, broker) as portal:
        yield portal


@pytest.mark.postgres
@pytest.mark.redis
def test_apart_worker_killed_in_mid_step(apart_portal, control):
    run = begin(apart_portal, control)
    apart_portal.kill("worker")
    time.sleep(1)
    apart_portal.start("worker")
    assert_whole(apart_portal, control, run)


@pytest.mark.postgres
@pytest.mark.redis
def test_apart_broker_emptied_and_web_restarted_in_mid_run(apart_portal, control):
    run = begin(apart_portal, control)
    empty_broker(os.environ["MUSTER_REDIS_URL"])
    apart_portal.kill("web")
    apart_portal.start("web")
    empty_broker(os.environ["MUSTER_REDIS_URL"])
    assert_whole(apart_portal, control, run)


@pytest.mark.postgres
@pytest.mark.redis
def test_apart_worker_and_sweep_killed_together(apart_portal, control):
    run = begin(apart_portal, control)
    apart_portal.kill("worker")
    apart_portal.kill("sweep")
    time.sleep(1)
    apart_portal.start("worker", "sweep")
    assert_whole(apart_portal, control, run)
