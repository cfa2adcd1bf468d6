"""Holding back what has not begun, releasing it, and what a person says about steps that failed or are unknown."""

import pytest

from audit.selectors import entries
from runbooks import services
from runbooks.actions.base import Done, Failed
from runbooks.engine.model import Effect
from runbooks.errors import ReasonNeeded, RunbookError, StaleStep
from tests.runbooks.conftest import due, kinds, states, work_off
from tests.runbooks.test_run import BY_HAND, DIAMOND

pytestmark = pytest.mark.django_db
PLAIN = DIAMOND.replace("{{ steps.a.output.said }}", "x")
BRANCHES = """
name: branches
title: Two branches
steps:
  - {id: a1, title: A 1, action: manual}
  - {id: a2, title: A 2, action: scripted, needs: [a1]}
  - {id: b1, title: B 1, action: manual}
  - {id: b2, title: B 2, action: scripted, needs: [b1]}
"""


def seen(run, step):
    return run.steps.get(step=step).seen_at


def hold(run, step, actor, **more):
    return services.hold_step(run.uid, step, actor=actor, seen_at=seen(run, step), reason="The vendor asks.", **more)


def release(run, step, actor, **more):
    return services.release_step(run.uid, step, actor=actor, seen_at=seen(run, step), reason="They agree.", **more)


def test_a_held_step_does_not_begin_before_it_is_released(start, scripted, commander):
    run = start(PLAIN)
    row = hold(run, "b", commander)
    assert row.held == "Amara Diallo: The vendor asks."
    run = work_off(run)
    assert states(run) == {"a": "done", "b": "waiting", "c": "done", "d": "waiting"}
    assert run.state == "running", "a run with a held step waits for a person"
    release(run, "b", commander)
    assert work_off(run).state == "succeeded"
    assert [kind for kind in kinds(run) if kind in ("step.held", "step.released")] == ["step.held", "step.released"]


def test_holding_takes_back_what_is_queued(start, scripted, commander):
    run = start(PLAIN)
    assert len(due(run)) == 1
    hold(run, "a", commander)
    assert (due(run), states(run)["a"]) == ([], "waiting")
    assert work_off(run).state == "running"
    release(run, "a", commander)
    assert work_off(run).state == "succeeded"


def test_a_branch_is_held_as_a_whole_and_the_other_goes_on(start, scripted, commander):
    run = start(BRANCHES)
    hold(run, "a1", commander, branch=True)
    held = set(run.steps.exclude(held="").values_list("step", flat=True))
    assert held == {"a1", "a2"}
    services.finish_step(run.uid, "b1", actor=commander, seen_at=seen(run, "b1"), worked=True, note="Done.")
    assert states(work_off(run))["b2"] == "done"
    release(run, "a2", commander, branch=True)
    assert not run.steps.exclude(held="").exists()


def test_what_has_begun_is_not_held(start, scripted, commander):
    run = work_off(start(PLAIN))
    with pytest.raises(RunbookError):
        hold(run, "a", commander)
    run = start(BY_HAND.replace("by-hand", "by-hand-2"))
    services.start_step(run.uid, "call", actor=commander, seen_at=seen(run, "call"))
    with pytest.raises(StaleStep):
        hold(run, "call", commander)
    with pytest.raises(RunbookError, match="not held"):
        release(run, "call", commander)


def test_the_second_to_hold_is_told_who_was_first(start, commander, responder):
    run = start(PLAIN)
    at = seen(run, "b")
    hold(run, "b", responder)
    with pytest.raises(StaleStep, match="Jonas Weber held it back"):
        services.hold_step(run.uid, "b", actor=commander, seen_at=at, reason="Me too.")


@pytest.fixture
def failed(start, scripted):
    scripted.script["b"] = lambda context: Failed("It broke.", effect=Effect.MAYBE)
    return work_off(start(PLAIN))


def test_a_failed_step_is_replaced_with_evidence_and_the_run_goes_on(failed, commander):
    assert failed.state == "failed"
    with pytest.raises(ReasonNeeded):
        services.replace_step(failed.uid, "b", actor=commander, seen_at=seen(failed, "b"), evidence=" ")
    services.replace_step(failed.uid, "b", actor=commander, seen_at=seen(failed, "b"), evidence="Done in the console.")
    run = work_off(failed)
    row = run.steps.get(step="b")
    assert (run.state, row.state, row.output["note"]) == ("succeeded", "done", "Done in the console.")
    newest = row.attempts.order_by("-pk").first()
    assert (newest.worker, newest.state) == (commander.actor_id, "succeeded")
    said = next(entry for entry in entries(run.stream) if entry.kind == "step.replaced")
    assert (said.actor, said.fields["evidence"]) == (commander.actor_id, "Done in the console.")


def test_only_a_failed_or_unknown_step_is_replaced(failed, commander):
    with pytest.raises(StaleStep):
        services.replace_step(failed.uid, "a", actor=commander, seen_at=seen(failed, "a"), evidence="By hand.")


@pytest.fixture
def unknown(start, scripted):
    def broken(context):
        raise RuntimeError("cable cut")

    scripted.script["b"] = broken
    return work_off(start(PLAIN))


@pytest.mark.parametrize(
    ("found", "state", "effect"),
    [("happened", "done", "maybe"), ("partly", "failed", "maybe"), ("not", "failed", "none")],
)
def test_an_unknown_step_is_what_a_person_found(found, state, effect, unknown, commander):
    row = unknown.steps.get(step="b")
    assert row.state == "unknown"
    services.settle_unknown(
        unknown.uid, "b", actor=commander, seen_at=row.seen_at, found=found, evidence="The target's log."
    )
    row.refresh_from_db()
    newest = row.attempts.order_by("-pk").first()
    assert (row.state, row.effect) == (state, effect)
    assert newest.effect == ("unknown" if found == "happened" else effect)
    said = next(entry for entry in entries(unknown.stream) if entry.kind == "step.settled")
    assert said.fields["evidence"] == "The target's log."


def test_an_unknown_step_without_a_check_has_none_to_ask(unknown, commander):
    with pytest.raises(RunbookError, match="declares no check"):
        services.ask_check(unknown.uid, "b", actor=commander, seen_at=seen(unknown, "b"))


def test_a_step_is_given_to_somebody_else(start, commander, responder):
    run = start(BY_HAND, assignees={"role:commander": commander})
    at = seen(run, "call")
    services.reassign(run.uid, "call", actor=commander, seen_at=at, reason="On the bridge.", to=responder)
    row = run.steps.get(step="call")
    assert row.assignee == responder
    with pytest.raises(StaleStep, match="gave it to somebody else"):
        services.start_step(run.uid, "call", actor=commander, seen_at=at)
    with pytest.raises(RunbookError, match="already"):
        services.reassign(run.uid, "call", actor=commander, seen_at=row.seen_at, reason="Again.", to=responder)
    said = [entry.fields for entry in entries(run.stream) if entry.kind == "step.reassigned"]
    assert [(each["was"], each["to"]) for each in said] == [(commander.actor_id, responder.actor_id)]


def test_a_retried_step_may_do_what_it_failed_at(failed, scripted, commander):
    scripted.script["b"] = lambda context: Done({"said": ""})
    services.retry_step(failed.uid, "b", actor=commander, seen_at=seen(failed, "b"), reason="Mended.")
    assert work_off(failed).state == "succeeded"
