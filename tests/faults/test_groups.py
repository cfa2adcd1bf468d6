"""Recovery is killed in the middle: a way back and a quorum come to the ends that docs/engine.md states."""

import pytest

from tests.faults.scene import Plan, Scene

pytestmark = pytest.mark.faults


def with_undo(scene: Scene, step: str, **fields: object) -> dict[str, object]:
    """A step in the group, and its way back, which takes a moment."""
    url = f"{scene.target.url}/act/undo_{step}?hold=1"
    undo = {"action": "http", "with": {"method": "POST", "url": url}, "idempotent": True}
    made: dict[str, object] = scene.post_step(step, section="group", undo=undo, **fields)
    return made


def refused(scene: Scene, step: str, **fields: object) -> dict[str, object]:
    """A step of the group that fails for good."""
    once = {"retry": {"attempts": 1}, "undo": {"none": "It changes nothing."}}  # killed at it, it is asked again
    made: dict[str, object] = scene.post_step(step, kind="broken", section="group", **once, **fields)
    return made


def section(**fields: object) -> list[dict[str, object]]:
    return [{"id": "group", "title": "Group", "model": "parallel", **fields}]


def test_a_way_back_killed_in_the_middle_is_gone_to_its_end_once_and_in_reverse(scene: Scene) -> None:
    a, b, c = (with_undo(scene, name, needs=needs) for name, needs in (("a", []), ("b", ["a"]), ("c", ["b"])))
    plan: Plan = [a, b, c, refused(scene, "bad", needs=["c"])]
    run = scene.begin(plan, sections=section(on_failure="fail_fast"))
    scene.wait_for_calls(run, 5)  # a, b, c, bad, and the first way back
    scene.portal.kill(scene.portal.attending)
    scene.portal.start()
    found = scene.wait_for_end(run)
    assert found["state"] in ("undone", "failed"), found
    assert {found["steps"][name] for name in "abc"} == {"undone"}, found
    effects = scene.target.effects(run)
    assert effects == dict.fromkeys(["a", "b", "c", "undo_a", "undo_b", "undo_c"], 1)
    order = [call.step for call in scene.target.calls_of(run) if call.acted]
    assert [step for step in order if step.startswith("undo")] == ["undo_c", "undo_b", "undo_a"]
    scene.assert_sound()


def test_a_quorum_is_reached_though_everything_is_killed(scene: Scene) -> None:
    good = [with_undo(scene, name, hold=0.5) for name in ("g1", "g2", "g3")]
    bad = [refused(scene, name) for name in ("b1", "b2")]
    after = scene.post_step("after", needs=["group"])
    run = scene.begin([*good, *bad, after], sections=section(on_failure={"quorum": 3}))
    scene.wait_for_calls(run, 3)
    scene.portal.kill(scene.portal.attending)
    scene.portal.start()
    found = scene.wait_for_end(run)
    assert found["state"] == "succeeded", found
    assert scene.target.effects(run) == dict.fromkeys(["g1", "g2", "g3", "after"], 1)
    scene.assert_sound()
