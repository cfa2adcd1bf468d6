"""Rings come often or late, clocks are wrong, results come late: rows 11, 12, 13 and 17 of the fault matrix."""

import time

import pytest

from tests.faults.portal import LEASE_S
from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
HOUR_S = 3600


def test_every_ring_ten_times_shuffled_and_again_when_all_is_over(scene: Scene) -> None:
    run = scene.begin(scene.chain(4))
    scene.wait_for_calls(run, 2)
    scene.portal.ask("replay", run=run, times=10, seed=1)
    entries = scene.assert_whole(run)["kinds"]
    scene.portal.ask("replay", run=run, times=10, seed=2)
    time.sleep(1)
    assert scene.assert_whole(run)["kinds"] == entries, "hours late, it says nothing new"


def test_two_sweeps_and_each_timer_fires_once(scene: Scene) -> None:
    scene.portal.start("sweep2")
    waits = [{"id": f"w{n}", "title": "Wait", "action": "wait", "with": {"for": f"{1 + n % 3}s"}} for n in range(6)]
    tries = {"attempts": 3, "delay": "1s"}
    flaky = [scene.post_step(f"f{n}", kind="flaky", query="&fails=1", retry=tries, needs=[f"w{n}"]) for n in range(6)]
    run = scene.begin([*waits, *flaky])
    found = scene.assert_whole(run)
    assert found["kinds"]["attempt.succeeded"] == 12
    assert found["kinds"]["attempt.failed"] == 6, "each was refused once, and tried again once"
    assert all(len(scene.target.calls_of(run, f"f{n}")) == 2 for n in range(6))


@pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["an hour later", "an hour earlier"])
def test_the_clock_of_the_only_worker_jumps(scene: Scene, jump_s: int) -> None:
    wait = {"id": "wait", "title": "Wait", "action": "wait", "with": {"for": "2s"}, "needs": ["s1a"]}
    slow = scene.post_step("slow", hold=LEASE_S + 1.5)
    with scene.portal.altered(scene.portal.attending, MUSTER_FAULT_CLOCK_S=str(jump_s)):
        began = time.monotonic()
        run = scene.begin([*scene.chain(2), wait, slow])
        found = scene.assert_whole(run)
    assert time.monotonic() - began < 30, "no ring was taken for an old one"
    assert "attempt.lost" not in found["kinds"], "its lease is the database's"
    assert {one["fence"] for one in found["attempts"] if one["step"] == "slow"} == {1}


def test_a_late_result_of_a_lost_lease_is_kept_and_changes_nothing(scene: Scene) -> None:
    portal = scene.portal
    run = scene.begin([scene.post_step("slow", hold=1.5), scene.post_step("after", needs=["slow"])])
    scene.wait_for_calls(run, 1)
    frozen = portal.programs[portal.attending]
    frozen.signal_group(19)  # SIGSTOP
    try:
        if portal.shape == "embedded":
            time.sleep(LEASE_S + 1)
            portal.ask("stand_in", run=run)  # nobody else is there: another process on the same database
        else:
            portal.start_programs("worker2")
        found = portal.wait_for(run, lambda run: run["steps"]["slow"] == "done", within_s=40)
    finally:
        frozen.signal_group(18)  # SIGCONT
    found = portal.wait_for(run, lambda run: "attempt.late" in run["kinds"], within_s=20)
    assert found["kinds"]["attempt.lost"] == found["kinds"]["attempt.late"] == 1
    scene.assert_whole(run)
