"""What a rerun from a step keeps, and what it would do a second time. Pure."""

import pytest

from runbooks.definitions import parse
from runbooks.engine.model import Effect
from runbooks.engine.repeating import asked_for, behind, repetition
from runbooks.states import StepState as S

PLAN = parse(
    """
name: p
title: P
steps:
  - {id: a, title: A, action: http, with: {url: "http://x/"}}
  - {id: b, title: B, action: http, with: {url: "http://x/"}, needs: [a]}
  - {id: c, title: C, action: http, idempotent: true, with: {url: "http://x/", method: POST}, needs: [a]}
  - {id: d, title: D, action: manual, needs: [b, c]}
  - {id: e, title: E, action: manual}
""",
    filename="p.yaml",
)
ALL_DONE = dict.fromkeys("abcde", S.DONE)


def what(start, states=ALL_DONE, effects=None, new=PLAN):
    found = repetition(PLAN, new, start, states, effects or {})
    return found.kept, [each.step for each in found.safe], [each.step for each in found.unsafe], found.fresh


def test_behind_a_step_is_everything_that_needs_it():
    assert behind(PLAN, "a") == frozenset("abcd")
    assert behind(PLAN, "c") == frozenset("cd")
    with pytest.raises(KeyError):
        behind(PLAN, "nothing")


def test_what_is_not_behind_is_kept_and_what_repeats_harmlessly_is_told_apart():
    assert what("c") == (("a", "b", "e"), ["c"], ["d"], ())
    assert what("a") == (("e",), ["a", "b", "c"], ["d"], ()), "a GET changes nothing"


def test_what_never_happened_is_no_repetition():
    states = {**ALL_DONE, "c": S.FAILED, "d": S.WAITING}
    assert what("c", states, {"c": Effect.NONE}) == (("a", "b", "e"), [], [], ("c", "d"))
    assert what("c", states, {"c": Effect.MAYBE}) == (("a", "b", "e"), ["c"], [], ("d",))


def test_what_was_taken_back_is_done_for_the_first_time():
    assert what("c", {**ALL_DONE, "c": S.UNDONE, "d": S.UNDONE}) == (("a", "b", "e"), [], [], ("c", "d"))


def test_a_step_beside_that_did_not_pass_is_done_too():
    assert what("c", {**ALL_DONE, "e": S.UNKNOWN})[2] == ["d", "e"]


def test_a_step_that_the_newer_version_changed_is_not_kept():
    text = PLAN.by_id["e"]
    new = parse(
        "name: p\ntitle: P\nsteps:\n  - {id: e, title: E, action: manual, instructions: other}\n"
        "  - {id: c, title: C, action: manual}\n",
        filename="p.yaml",
    )
    assert text.instructions == ""
    assert what("c", new=new) == ((), [], ["e", "c"], ())


def test_each_unsafe_step_needs_its_own_yes():
    found = repetition(PLAN, PLAN, "a", ALL_DONE, {})
    assert [each.step for each in asked_for(found, [])] == ["d"]
    assert asked_for(found, ["d"]) == ()
