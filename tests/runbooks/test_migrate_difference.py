"""What differs when a live run follows another version, and the plan that comes of it. Pure."""

import pytest

from runbooks.definitions import parse
from runbooks.engine.migrating import difference, history_of, migrated
from runbooks.states import GroupState, StepState

W, D, F, R = StepState.WAITING, StepState.DONE, StepState.FAILED, StepState.RUNNING


def plan(*steps, sections="", strategy=""):
    lines = "\n".join(f"  - {{{step}}}" for step in steps)
    return parse(f"name: p\ntitle: P\n{strategy}{sections}steps:\n{lines}\n", filename="p.yaml")


def step(id, needs="", say=""):
    ties = f", needs: [{needs}]" if needs else ""
    return f'id: {id}, title: {id.upper()}, action: note, with: {{text: "{say or id}"}}{ties}'


OLD = plan(step("a"), step("b", "a"), step("c", "b"))


def states(**found):
    return {"a": W, "b": W, "c": W, **found}


def test_the_same_text_differs_in_nothing():
    assert difference(OLD, OLD, states(), {}).is_empty


def test_added_dropped_changed_and_moved_steps_are_told_apart():
    new = plan(step("a", say="other"), step("c", "a"), step("d", "c"))
    found = difference(OLD, new, states(), {})
    assert (found.added, found.dropped, found.moved, found.kept) == (("d",), ("b",), ("c",), ())
    assert [(each.step, each.parts, each.stays) for each in found.changed] == [("a", ("with",), False)]
    assert found.refused == ()


def test_what_happened_stays_as_it_ran():
    new = plan(step("a", say="other"), step("d", "a"))
    found = difference(OLD, new, states(a=D, b=D), {})
    assert [(each.step, each.stays) for each in found.changed] == [("a", True)]
    assert (found.kept, found.dropped) == (("b",), ("c",))
    after = migrated(OLD, new, history_of(states(a=D, b=D)))
    assert after.by_id["a"].with_ == {"text": "a"}
    assert [each.id for each in after.steps] == ["a", "b", "c", "d"]
    assert after.by_id["b"].needs == ("a",)


def test_a_failed_step_takes_the_new_text():
    new = plan(step("a", say="other"), step("b", "a"), step("c", "b"))
    found = difference(OLD, new, states(a=F), {})
    assert [(each.step, each.stays) for each in found.changed] == [("a", False)]
    assert migrated(OLD, new, history_of(states(a=F))).by_id["a"].with_ == {"text": "other"}


def test_a_new_step_before_one_that_happened_is_told_as_late():
    new = plan(step("z"), step("a", "z"), step("b", "a"), step("c", "b"))
    found = difference(OLD, new, states(a=D), {})
    assert (found.added, found.late) == (("z",), ("z",))
    assert migrated(OLD, new, history_of(states(a=D))).by_id["a"].needs == ()


SECTION = "sections:\n  - {id: s, title: Section, on_failure: continue}\n"


@pytest.mark.parametrize("state", [GroupState.PASSED, GroupState.UNDOING, GroupState.ASSESSING])
def test_nothing_new_goes_into_a_group_that_is_over(state):
    old = plan("id: a, title: A, action: note, section: s, with: {text: a}", step("b"), sections=SECTION)
    new = plan(
        "id: a, title: A, action: note, section: s, with: {text: a}",
        "id: n, title: New, action: note, section: s, with: {text: n}",
        step("b"),
        sections=SECTION,
    )
    found = difference(old, new, {"a": D, "b": W}, {"": GroupState.OPEN, "s": state})
    assert found.refused == (f"“New” would stand in “Section”, which is {state.label.lower()} already.",)
    assert difference(old, new, {"a": D, "b": W}, {"s": GroupState.OPEN}).refused == ()


def test_a_section_that_the_new_version_dropped_stays_for_what_happened_in_it():
    old = plan("id: a, title: A, action: note, section: s, with: {text: a}", step("b"), sections=SECTION)
    new = plan(step("b"))
    after = migrated(old, new, history_of({"a": D, "b": W}))
    assert [section.id for section in after.sections] == ["s"]
    assert after.by_id["a"].section == "s"


def test_what_is_live_stays_too():
    new = plan(step("a", say="other"), step("b", "a"), step("c", "b"))
    found = difference(OLD, new, states(a=R), {})
    assert [(each.step, each.stays) for each in found.changed] == [("a", True)]
