"""The runbooks of the demo come to their end by each of their ways, as the planner takes them."""

import pytest

from runbooks.states import Choice, GroupState, RunState, StepState
from tests.runbooks.shipped import Play, shipped

ASKED = {"ask": {"others_hit": True, "minutes": 60}, "lines": {"ours_up": True}, "limits": {"before": 0}}
SOON = {**ASKED, "ask": {"others_hit": True, "minutes": 3}}
STAND_IN = {"limits", "switch", "tell", "back", "end_stand_in"}


def card(probes: list[bool], **options) -> Play:
    options.setdefault("answers", dict(ASKED))
    return Play(shipped("card-scheme-unreachable"), {}, probes=probes, **options)


def night(minutes_left: int, **options) -> Play:
    answers = {"chain": {"posting_done": False, "rest_min": 200, "short_min": 90}, "cutoff": {"may_move": True}}
    return Play(shipped("nightly-clearing-late"), {"minutes_left": minutes_left}, answers=answers, **options)


def web(services: tuple[str, ...] = ("store", "api", "edge"), **options) -> Play:
    return Play(shipped("recover-web-chain"), {"services": list(services)}, **options)


def test_a_scheme_that_answers_needs_nothing_switched():
    play = card([True]).to_the_end()
    assert play.board.run_state is RunState.SUCCEEDED
    assert play.in_state(StepState.BYPASSED) == STAND_IN | {"wait", "again"}
    assert play.did[-2:] == ["watch_it", "close"]


def test_a_scheme_that_stays_away_is_stood_in_for():
    play = card([False]).to_the_end()
    assert play.board.run_state is RunState.SUCCEEDED
    assert play.in_state(StepState.BYPASSED) == {"wait", "again"}
    assert [step for step in play.did if step in STAND_IN] == ["limits", "switch", "tell", "back", "end_stand_in"]


def test_a_scheme_that_is_back_soon_is_waited_for_and_asked_again():
    play = card([False, False, True], answers=SOON).to_the_end()
    assert play.board.run_state is RunState.SUCCEEDED
    assert play.did.count("ask") == 2
    assert play.did.count("wait") == 1
    assert play.in_state(StepState.BYPASSED) == STAND_IN | {"wait", "again"}


def test_stand_in_that_fails_half_way_is_taken_back_in_reverse():
    play = card([False], fails=["tell"]).to_the_end()
    assert play.board.group("stand_in").state is GroupState.UNDONE
    assert [row for row in play.did if row.startswith("undo:")] == ["undo:switch", "undo:limits"]
    assert play.in_state(StepState.UNDONE) >= {"switch", "limits"}


@pytest.mark.parametrize(
    ("minutes_left", "way", "done", "bypassed"),
    [
        (240, "finish", {"rest"}, {"defer", "skip_cond", "ends", "announce", "later"}),
        (120, "shorten", {"defer", "skip_cond", "ends", "defer.1", "defer.3"}, {"rest", "announce", "later"}),
        (60, "postpone", {"announce", "later"}, {"rest", "defer", "skip_cond", "ends"}),
    ],
)
def test_a_late_night_takes_the_best_way_that_fits(minutes_left, way, done, bypassed):
    play = night(minutes_left).to_the_end()
    assert play.board.run_state is RunState.SUCCEEDED
    assert play.outputs["way"] == {"case": way}
    assert play.in_state(StepState.DONE) >= done | {"compare", "open"}
    assert play.in_state(StepState.BYPASSED) == bypassed
    assert play.states["by_day"] is (StepState.DONE if way == "shorten" else StepState.SKIPPED)


def test_totals_that_differ_ask_a_person_before_the_files_open():
    play = night(240, fails=["compare"]).to_the_end()
    assert (play.board.run_state, play.states["compare"]) == (RunState.RUNNING, StepState.FAILED)
    assert play.states["open"] is StepState.WAITING
    play.answer("compare", Choice.RETRY)
    assert play.board.run_state is RunState.SUCCEEDED


def test_the_web_chain_is_recovered():
    play = web().to_the_end()
    assert play.board.run_state is RunState.SUCCEEDED
    assert not play.in_state(StepState.SKIPPED)
    only = web(("api",)).to_the_end()
    assert only.in_state(StepState.SKIPPED) == {"store", "edge"}


def test_a_service_that_does_not_start_holds_up_no_other_and_then_a_person_says_what_that_means():
    play = web(fails=["api"]).to_the_end()
    assert play.board.group("start").state is GroupState.ASSESSING
    assert {"store", "edge"} <= play.in_state(StepState.DONE)
    assert play.states["see_api"] is StepState.WAITING
    play.assess("start", Choice.ACCEPT)
    assert play.board.run_state is RunState.SUCCEEDED
    assert play.states["api"] is StepState.FAILED


@pytest.mark.parametrize(
    ("fails", "ends"), [(["see_api"], GroupState.PASSED), (["see_api", "see_store"], GroupState.ASSESSING)]
)
def test_two_good_looks_of_three_are_enough(fails, ends):
    play = web(fails=fails).to_the_end()
    assert play.board.group("prove").state is ends
    assert (play.board.run_state is RunState.SUCCEEDED) is (ends is GroupState.PASSED)
