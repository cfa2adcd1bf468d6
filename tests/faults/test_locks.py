"""Whoever holds a lock is killed: the waiter gets its turn when the holder's step came to its end, and not before."""

import time
from typing import Any

import pytest

from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
ON_STORE = {"touches": ["store"]}


def kill_the_holder(scene: Scene, **fields: Any) -> tuple[str, str]:
    """Runs of a step that was killed in the middle, with its lock, and of one that waits for this lock."""
    holder = scene.begin([scene.post_step("holder", hold=1.5, **ON_STORE, **fields)])
    scene.wait_for_calls(holder, 1)
    waiter = scene.begin([scene.post_step("waiter", **ON_STORE)])
    scene.portal.wait_for(waiter, lambda found: found["steps"]["waiter"] == "locked", within_s=10)
    assert scene.look(holder)["steps"]["holder"] == "running", "it was over before it was killed"
    scene.portal.kill(scene.portal.attending)
    scene.portal.start()
    return holder, waiter


def test_the_waiter_acts_after_the_holder_was_done_again(scene: Scene) -> None:
    holder, waiter = kill_the_holder(scene)
    scene.wait_for_end(holder)
    found = scene.assert_whole(waiter)  # the oracle looks at both: neither may be under way
    scene.assert_whole(holder)
    assert found["kinds"]["lock.held"] == found["kinds"]["lock.queued"] == 1
    (last,) = [call for call in scene.target.calls_of(waiter) if call.acted]
    assert last.began > max(call.ended for call in scene.target.calls_of(holder))


def test_the_waiter_stays_locked_while_nobody_knows_what_the_holder_did(scene: Scene) -> None:
    holder, waiter = kill_the_holder(scene, idempotent=False, retry={"attempts": 1})
    found = scene.portal.wait_for(holder, lambda found: found["steps"]["holder"] == "unknown", within_s=40)
    time.sleep(3)  # some passes of the sweep
    assert scene.look(waiter)["steps"]["waiter"] == "locked"
    assert scene.target.calls_of(waiter) == []
    act = {"seen": found["seen"]["holder"], "found": "happened", "evidence": "The target says so."}
    status, told = scene.post(f"runs/{holder}/steps/holder/settle", act)
    assert status == 200, told
    scene.wait_for_end(waiter)
    scene.assert_whole(holder)
    scene.assert_whole(waiter)
