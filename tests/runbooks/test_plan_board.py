"""The board: what it derives from facts never depends on the order in which it was told them, or on what it missed."""

from itertools import permutations

import pytest

from runbooks.engine.applying import applied
from runbooks.engine.board import Board
from runbooks.engine.facts import (
    AddUndo,
    GroupFacts,
    Kind,
    LastAttempt,
    MoveGroup,
    MoveStep,
    QueueAttempt,
    Revisit,
    Snapshot,
    StepFacts,
)
from runbooks.engine.model import Case, Decision, Definition, Effect, Loop, OnFailure, Section, Step, Strategy, Undo
from runbooks.engine.planner import plan
from runbooks.states import AttemptState, Choice, GroupState, Role, RunState, StepState
from tests.runbooks.indexes import assert_like_new, indexes
from tests.runbooks.reference import interpret

S = StepState
GROUP = Strategy(OnFailure.STOP)
ENDED_WELL = LastAttempt(Kind.ACT, AttemptState.SUCCEEDED)


def decision(*ways: tuple[str, ...], **fields) -> Step:
    cases = tuple(Case(f"c{number}", "true", go=go) for number, go in enumerate(ways))
    return Step("d", "D", "decide", decide=Decision(cases), harmless=True, **fields)


def step(id_: str, *needs: str, **fields) -> Step:
    return Step(id_, id_.upper(), "http", needs=needs, **fields)


def chosen(*go: str) -> StepFacts:
    return StepFacts(S.DONE, tries=1, case="c0", go=go)


def told(definition: Definition, facts: list[tuple[str, StepFacts | GroupFacts]]) -> Board:
    board = Board(definition)
    for subject, each in facts:
        (board.set_group if isinstance(each, GroupFacts) else board.set)(subject, each)
    return board


def in_every_order(definition: Definition, **facts: StepFacts | GroupFacts) -> Board:
    """A board that was told these facts; in whichever order, it is the same one."""
    boards = [told(definition, list(order)) for order in permutations(facts.items())]
    for board in boards[1:]:
        assert indexes(board) == indexes(boards[0])
        assert plan(board) == plan(boards[0])
    return boards[0]


def first_move(board: Board) -> tuple[str, StepState]:
    move = next(each for each in plan(board) if isinstance(each, MoveStep))
    return move.step, move.to


@pytest.mark.parametrize(("go", "to"), [(("a",), S.READY), ((), S.BYPASSED)])
def test_a_section_that_passed_says_nothing_about_the_way_that_the_decision_in_it_took(go, to):
    section = Section("g", "G", strategy=GROUP)
    definition = Definition("p", "P", (step("a", "d"), decision(("a",), (), section="g")), sections=(section,))
    board = in_every_order(definition, g=GroupFacts(GroupState.PASSED), d=chosen(*go))
    assert first_move(board) == ("a", to)


@pytest.mark.parametrize(("go", "to"), [(("g",), S.READY), ((), S.BYPASSED)])
def test_a_step_deep_in_a_section_hears_of_the_decision_about_it_however_late(go, to):
    steps = (decision(("g",), ()), step("x"), step("a", "d", section="g"), step("b", "a", section="g"))
    definition = Definition("p", "P", steps, sections=(Section("g", "G"),))
    board = in_every_order(definition, x=StepFacts(S.DONE), a=StepFacts(S.SKIPPED), d=chosen(*go))
    assert first_move(board) == ("b", to)


def test_a_need_that_was_bypassed_in_a_section_that_passed_takes_what_needs_it_along():
    section = Section("g", "G", strategy=GROUP)
    definition = Definition("p", "P", (step("a", section="g"), step("b", "a")), sections=(section,))
    board = in_every_order(definition, g=GroupFacts(GroupState.PASSED), a=StepFacts(S.BYPASSED))
    assert first_move(board) == ("b", S.BYPASSED)


def test_a_board_that_missed_a_visit_knows_the_way_that_was_taken_last():
    definition = Definition("p", "P", (decision(("a",), ("b",)), step("a", "d"), step("b", "d")))
    board = Board(definition, Snapshot(RunState.RUNNING, {"d": chosen("a")}))
    board.set("d", chosen("b"))
    assert_like_new(board)
    moves = {each.step: each.to for each in plan(board) if isinstance(each, MoveStep)}
    assert moves == {"a": S.BYPASSED, "b": S.READY}
    assert [each.step for each in plan(board) if isinstance(each, QueueAttempt)] == ["b"]


def test_a_board_that_missed_a_visit_forgets_that_a_need_was_bypassed():
    definition = Definition("p", "P", (step("a"), step("b", "a")))
    board = Board(definition, Snapshot(RunState.RUNNING, {"a": StepFacts(S.BYPASSED)}))
    board.set("a", StepFacts(S.DONE))
    assert_like_new(board)
    assert first_move(board) == ("b", S.READY)


def test_a_decision_goes_back_as_soon_as_the_last_step_between_has_ended_before_anything_opens():
    section = Section("g", "G", strategy=GROUP)
    back = Step("d", "D", "decide", needs=("a",), decide=Decision((Case("c0", "true", back="a"),)), harmless=True)
    steps = (step("a", section="g"), back, step("b", section="g"), step("c", section="g"))
    facts = {
        "a": StepFacts(S.DONE, tries=1),
        "d": StepFacts(S.RUNNING, tries=1, last=ENDED_WELL, case="c0", back="a"),
        "b": StepFacts(S.RUNNING, tries=1, last=ENDED_WELL),
    }
    due = plan(Board(Definition("p", "P", steps, sections=(section,)), Snapshot(RunState.RUNNING, facts)))
    moves = [each for each in due if isinstance(each, MoveStep | Revisit)]
    assert [each.step if isinstance(each, MoveStep) else each.steps for each in moves][:3] == [
        "b",
        "d",
        ("a", "d", "b", "c"),
    ]


def test_a_decision_that_goes_back_into_a_group_beside_its_own_lets_all_of_that_group_begin_anew():
    way = Decision((Case("c0", "true", back="a"),))
    back = Step("d", "D", "decide", needs=("a",), section="h", decide=way, harmless=True)
    steps = (step("a", section="g"), step("b", section="g"), back, step("c", section="h"))
    sections = (Section("g", "G", strategy=GROUP), Section("h", "H", strategy=GROUP))
    facts = {
        "a": StepFacts(S.DONE, tries=1),
        "b": StepFacts(S.DONE, tries=1),
        "c": StepFacts(S.DONE, tries=1),
        "d": StepFacts(S.RUNNING, tries=1, last=ENDED_WELL, case="c0", back="a"),
    }
    definition = Definition("p", "P", steps, sections=sections)
    before = Snapshot(RunState.RUNNING, facts, {"g": GroupFacts(GroupState.PASSED)})
    due = plan(definition, before)
    assert [each.steps for each in due if isinstance(each, Revisit)] == [("a", "b", "d")]
    assert MoveGroup("g", GroupState.OPEN, "Decision D goes back.") in due
    after, other = applied(before, due), interpret(definition, before)
    assert (after.steps, after.groups) == (other.steps, other.groups)


def test_an_undo_that_is_needed_again_after_another_visit_begins_anew():
    steps = (step("a", undo=Undo("http")), step("b"))
    facts = {
        "a": StepFacts(S.DONE, tries=1, group=2, effect=Effect.MAYBE),
        "b": StepFacts(S.FAILED, tries=1),
        "undo:a": StepFacts(S.DONE, tries=1, last=ENDED_WELL, role=Role.UNDO, of="a", effect=Effect.MAYBE),
    }
    definition = Definition("p", "P", steps, strategy=Strategy(OnFailure.FAIL_FAST))
    before = Snapshot(RunState.RUNNING, facts)
    after, other = applied(before, plan(definition, before)), interpret(definition, before)
    assert (after.steps, after.groups) == (other.steps, other.groups)
    undo = after.steps["undo:a"]
    assert (undo.state, undo.tries, undo.group, undo.last) == (
        S.READY,
        1,
        2,
        LastAttempt(Kind.ACT, AttemptState.QUEUED),
    )


def test_what_was_taken_back_and_then_skipped_is_not_taken_back_again():
    steps = (step("a", section="g", undo=Undo("http")), step("b"))
    section = Section("g", "G", strategy=Strategy(OnFailure.CONTINUE))
    facts = {
        "a": StepFacts(S.UNDONE, tries=1, effect=Effect.MAYBE),
        "b": StepFacts(S.FAILED, tries=1),
        "undo:a": StepFacts(S.DONE, tries=1, last=ENDED_WELL, role=Role.UNDO, of="a", effect=Effect.MAYBE),
    }
    definition = Definition("p", "P", steps, sections=(section,), strategy=Strategy(OnFailure.FAIL_FAST))
    skipped = {"g": GroupFacts(GroupState.ASSESSING, Choice.SKIP, "not needed")}
    before = Snapshot(RunState.RUNNING, facts, skipped)
    due = plan(definition, before)
    assert not [each for each in due if isinstance(each, AddUndo)]
    after = applied(before, due)
    assert (after.steps["a"].state, after.steps["a"].effect) == (S.SKIPPED, Effect.NONE)
    assert after.run_state is RunState.UNDONE


def test_groups_are_judged_in_the_authors_order_whichever_of_them_a_step_touched():
    sections = (Section("g", "G", strategy=GROUP), Section("h", "H", strategy=Strategy(OnFailure.CONTINUE)))
    steps = (step("a", section="h"), step("b", section="h"), step("c", section="g"), step("d", "a", section="g"))
    facts = {
        "a": StepFacts(S.FAILED),
        "b": StepFacts(S.RUNNING, tries=1, last=ENDED_WELL),
        "c": StepFacts(S.FAILED),
    }
    board = Board(Definition("p", "P", steps, sections=sections), Snapshot(RunState.RUNNING, facts))
    assert plan(board, {"b"}) == plan(board)
    moved = [each.group for each in plan(board) if isinstance(each, MoveGroup)]
    assert moved == ["g", "h"]


@pytest.mark.parametrize(
    ("kind", "asks"), [(Kind.WHEN, {"when": "inputs.x"}), (Kind.ITEMS, {"loop": Loop("inputs.y")})]
)
@pytest.mark.parametrize(
    ("strategy", "state"),
    [(Strategy(OnFailure.CONTINUE), GroupState.ASSESSING), (Strategy(OnFailure.STOP), GroupState.FAILED)],
)
def test_a_group_goes_on_as_soon_as_the_condition_or_the_list_of_a_step_in_it_is_asked(strategy, state, kind, asks):
    """What the step waited for stands outside of the group, and a person left it out after the group was judged."""
    steps = (step("a", section="g"), step("b", "a"), step("c", "b", section="g", **asks), step("d"))
    facts = {"a": StepFacts(S.FAILED), "d": StepFacts(S.RUNNING, tries=1)}
    run = Snapshot(RunState.RUNNING, facts, {"g": GroupFacts(state)})
    board = Board(Definition("p", "P", steps, sections=(Section("g", "G", strategy=strategy),)), run)
    assert plan(board) == ()
    board.set("b", StepFacts(S.SKIPPED))
    due = plan(board, {"b"})
    assert due == plan(Board(board.definition, board.snapshot()))
    assert due == (QueueAttempt("c", kind, 0, 1), MoveGroup("g", GroupState.OPEN, "It goes on."))
