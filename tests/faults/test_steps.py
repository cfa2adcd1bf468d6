"""Steps that kill, hang, drip or flood: rows 14, 15 and 16 of the fault matrix (runtime.md, section 7)."""

import time

import pytest

from tests.faults.scene import Scene

pytestmark = pytest.mark.faults
POISON = {"id": "poison", "title": "Poison", "action": "poison", "idempotent": True, "retry": {"attempts": 9}}
LOSSES = 5  # workers that one attempt may cost


def test_a_poison_step_is_quarantined_after_five_and_the_others_go_on(scene: Scene) -> None:
    portal = scene.portal
    run = scene.begin([POISON, *scene.chain(3)])
    until = time.monotonic() + 120
    while (found := scene.look(run))["steps"]["poison"] not in ("failed", "unknown"):
        assert time.monotonic() < until, found
        portal.start_programs()  # as a supervisor would
        time.sleep(0.3)
    portal.start()
    assert [one["state"] for one in found["attempts"] if one["step"] == "poison"] == ["lost"] * LOSSES
    assert "worker" in found["whys"]["poison"].lower(), "a person reads why"
    portal.wait_for(run, lambda run: [*run["steps"].values()].count("done") == 6, within_s=30)
    act = {"seen": found["seen"]["poison"], "reason": "It kills its worker."}
    status, told = scene.post(f"runs/{run}/steps/poison/skip", act)
    assert status in (200, 409), told
    scene.assert_sound()


def test_a_child_that_hangs_or_eats_all_memory_dies_alone(scene: Scene) -> None:
    portal = scene.portal
    steps = [
        {"id": name, "title": name, "action": "command", "with": {"run": [name]}, "timeout": "2s"}
        for name in ("hang", "eat")
    ]
    children = [program.child.pid for program in portal.programs.values() if program.running()]
    run = scene.begin([*steps, *scene.chain(2)])
    found = portal.wait_for(run, lambda run: not {"ready", "running", "waiting"} & set(run["steps"].values()), 40)
    assert {found["steps"][name] for name in ("s0a", "s0b", "s1a", "s1b")} == {"done"}
    assert (found["steps"]["hang"], found["steps"]["eat"]) == ("unknown", "failed"), found["whys"]
    assert "did not end within 2 s" in found["whys"]["hang"]
    assert "MemoryError" in found["whys"]["eat"]
    assert "attempt.lost" not in found["kinds"], "its worker lives"
    assert children == [program.child.pid for program in portal.programs.values() if program.running()]
    scene.assert_sound()


@pytest.mark.parametrize("answer", ["mute", "drip", "endless"])
def test_an_answer_that_never_ends_is_cut_and_fails_its_step_alone(scene: Scene, answer: str) -> None:
    url = f"{scene.target.url}/{answer}"
    steps = [
        {"id": "ask", "title": "Ask", "action": "http", "with": {"url": url}, "timeout": "2s"},
        {"id": "probe", "title": "Probe", "action": "probe", "with": {"http": url, "within": "2s", "timeout": "1s"}},
    ]
    began = time.monotonic()
    run = scene.begin([*steps, *scene.chain(2)])
    found = scene.wait_for_end(run, within_s=30)
    assert time.monotonic() - began < 20
    assert found["state"] == "failed"
    wanted = {"ask": "failed", "probe": "failed", "s0a": "done", "s0b": "done", "s1a": "done", "s1b": "done"}
    assert found["steps"] == wanted
    assert "cut" in found["whys"]["ask"] or "2" in found["whys"]["ask"], found["whys"]
    scene.assert_sound()
