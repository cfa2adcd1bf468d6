"""Workers die, drain, or are not there at all: who takes their work, and how soon."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from runbooks.engine.presence import ALONE_S
from tests.faults.conftest import only
from tests.faults.portal import Portal
from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
LONG_LEASE_S = 40  # a run that goes on well before was not saved by the end of a lease
GENEROUS_S = 15  # machines of tests are slow; what was measured is printed
PROGRAMS = {"one@localhost": "worker", "two@localhost": "worker2"}


@pytest.fixture
def long_leases(standing: Portal) -> Iterator[None]:
    with ExitStack() as altering:
        for name in PROGRAMS.values():
            altering.enter_context(standing.altered(name, MUSTER_LEASE_S=str(LONG_LEASE_S)))
        yield


def hold(scene: Scene, for_s: float = 1.5) -> tuple[str, str, int]:
    """A run of which somebody does the first step now: the run, the holder's node and the pid of its process."""
    run = scene.begin([scene.post_step("slow", hold=for_s), scene.post_step("after", needs=["slow"])])
    scene.wait_for_calls(run, 1)
    (held,) = [one for one in scene.look(run)["attempts"] if one["state"] == "leased"]
    node, _, pid = held["worker"].rpartition("/")
    return run, node, int(pid)


def assert_goes_on(scene: Scene, run: str, killed_at: float, what: str) -> None:
    """Somebody acts again, under the same key, and it has one effect."""
    scene.wait_for_calls(run, 2, within_s=LONG_LEASE_S + GENEROUS_S)
    took_s = scene.target.calls_of(run, "slow")[1].began - killed_at
    print(f"\n{scene.portal.shape}: {what}: the step was done again after {took_s:.1f} s")
    assert took_s < GENEROUS_S
    found = scene.assert_whole(run)
    assert found["kinds"]["attempt.lost"] == 1
    assert len({call.key for call in scene.target.calls_of(run, "slow")}) == 1


@only("redis", "rabbitmq")
@pytest.mark.usefixtures("long_leases")
def test_a_whole_worker_is_killed_and_another_one_goes_on(scene: Scene) -> None:
    scene.portal.start_programs("worker2")
    scene.portal.wait_for_workers(*PROGRAMS)
    run, node, _ = hold(scene)
    scene.portal.kill(PROGRAMS[node])
    assert_goes_on(scene, run, time.monotonic(), "worker killed, another one there")


@only("redis", "rabbitmq")
@pytest.mark.usefixtures("long_leases")
def test_a_whole_worker_is_killed_and_starts_again_under_its_name(scene: Scene) -> None:
    scene.portal.wait_for_workers("one@localhost")
    run, node, _ = hold(scene)
    scene.portal.kill(PROGRAMS[node])
    killed_at = time.monotonic()
    scene.portal.start_programs(PROGRAMS[node])
    assert_goes_on(scene, run, killed_at, "worker killed and started again")


@only("redis")  # its worker forks
@pytest.mark.usefixtures("long_leases")
def test_one_child_of_a_worker_is_killed_and_its_sibling_goes_on(scene: Scene) -> None:
    scene.portal.wait_for_workers("one@localhost")
    run, node, pid = hold(scene)
    assert pid != scene.portal.programs[PROGRAMS[node]].child.pid  # type: ignore[union-attr]
    os.kill(pid, signal.SIGKILL)
    assert_goes_on(scene, run, time.monotonic(), "child killed")
    assert scene.portal.programs[PROGRAMS[node]].running()


@only("redis", "rabbitmq")
def test_without_any_worker_the_sweep_does_everything_four_at_once(scene: Scene) -> None:
    """The broker is well, and keeps a pile of rings that nobody hears; a worker that comes later finds nothing left."""
    portal = scene.portal
    portal.programs["worker"].stop()
    began = time.monotonic()
    run = scene.begin([*[scene.post_step(f"s{n}", hold=1.0) for n in range(8)], scene.post_step("end", needs=["s7"])])
    found = scene.assert_whole(run)
    print(f"\n{portal.shape}: no worker at all: nine steps of 1 s were done after {time.monotonic() - began:.1f} s")
    calls = scene.target.calls_of(run)
    assert max(sum(one.began <= call.began < one.ended for one in calls) for call in calls) == 4
    assert not any("localhost" in one["worker"] for one in found["attempts"])
    portal.start("worker")
    time.sleep(1)
    assert len(scene.target.calls_of(run)) == len(calls)
    scene.assert_whole(run)


@only("redis", "rabbitmq")
def test_a_worker_that_lives_and_hears_nothing_holds_nobody_up(scene: Scene) -> None:
    """As one whose connection hung when the broker died: it beats each second, and takes nothing."""
    with scene.portal.altered("worker", MUSTER_QUEUE="elsewhere"):
        began = time.monotonic()
        run = scene.begin([*[scene.post_step(f"s{n}") for n in range(3)], scene.post_step("then", needs=["s0"])])
        scene.assert_whole(run, within_s=90)
        print(f"\n{scene.portal.shape}: the only worker was deaf: done after {time.monotonic() - began:.1f} s")


@only("redis", "rabbitmq")
def test_a_labelled_step_is_done_by_a_worker_with_this_label_and_waits_visibly_until_one_comes(scene: Scene) -> None:
    portal = scene.portal
    run = scene.begin([scene.post_step("inside", executor="dmz"), scene.post_step("beside"), after("inside", scene)])
    portal.wait_for(run, lambda found: found["steps"]["beside"] == "done", within_s=30)
    time.sleep(ALONE_S + 4)  # the worker without a label, and the sweep, have had their chance
    assert scene.target.effects(run) == {"beside": 1}
    status, told = portal.get(f"runs/{run}", token=scene.token)
    assert status == 200
    whys = {step["id"]: (step["state"], step["why"]) for step in told["steps"]}
    assert whys["inside"] == ("ready", "Waits for a worker with the label dmz.")
    with portal.altered("worker2", MUSTER_EXECUTOR="dmz"):
        portal.start_programs("worker2")
        portal.wait_for_workers(*PROGRAMS)
        found = scene.assert_whole(run)
    done_by = {one["step"]: one["worker"].partition("/")[0] for one in found["attempts"]}
    assert done_by == {"inside": "two@localhost", "beside": "one@localhost", "after": "one@localhost"}


def after(step: str, scene: Scene) -> dict[str, object]:
    made: dict[str, object] = scene.post_step("after", needs=[step])
    return made


@only("redis", "rabbitmq")
def test_a_draining_worker_ends_what_it_holds_and_takes_nothing_more(scene: Scene) -> None:
    """Nor does the sweep take its work: whoever drains the only worker wants things to wait."""
    portal = scene.portal
    portal.wait_for_workers("one@localhost")
    run, node, _ = hold(scene, for_s=4)
    portal.ask("drain", name=node, drain=True)
    try:
        found = portal.wait_for(run, lambda found: found["steps"]["slow"] == "done", within_s=20)
        time.sleep(ALONE_S + 4)
        assert scene.target.effects(run) == {"slow": 1}
        assert "attempt.lost" not in scene.look(run)["kinds"]
        portal.start_programs("worker2")
        found = scene.assert_whole(run)
        assert {one["worker"].partition("/")[0] for one in found["attempts"] if one["step"] == "after"} == {
            "two@localhost"
        }
        portal.programs["worker2"].stop()
    finally:
        portal.ask("drain", name=node, drain=False)
    scene.assert_whole(scene.begin([scene.post_step("again")]))
