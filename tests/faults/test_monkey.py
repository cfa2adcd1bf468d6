"""The random monkey: two minutes in CI, an hour in `make test-long`. MUSTER_MONKEY_SEED repeats a printed seed."""

import os
import random

import pytest

from tests.faults.monkey import Monkey
from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
PASSED = frozenset({"done", "skipped", "bypassed"})


def let_loose(scene: Scene, seconds: float) -> Monkey:
    seed = int(os.environ.get("MUSTER_MONKEY_SEED") or random.randrange(1_000_000))
    print(f"MUSTER_MONKEY_SEED={seed}")  # pytest shows it when the test fails
    monkey = Monkey(scene, seed)
    try:
        monkey.play(seconds)
    finally:
        print("\n".join(monkey.told))
    return monkey


def assert_contract(monkey: Monkey) -> None:
    """docs/engine.md, seen from outside: every run ended; nothing began before its needs; nothing acted too often."""
    scene, began = monkey.scene, 0
    for run, plan in monkey.plans.items():
        found = scene.look(run)
        assert found["state"] == "succeeded", found
        assert set(found["steps"].values()) <= PASSED, found
        for step in plan:
            calls = scene.target.calls_of(run, step["id"])
            attempts = [one for one in found["attempts"] if one["step"] == step["id"] and one["kind"] == "act"]
            began += len(calls)
            for call in calls:
                tries = [one for one in attempts if one["idempotency_key"] == call.key and "/" in one["worker"]]
                again = [other for other in calls if other.key == call.key]
                assert len(again) <= len(tries), f"{step['id']} of {run}: {len(again)} calls, {len(tries)} tries"
            for need in step["needs"]:
                if found["steps"][need] == "done" and calls and (acts := scene.target.calls_of(run, need)):
                    ended = [call.ended for call in acts if call.acted]
                    assert not ended or min(call.began for call in calls) >= min(ended), f"{step['id']} before {need}"
    assert len(monkey.plans) >= 3 and began > 5, "the monkey slept"
    scene.assert_sound()


def test_the_monkey(scene: Scene) -> None:
    assert_contract(let_loose(scene, float(os.environ.get("MUSTER_MONKEY_S", "120"))))


@pytest.mark.slow
def test_the_monkey_for_an_hour(scene: Scene) -> None:
    assert_contract(let_loose(scene, float(os.environ.get("MUSTER_MONKEY_LONG_S", "3600"))))
