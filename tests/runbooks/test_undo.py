"""Taking back: the forecast, a run, a group, a branch, and what a person does about an undo that failed."""

import pytest

from audit.selectors import entries
from runbooks import services
from runbooks.actions.base import Done, Failed
from runbooks.engine.model import Effect
from runbooks.engine.reading import definition_of_run
from runbooks.errors import NothingToUndo, RunbookError, StaleRun, StaleStep
from runbooks.selectors import run_overview
from runbooks.views.offers import for_step
from tests.runbooks.conftest import kinds, states, work_off

pytestmark = pytest.mark.django_db
UNDO = "undo: {action: scripted, with: {say: back}}"
CHAIN = f"""
name: chain
title: A chain
steps:
  - {{id: a, title: A, action: scripted, {UNDO}}}
  - {{id: b, title: B, action: scripted, needs: [a], undo: {{none: It was a letter.}}}}
  - {{id: c, title: C, action: scripted, needs: [b], {UNDO}}}
  - {{id: d, title: D, action: manual, needs: [c]}}
"""
GROUP = f"""
name: grouped
title: Two groups
sections:
  - {{id: left, title: Left, on_failure: stop}}
steps:
  - {{id: a, title: A, action: scripted, section: left, {UNDO}}}
  - {{id: b, title: B, action: manual, section: left, needs: [a]}}
  - {{id: c, title: C, action: scripted, {UNDO}}}
  - {{id: d, title: D, action: manual, needs: [c]}}
"""


def undone(run):
    run.refresh_from_db()
    return run


def seen(run, step):
    return run.steps.get(step=step).seen_at


def forecast(run, kind="run", name=""):
    return services.forecast_undo(run, definition_of_run(run), kind, name)


def test_the_forecast_says_order_and_what_stays_and_why(start, scripted):
    run = work_off(start(CHAIN))
    found = forecast(run)
    assert [each.step for each in found.order] == ["c", "a"]
    assert [(each.step, each.why) for each in found.stays] == [("b", "It was a letter.")]
    assert [each.step for each in forecast(start(CHAIN.replace("name: chain", "name: fresh"))).order] == []


def test_a_run_is_taken_back_in_reverse_and_says_so_first(start, scripted, commander):
    run = work_off(start(CHAIN))
    services.undo_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Wrong cluster.")
    run = work_off(run)
    assert run.state == "undone"
    assert scripted.steps == ["a", "b", "c", "undo:c", "undo:a"]
    assert {each: state for each, state in states(run).items() if each in "abc"} == {
        "a": "undone", "b": "done", "c": "undone",
    }  # fmt: skip
    said = next(entry for entry in entries(run.stream) if entry.kind == "run.undo_asked")
    assert said.fields["order"] == ["Undo: C", "Undo: A"]
    assert said.fields["stays"] == ["B (It was a letter)"]


def test_of_two_undos_the_second_is_told_who_was_first(start, scripted, commander, responder):
    run = work_off(start(CHAIN))
    at = run.seen_at
    services.undo_run(run.uid, actor=responder, seen_at=at, reason="Wrong cluster.")
    with pytest.raises(StaleRun, match="Jonas Weber let it be taken back"):
        services.undo_run(run.uid, actor=commander, seen_at=at, reason="Me too.")
    run = undone(run)
    with pytest.raises(RunbookError):
        services.undo_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Again.")
    assert kinds(run).count("run.undo_asked") == 1


def test_a_group_is_taken_back_and_the_rest_goes_on(start, scripted, commander):
    run = work_off(start(GROUP))
    row = run.groups.get(group="left")
    services.undo_group(run.uid, "left", actor=commander, seen_at=row.seen_at, reason="Not now.")
    run = work_off(run)
    found = states(run)
    assert (found["a"], found["c"], found["d"]) == ("undone", "done", "ready")
    assert run.groups.get(group="left").state == "undone"
    assert "undo:c" not in scripted.steps


def test_a_branch_is_taken_back_and_the_other_stays(start, scripted, commander):
    run = work_off(start(GROUP))
    services.undo_branch(run.uid, "c", actor=commander, seen_at=seen(run, "c"), reason="Not now.")
    run = work_off(run)
    found = states(run)
    assert (found["c"], found["d"], found["a"]) == ("undone", "cancelled", "done")
    assert [step for step in scripted.steps if step.startswith("undo")] == ["undo:c"]


def test_what_was_taken_back_and_is_then_skipped_is_not_taken_back_again(start, scripted, commander):
    run = work_off(start(GROUP.replace("on_failure: stop", "on_failure: continue")))
    services.undo_branch(run.uid, "a", actor=commander, seen_at=seen(run, "a"), reason="Not now.")
    run = work_off(run)
    group = run.groups.get(group="left")
    assert (states(run)["a"], group.state) == ("undone", "assessing")
    services.assess_group(run.uid, "left", actor=commander, seen_at=group.seen_at, choice="skip", reason="Not needed.")
    run = work_off(run)
    assert states(run)["a"] == "skipped"
    assert [each.step for each in forecast(run).order] == ["c"]
    services.undo_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Wrong cluster.")
    run = work_off(run)
    assert [step for step in scripted.steps if step.startswith("undo")] == ["undo:a", "undo:c"]
    assert run.state == "undone"


def test_nothing_to_take_back_is_said(start, scripted, commander):
    run = start(GROUP)
    row = run.groups.get(group="left")
    with pytest.raises(NothingToUndo, match="Left"):
        services.undo_group(run.uid, "left", actor=commander, seen_at=row.seen_at, reason="Not now.")
    assert "run.undo_asked" not in kinds(run)


@pytest.fixture
def stuck(start, scripted, commander):
    scripted.script["undo:c"] = lambda context: Failed("The way back is blocked.", effect=Effect.MAYBE)
    run = work_off(start(CHAIN))
    services.undo_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Wrong cluster.")
    run = work_off(run)
    assert states(run)["c"] == "stuck"
    return run


def test_a_failed_undo_is_tried_again(stuck, scripted, commander):
    scripted.script["undo:c"] = lambda context: Done({})
    services.retry_undo(stuck.uid, "c", actor=commander, seen_at=seen(stuck, "c"), reason="It is free.")
    run = work_off(stuck)
    assert (run.state, states(run)["c"], states(run)["a"]) == ("undone", "undone", "undone")


def test_a_failed_undo_is_done_by_hand_with_evidence(stuck, commander):
    services.undone_by_hand(stuck.uid, "c", actor=commander, seen_at=seen(stuck, "c"), evidence="Console says off.")
    run = work_off(stuck)
    assert (run.state, states(run)["c"], states(run)["a"]) == ("undone", "undone", "undone")
    said = next(entry for entry in entries(run.stream) if entry.kind == "step.replaced")
    assert said.fields["evidence"] == "Console says off."


def test_only_a_stuck_step_has_an_undo_to_mend(stuck, commander):
    with pytest.raises(StaleStep):
        services.retry_undo(stuck.uid, "a", actor=commander, seen_at=seen(stuck, "a"), reason="Why not.")


@pytest.mark.parametrize("begun", [True, False])
def test_an_undo_is_never_skipped(start, scripted, commander, begun):
    """Left out, it would read as undone."""
    scripted.script["undo:c"] = lambda context: Failed("The way back is blocked.", effect=Effect.MAYBE)
    run = work_off(start(CHAIN))
    services.undo_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Wrong cluster.")
    run = work_off(run) if begun else run
    with pytest.raises(RunbookError, match="done by hand"):
        services.skip_step(run.uid, "undo:c", actor=commander, seen_at=seen(run, "undo:c"), reason="No time.")
    assert states(run)["undo:c"] == ("failed" if begun else "ready")
    overview = next(each for each in run_overview(run).extras if each.key == "undo:c")
    assert "skip" not in [offer.key for offer in for_step(run, overview, commander)]
