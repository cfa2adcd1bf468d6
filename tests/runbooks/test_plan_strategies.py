"""Ten branches of which three fail, under each strategy: the ends that docs/engine.md states, and its pictures."""

import pytest

from runbooks.definitions.expanding import linearised
from runbooks.engine.facts import MoveStep
from runbooks.engine.model import OnFailure, Rest, Strategy
from runbooks.states import Choice, GroupState, Role, RunState, StepState
from scripts.engine_pictures import FAILING, FOLDER, drawn, played, scenes, ten_branches

S = StepState
BRANCHES = [f"b{number}" for number in range(1, 11)]


def states(scene):
    return {row: facts.state for row, facts in scene.board.steps.items() if facts.role is Role.STEP}


def ten(strategy: Strategy, **play):
    return played(ten_branches(strategy), failing=FAILING, **play)


def test_fail_fast_takes_back_everything_in_reverse():
    scene = ten(Strategy(OnFailure.FAIL_FAST))
    assert set(states(scene).values()) == {S.UNDONE}
    assert (scene.board.run_state, scene.board.state_of("")) == (RunState.UNDONE, GroupState.UNDONE)
    begun = [each.step for each in scene.log if isinstance(each, MoveStep) and each.to is S.UNDOING]
    assert begun == list(reversed(BRANCHES))


def test_continue_asks_when_all_have_ended_and_takes_a_failure_as_it_is():
    scene = ten(Strategy(OnFailure.CONTINUE), answer=Choice.ACCEPT)
    assert states(scene) == {row: S.FAILED if row in FAILING else S.DONE for row in BRANCHES}
    assert (scene.board.run_state, scene.board.state_of("")) == (RunState.SUCCEEDED, GroupState.ACCEPTED)


@pytest.mark.parametrize(
    ("answer", "failed", "others", "run"),
    [
        (Choice.UNDO_BRANCHES, S.UNDONE, S.DONE, RunState.SUCCEEDED),
        (Choice.UNDO_ALL, S.UNDONE, S.UNDONE, RunState.UNDONE),
        (Choice.SKIP, S.SKIPPED, S.DONE, RunState.SUCCEEDED),
    ],
)
def test_the_other_answers_of_an_assessment(answer, failed, others, run):
    scene = ten(Strategy(OnFailure.CONTINUE), answer=answer)
    assert states(scene) == {row: failed if row in FAILING else others for row in BRANCHES}
    assert scene.board.run_state is run


def test_a_quorum_of_seven_is_reached_by_the_seventh_success():
    scene = ten(Strategy(OnFailure.QUORUM, quorum=7))
    assert states(scene) == {row: S.FAILED if row in FAILING else S.DONE for row in BRANCHES}
    assert (scene.board.run_state, scene.board.state_of("")) == (RunState.SUCCEEDED, GroupState.PASSED)


def test_a_quorum_that_cannot_be_reached_is_assessed_or_undone_as_declared():
    assessed = ten(Strategy(OnFailure.QUORUM, quorum=8), answer=Choice.ACCEPT)
    assert (assessed.board.run_state, assessed.board.state_of("")) == (RunState.SUCCEEDED, GroupState.ACCEPTED)
    undone = ten(Strategy(OnFailure.QUORUM, quorum=8, otherwise=OnFailure.FAIL_FAST))
    assert undone.board.run_state is RunState.UNDONE


def test_a_quorum_of_a_linearised_plan_counts_the_same_branches():
    chain = linearised(ten_branches(Strategy(OnFailure.QUORUM, quorum=1)))
    scene = played(chain)
    assert scene.board.state_of("") is GroupState.PASSED
    assert len(scene.board.graph.branches("")) == 10


def test_what_the_rest_of_a_quorum_did_is_undone_where_declared():
    scene = ten(Strategy(OnFailure.QUORUM, quorum=5, rest=Rest.UNDO))
    assert {row for row, state in states(scene).items() if state is S.UNDONE} == set(FAILING)
    assert scene.board.run_state is RunState.SUCCEEDED


@pytest.mark.parametrize("name", ["fail-fast", "continue", "quorum", "linear", "parallel", "adaptive"])
def test_the_pictures_in_the_docs_show_what_the_planner_does(name):
    again = "python -m scripts.engine_pictures draws them again"
    assert (FOLDER / f"engine-{name}.svg").read_text() == drawn(scenes()[name]), again
    assert f"engine-{name}.svg" in (FOLDER.parent / "engine.md").read_text()
