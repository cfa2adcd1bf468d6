"""Processes die: rows 1, 2, 3, 4 and 28 of the fault matrix (runtime.md, section 7)."""

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.faults.conftest import only
from tests.faults.portal import Portal
from tests.faults.scene import Plan, Scene

pytestmark = pytest.mark.faults
FOUND_WITHIN_S = 5  # by the sweep, what nobody rang for


def kill_all(portal: Portal) -> None:
    for name in sorted(portal.wanted):
        portal.kill(name)


def test_everything_killed_with_four_steps_running_and_the_rest_queued(scene: Scene) -> None:
    run = scene.begin([scene.post_step(f"s{number}", hold=0.3) for number in range(30)])
    scene.wait_for_calls(run, 4)
    kill_all(scene.portal)
    assert len(scene.target.effects(run)) < 30, "it was over before it was killed"
    scene.portal.start()
    scene.assert_whole(run)


def test_the_process_that_holds_a_step_killed_in_the_middle_of_it(scene: Scene) -> None:
    run = scene.begin([scene.post_step("slow", hold=2), scene.post_step("after", needs=["slow"])])
    scene.wait_for_calls(run, 1)
    (held,) = [one for one in scene.look(run)["attempts"] if one["state"] == "leased"]
    os.kill(int(held["worker"].split("/")[1]), signal.SIGKILL)
    time.sleep(0.2)
    scene.portal.start()
    found = scene.assert_whole(run)
    assert found["kinds"]["attempt.lost"] == 1
    claims = [one["fence"] for one in found["attempts"] if one["step"] == "slow"]
    assert sum(claims) >= 2, "somebody else claimed it"
    assert {call.key for call in scene.target.calls_of(run, "slow")} == {held["idempotency_key"]}


def begin_and_die(scene: Scene, step: dict[str, Any]) -> str:
    """A run of one step, whose worker dies when the step has acted. It is there: else the sweep would do the step."""
    scene.portal.wait_until_attended()
    slug = scene.publish([step])
    status, told = scene.start(slug)
    assert status in (201, 0), told  # an embedded portal may die before it answers
    (run,) = scene.portal.ask("runs", slug=slug)["runs"]
    until = time.monotonic() + 30
    while not scene.target.effects(run):
        assert time.monotonic() < until, scene.look(run)
        scene.portal.start_programs()  # as a supervisor would
        time.sleep(0.05)
    time.sleep(0.5)  # it acted, and now it dies
    return scene.watch(run)


def test_killed_between_action_and_result(scene: Scene) -> None:
    portal = scene.portal
    with portal.altered(portal.attending, MUSTER_FAIL="after_action"):
        unsafe = begin_and_die(scene, scene.post_step("unsafe", idempotent=False, retry={"attempts": 1}))
        portal.start()
        safe = begin_and_die(scene, scene.post_step("safe"))
    scene.assert_whole(safe)
    assert len(scene.target.calls_of(safe)) > 1
    found = portal.wait_for(unsafe, lambda run: run["steps"] == {"unsafe": "unknown"}, within_s=60)
    assert len(scene.target.calls_of(unsafe)) == 1, "it is never retried by itself"
    act = {"seen": found["seen"]["unsafe"], "found": "happened", "evidence": "The target says so."}
    status, told = scene.post(f"runs/{unsafe}/steps/unsafe/settle", act)
    assert status == 200, told
    scene.assert_whole(unsafe)


def test_killed_after_commit_and_before_the_ring(scene: Scene) -> None:
    portal = scene.portal
    slug = scene.publish([scene.post_step("only")])
    with portal.altered("web", MUSTER_FAIL="before_ring"):
        status, _ = scene.start(slug)
        assert status == 0, "the process died before it answered"
        committed = time.monotonic()
        (run,) = portal.ask("runs", slug=slug)["runs"]
        if portal.shape != "embedded":
            scene.wait_for_calls(scene.watch(run), 1, within_s=FOUND_WITHIN_S - (time.monotonic() - committed))
    if portal.shape == "embedded":  # all died; the sweep's time begins when it is back
        scene.wait_for_calls(scene.watch(run), 1, within_s=FOUND_WITHIN_S)
    scene.assert_whole(run)


def supervise(scene: Scene, run: str, is_over: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Start again whatever dies, until it is over; what the run looks like then."""
    until = time.monotonic() + 120
    while True:
        scene.portal.start_programs()
        found = scene.look(run)
        if is_over(found):
            return found
        assert time.monotonic() < until, found
        time.sleep(0.2)


def begin_dying(scene: Scene, plan: Plan) -> str:
    """A run of a portal that may die before it answers. Its worker is there: else the sweep would do the steps."""
    scene.portal.wait_until_attended()
    slug = scene.publish(plan)
    status, told = scene.start(slug)
    assert status in (201, 0), told
    (run,) = scene.portal.ask("runs", slug=slug)["runs"]
    return scene.watch(run)


def in_a_row(scene: Scene, count: int, **fields: Any) -> Plan:
    """Steps one after another, so quick that each is claimed in the transaction that ends the one before it."""
    return [scene.post_step(f"r{n}", needs=[f"r{n - 1}"] if n else [], **fields) for n in range(count)]


@only("redis", "rabbitmq")  # embedded, four threads claim side by side: the second claim kills the first one's work
@pytest.mark.parametrize("point", ["after_claim:2", "after_action:2", "before_ring:3"])
def test_killed_again_and_again_around_a_claim_that_ends_another_step(scene: Scene, point: str) -> None:
    """A process does one step, and dies in the claim that was made as that one ended; so does the next process."""
    plan = in_a_row(scene, 4)  # few: five losses put a step into quarantine
    if scene.portal.shape == "redis":  # elsewhere two threads claim side by side: one's claim kills the other's work
        plan.append(scene.post_step("beside", needs=["r1"]))
    with scene.portal.altered(scene.portal.attending, MUSTER_FAIL=point):
        run = begin_dying(scene, plan)
        found = supervise(scene, run, lambda found: found["state"] != "running")
    if point != "before_ring:3":
        assert found["kinds"].get("attempt.lost", 0) >= 1
    scene.assert_whole(run)


@pytest.mark.parametrize(("point", "calls"), [("after_claim:2", 0), ("after_action:2", 1)])
def test_killed_around_such_a_claim_of_a_step_that_must_not_be_repeated(scene: Scene, point: str, calls: int) -> None:
    plan = in_a_row(scene, 3, idempotent=False, retry={"attempts": 1})
    with scene.portal.altered(scene.portal.attending, MUSTER_FAIL=point):
        run = begin_dying(scene, plan)
        found = supervise(scene, run, lambda found: "unknown" in found["steps"].values())
    (lost,) = [step for step, state in found["steps"].items() if state == "unknown"]
    assert lost != "r0"
    assert (len(scene.target.calls_of(run, "r0")), len(scene.target.calls_of(run, lost))) == (1, calls)
    act = {"seen": found["seen"][lost], "found": "happened" if calls else "not", "evidence": "The target says so."}
    status, told = scene.post(f"runs/{run}/steps/{lost}/settle", act)
    assert status == 200, told
    if not calls:
        found = scene.portal.wait_for(run, lambda found: found["steps"][lost] == "failed", within_s=20)
        status, told = scene.post(f"runs/{run}/steps/{lost}/retry", {"seen": found["seen"][lost], "reason": "Lost."})
        assert status == 200, told
    scene.assert_whole(run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_stopped_under_load_it_is_gone_in_five_seconds_and_loses_nothing(scene: Scene, number: signal.Signals) -> None:
    run = scene.begin(scene.chain(6))
    with scene.posting(every_s=0.05):
        scene.wait_for_calls(run, 3)
        children = [program.child for program in scene.portal.programs.values() if program.running()]
        began = time.monotonic()
        for child in children:
            child.send_signal(number)
        for child in children:
            child.wait(10)
        assert time.monotonic() - began < 5
    assert len(scene.target.effects(run)) < 12, "it was over before it was stopped"
    scene.portal.start()
    scene.assert_whole(run)
