"""A run from its start to its end: who starts what, what the ledger says, and what a person may do on the way."""

import pytest

from approvals import services as approvals
from approvals.models import ApprovalRequest
from audit.selectors import entries
from plumbing import clock
from runbooks import services
from runbooks.actions.base import Again, Done, Failed
from runbooks.engine import shell
from runbooks.engine.model import Effect
from runbooks.errors import BadInput, NotYours, ReasonNeeded, RunbookError, StaleStep, VersionNotPublished
from runbooks.models import Attempt
from tests.runbooks.conftest import due, kinds, states, work_off

pytestmark = pytest.mark.django_db

DIAMOND = """
name: diamond
title: A diamond
steps:
  - {id: a, title: First, action: scripted}
  - {id: b, title: Left, action: scripted, needs: [a]}
  - {id: c, title: Right, action: scripted, needs: [a], with: {say: "{{ steps.a.output.said }}!"}}
  - {id: d, title: Last, action: scripted, needs: [b, c]}
"""
CONSENT = """
name: consent
title: A risky step
inputs:
  volume: {type: string}
steps:
  - id: wipe
    title: Wipe volume
    action: scripted
    with: {volume: "{{ inputs.volume }}"}
    touches: [store]
    approval: {reason: "Wipe {{ inputs.volume }}?", effect: It is gone., undo: None., proof: Backup verified.}
"""
RETRIED = """
name: retried
title: Three tries
steps:
  - {id: a, title: A, action: scripted, retry: {attempts: 3}, idempotent: true}
"""
BY_HAND = """
name: by-hand
title: People
steps:
  - {id: call, title: Call the vendor, action: manual, assign: "role:commander", instructions: Bridge 4471}
  - {id: after, title: After the call, action: scripted, needs: [call]}
"""


def test_a_run_goes_through_its_plan_and_says_each_move(start, scripted):
    run = work_off(start(DIAMOND))
    assert run.state == "succeeded"
    assert set(states(run).values()) == {"done"}
    assert scripted.steps[0] == "a" and scripted.steps[-1] == "d" and len(scripted.calls) == 4
    said = kinds(run)
    assert said[0] == "run.started" and said[-1] == "run.succeeded"
    assert said.count("step.running") == said.count("attempt.succeeded") == said.count("step.done") == 4


def test_an_output_reaches_the_steps_behind_it(start, scripted):
    scripted.script["a"] = lambda context: Done({"said": "hello"})
    work_off(start(DIAMOND))
    assert next(config for step, config, _ in scripted.calls if step == "c") == {"say": "hello!"}


def test_a_missing_output_fails_the_step_before_it_acts(start, scripted):
    scripted.script["a"] = lambda context: Done({})
    run = work_off(start(DIAMOND))
    assert states(run) == {"a": "done", "b": "done", "c": "failed", "d": "waiting"}
    assert run.state == "failed"
    assert "c" not in scripted.steps
    assert "said" in run.steps.get(step="c").why


def test_another_call_with_the_memo_comes_after_the_time_asked_for(start, scripted):
    def twice(context):
        return Done({}) if context.memo else Again(0.0, {"seen": True})

    scripted.script["a"] = twice
    run = work_off(start(DIAMOND.replace("{{ steps.a.output.said }}", "x")))
    assert run.state == "succeeded"
    assert scripted.steps.count("a") == 2
    assert kinds(run).count("step.running") == 4  # a second call is no second start


def test_only_an_idempotent_step_is_tried_again(start, scripted):
    scripted.script["a"] = lambda context: Failed("busy", retryable=True, effect=Effect.MAYBE)
    run = work_off(start(RETRIED))
    assert (run.state, scripted.steps) == ("failed", ["a", "a", "a"])
    keys = {context.idempotency_key for _, _, context in scripted.calls}
    assert len(keys) == 1


def test_a_broken_action_leaves_its_step_unknown_and_a_person_settles_it(start, scripted, commander):
    def broken(context):
        raise RuntimeError("cable cut")

    scripted.script["a"] = broken
    run = work_off(start(DIAMOND.replace("{{ steps.a.output.said }}", "x")))
    row = run.steps.get(step="a")
    assert (row.state, run.state) == ("unknown", "running")
    with pytest.raises(ReasonNeeded):
        services.settle_unknown(run.uid, "a", actor=commander, seen_at=row.seen_at, found="happened", evidence=" ")
    services.settle_unknown(
        run.uid, "a", actor=commander, seen_at=row.seen_at, found="happened", evidence="Seen in the log."
    )
    assert work_off(run).state == "succeeded"


def test_a_failed_step_can_be_retried_by_a_person_and_the_run_goes_on(start, scripted, commander):
    outcomes = iter([Failed("no", effect=Effect.NONE), Done({"said": ""})])
    scripted.script["a"] = lambda context: next(outcomes)
    run = work_off(start(DIAMOND))
    assert run.state == "failed"
    seen_at = run.steps.get(step="a").seen_at
    services.retry_step(run.uid, "a", actor=commander, seen_at=seen_at, reason="Cable is back.")
    assert work_off(run).state == "succeeded"
    assert "run.reopened" in kinds(run)


def test_a_skipped_step_lets_the_plan_go_on(start, scripted, commander):
    scripted.script["b"] = lambda context: Failed("no", effect=Effect.NONE)
    run = work_off(start(DIAMOND))
    services.skip_step(run.uid, "b", actor=commander, seen_at=run.steps.get(step="b").seen_at, reason="Not needed.")
    run = work_off(run)
    assert (run.state, states(run)["b"]) == ("succeeded", "skipped")


def test_a_late_click_is_refused_and_says_what_is_true_now(start, commander):
    run = start(BY_HAND)
    with pytest.raises(StaleStep, match="Call the vendor"):
        services.start_step(run.uid, "call", actor=commander, seen_at=99)


def test_a_person_starts_and_finishes_their_step(start, scripted, commander, responder):
    run = start(BY_HAND, assignees={"role:commander": commander})
    row = run.steps.get(step="call")
    with pytest.raises(NotYours, match=str(commander)):
        services.start_step(run.uid, "call", actor=responder, seen_at=row.seen_at)
    row = services.start_step(run.uid, "call", actor=commander, seen_at=row.seen_at)
    services.finish_step(
        run.uid, "call", actor=commander, seen_at=row.seen_at, worked=True, note="They will call back."
    )
    run = work_off(run)
    assert run.state == "succeeded"
    assert run.steps.get(step="call").output == {"note": "They will call back."}
    by = [entry.actor for entry in entries(run.stream) if entry.kind in ("step.running", "attempt.succeeded")]
    assert by[:2] == [commander.actor_id] * 2


def test_a_worker_step_is_nobodys_to_finish_by_hand(start, commander):
    run = start(DIAMOND)
    with pytest.raises(RunbookError, match="worker"):
        services.start_step(run.uid, "a", actor=commander, seen_at=run.steps.get(step="a").seen_at)


def test_cancelling_takes_back_what_nobody_began(start, scripted, commander):
    run = start(DIAMOND)
    services.cancel_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Wrong runbook.")
    run = work_off(run)
    assert (run.state, scripted.calls) == ("stopped", [])
    assert set(states(run).values()) == {"cancelled"}
    assert due(run) == []


@pytest.mark.parametrize(
    ("inputs", "message"),
    [({}, "missing"), ({"volume": 3}, "string is needed"), ({"volume": "v", "volum": "v"}, "Did you mean volume")],
)
def test_wrong_inputs_are_refused_before_anything_starts(start, inputs, message, store):
    with pytest.raises(BadInput, match=message):
        start(CONSENT, inputs=inputs)
    assert not Attempt.objects.exists()


def test_a_draft_does_not_run(publish, payments_team, author):
    version = publish(DIAMOND)
    draft = services.save_version(version.runbook, DIAMOND + "# changed\n", author=author)
    with pytest.raises(VersionNotPublished, match="draft"):
        services.start_run(draft, stream="inc_x", inputs={}, starter=author, teams=[payments_team])


@pytest.fixture
def asked(start, store):
    run = start(CONSENT, inputs={"volume": "v1"})
    return run, ApprovalRequest.objects.get(subject=f"run/{run.uid}/wipe")


def decide(request, user, verdict="approve", reason="Seen the backup."):
    return approvals.decide(
        request.uid, user=user, said=approvals.Said(verdict, reason, request.digest), now=clock.now()
    )


def test_nothing_happens_before_the_owner_agrees(asked, scripted, owner):
    run, request = asked
    assert work_off(run).state == "running"
    assert (scripted.calls, states(run)) == ([], {"wipe": "approval"})
    assert request.question == "Wipe v1?"
    decide(request, owner)
    shell.advance(run.uid)
    assert work_off(run).state == "succeeded"
    assert scripted.calls[0][1] == {"volume": "v1"}


def test_a_no_stops_the_run(asked, scripted, owner):
    run, request = asked
    decide(request, owner, "reject", "Backup is too old.")
    shell.advance(run.uid)
    run = work_off(run)
    assert (run.state, states(run), scripted.calls) == ("stopped", {"wipe": "cancelled"}, [])
    assert "Backup is too old." in run.steps.get(step="wipe").why


def test_a_changed_input_voids_the_question_and_asks_anew(asked, scripted, commander, owner):
    run, request = asked
    services.change_input(run.uid, "volume", "v2", actor=commander, reason="Wrong volume.")
    request.refresh_from_db()
    anew = ApprovalRequest.objects.get(subject=request.subject, state="pending")
    assert (request.state, anew.question) == ("void", "Wipe v2?")
    assert anew.digest != request.digest


def test_a_changed_input_voids_a_yes_that_was_not_used_yet(asked, scripted, commander, owner):
    run, request = asked
    decide(request, owner)
    shell.advance(run.uid)  # queued, and no worker has come
    services.change_input(run.uid, "volume", "v2", actor=commander, reason="Wrong volume.")
    run = work_off(run)
    assert (states(run), scripted.calls) == ({"wipe": "approval"}, [])
    decide(ApprovalRequest.objects.get(state="pending"), owner)
    shell.advance(run.uid)
    assert work_off(run).state == "succeeded"
    assert [config for _, config, _ in scripted.calls] == [{"volume": "v2"}]
