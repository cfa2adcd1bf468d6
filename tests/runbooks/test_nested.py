"""A runbook as one step of another: how it begins, ends, is paused, stopped and taken back with it."""

import pytest

from approvals import services as approvals
from approvals.models import ApprovalRequest
from audit.selectors import entries
from plumbing import clock
from runbooks import services
from runbooks.actions.base import Failed
from runbooks.engine import following, nested, shell, worker
from runbooks.engine.model import Effect
from runbooks.errors import NestedRefused
from runbooks.models import Attempt, Run
from tests.runbooks.conftest import due, states

pytestmark = pytest.mark.django_db

INNER = """
name: inner
title: Inner
inputs:
  service: {type: string}
steps:
  - {id: one, title: One, action: scripted, with: {say: "{{ inputs.service }}"}, undo: {action: scripted}}
  - {id: two, title: Two, action: scripted, needs: [one]}
"""
OUTER = """
name: outer
title: Outer
inputs:
  service: {type: string}
steps:
  - {id: before, title: Before, action: scripted, undo: {action: scripted}}
  - id: pattern
    title: The pattern
    action: run
    needs: [before]
    with: {runbook: inner, inputs: {service: "{{ inputs.service }}"}}
    outputs:
      - {name: said, value: output.steps.one.said}
  - {id: after, title: After, action: scripted, needs: [pattern], with: {say: "{{ steps.pattern.output.said }}!"}}
"""
PLAIN = OUTER.replace("{name: said, value: output.steps.one.said}", "{name: said, value: output.state}")

LOOKS = """
name: inner
title: Inner
inputs:
  service: {type: string}
steps:
  - {id: one, title: One, action: wait, with: {for: 0s}}
"""
OTHER = """
name: other
title: Other
steps:
  - {id: work, title: Work, action: manual, touches: [store]}
"""


@pytest.fixture
def begun(publish, start, commander):
    """A run of the outer runbook, as far as it goes without a worker."""
    publish(INNER)
    return start(OUTER, inputs={"service": "web"}, assignees={"role:commander": commander})


def all_off(run, rounds=30):
    """Let workers and the sweep do all that is to be done in the run and those inside it."""
    for _ in range(rounds):
        work = [worker.perform(pk) for one in Run.objects.filter(stream=run.stream) for pk in due(one)]
        heard = [shell.advance(uid) for uid in sorted(following.find_due())]
        if not any(work) and not heard:
            break
    run.refresh_from_db()
    return run


def child(run):
    return Run.objects.filter(parent__run=run).order_by("-pk").first()


def test_a_nested_run_is_a_step_of_its_parent(begun, scripted, commander):
    run = all_off(begun)
    inner = child(run)
    assert (run.state, inner.state) == ("succeeded", "succeeded")
    assert scripted.steps == ["before", "one", "two", "after"]
    assert scripted.calls[-1][1] == {"say": "web!"}  # an output of the pattern's step, through the parent's own
    assert inner.stream == run.stream and list(inner.teams.all()) == list(run.teams.all())
    assert inner.starter == commander and inner.inputs == {"service": "web"}
    started = [entry.fields for entry in entries(run.stream) if entry.kind == "run.started"]
    assert started[1]["part_of"] == run.uid and started[1]["step"] == "pattern"


def test_nothing_is_left_to_be_heard_at_the_end(begun):
    all_off(begun)
    assert following.find_due() == set()
    assert not Attempt.objects.filter(state__in=["queued", "leased"]).exists()


def test_the_sweep_finds_a_child_that_nobody_rang_for_and_a_parent_that_did_not_hear(begun, scripted):
    worker.perform(due(begun)[0])
    inner = child(begun)
    assert states(inner) == {"one": "waiting", "two": "waiting"} and following.find_due() == {inner.uid}
    shell.advance(inner.uid)
    assert following.find_due() == set()
    for _ in range(2):
        worker.perform(due(inner)[0])
    inner.refresh_from_db()
    assert inner.state == "succeeded" and states(begun)["pattern"] == "running"
    assert following.find_due() == {begun.uid}  # killed between the child's end and the parent's ring
    shell.advance(begun.uid)
    shell.advance(begun.uid)
    assert states(begun)["pattern"] == "done" and following.find_due() == set()


@pytest.mark.parametrize(
    ("one", "effect"), [(Effect.NONE, "none"), (Effect.MAYBE, "maybe")], ids=["nothing changed", "something changed"]
)
def test_a_failed_child_fails_its_step_with_what_it_did(begun, scripted, one, effect):
    scripted.script["one"] = lambda context: Failed("It broke.", effect=one)
    run = all_off(begun)
    attempt = Attempt.objects.get(step_run__run=run, step_run__step="pattern")
    assert (run.state, states(run)["pattern"], attempt.effect) == ("failed", "failed", effect)
    assert "It broke" in attempt.error or "One" in attempt.error


def test_a_failed_child_is_not_reopened_once_its_parent_went_on(begun, scripted, commander):
    scripted.script["one"] = lambda context: Failed("It broke.", effect=Effect.NONE)
    all_off(begun)
    row = child(begun).steps.get(step="one")
    with pytest.raises(NestedRefused, match="Retry that step"):
        services.retry_step(child(begun).uid, "one", actor=commander, seen_at=row.seen_at, reason="Once more.")


def test_another_try_of_the_step_is_another_run(begun, scripted, commander):
    scripted.script["one"] = lambda context: Failed("It broke.", effect=Effect.NONE)
    run = all_off(begun)
    first = child(run)
    del scripted.script["one"]
    row = run.steps.get(step="pattern")
    services.retry_step(run.uid, "pattern", actor=commander, seen_at=row.seen_at, reason="It is fixed.")
    run = all_off(run)
    assert run.state == "succeeded" and child(run) != first and child(run).state == "succeeded"


def test_pausing_and_resuming_reach_the_child(begun, commander):
    worker.perform(due(begun)[0])
    services.pause_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wait for the vendor.")
    all_off(begun)
    inner = child(begun)
    assert inner.state == "paused" and "vendor" in inner.why
    services.resume_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="They are there.")
    assert all_off(begun).state == "succeeded"


def test_a_child_that_a_person_paused_stays_paused_when_the_parent_goes_on(begun, commander):
    worker.perform(due(begun)[0])
    inner = child(begun)
    services.pause_run(inner.uid, actor=commander, seen_at=seen_at(inner), reason="I look at it.")
    services.pause_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wait.")
    services.resume_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Go on.")
    all_off(begun)
    inner.refresh_from_db()
    assert inner.state == "paused"


def test_cancelling_reaches_the_child(begun, commander, scripted):
    worker.perform(due(begun)[0])
    services.cancel_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wrong incident.")
    run = all_off(begun)
    assert (run.state, child(run).state) == ("stopped", "stopped") and scripted.steps == ["before"]


def test_undoing_the_parent_undoes_the_child_in_reverse(begun, commander, scripted):
    scripted.script["after"] = lambda context: Failed("It broke.", effect=Effect.NONE)
    run = all_off(begun)
    assert run.state == "failed" and child(run).state == "succeeded"
    scripted.calls.clear()
    services.undo_run(run.uid, actor=commander, seen_at=seen_at(run), reason="Take it all back.")
    run = all_off(run)
    assert (run.state, child(run).state) == ("undone", "undone")
    assert scripted.steps == ["undo:one", "undo:before"]
    assert states(child(run))["one"] == "undone" and states(child(run))["two"] == "done"  # it has no way back
    assert following.find_due() == set()


def test_what_a_failed_child_had_done_is_taken_back_with_its_step(begun, commander, scripted):
    scripted.script["two"] = lambda context: Failed("It broke.", effect=Effect.NONE)
    run = all_off(begun)
    assert (run.state, child(run).state, run.steps.get(step="pattern").effect) == ("failed", "failed", "maybe")
    scripted.calls.clear()
    services.undo_run(run.uid, actor=commander, seen_at=seen_at(run), reason="Take it all back.")
    run = all_off(run)
    assert (run.state, child(run).state, scripted.steps) == ("undone", "undone", ["undo:one", "undo:before"])


def test_cancelling_reaches_a_child_that_is_paused(begun, commander, scripted):
    worker.perform(due(begun)[0])
    services.pause_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wait.")
    all_off(begun)
    services.cancel_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wrong incident.")
    run = all_off(begun)
    assert (run.state, child(run).state) == ("stopped", "stopped")


def test_a_run_that_only_looked_has_changed_nothing(publish, start, scripted):
    publish(LOOKS)
    run = all_off(start(PLAIN, inputs={"service": "web"}))
    assert child(run).state == "succeeded" and not nested.has_changed_something(child(run))
    assert nested.has_changed_something(run)


def test_a_child_that_was_never_begun_is_no_trouble_for_an_undo(begun, commander, scripted):
    worker.perform(due(begun)[0])
    services.undo_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wrong incident.")
    run = all_off(begun)
    assert run.state == "undone" and scripted.steps == ["before", "undo:before"]


def test_a_child_does_not_wait_for_the_locks_that_its_own_step_holds(publish, start, store, scripted):
    publish(INNER.replace("action: scripted, with", "action: scripted, touches: [store], with"))
    run = start(OUTER.replace("action: run", "action: run\n    touches: [store]"), inputs={"service": "web"})
    assert all_off(run).state == "succeeded" and scripted.steps == ["before", "one", "two", "after"]


def test_a_child_waits_for_the_locks_of_strangers(publish, start, store, scripted, commander):
    publish(INNER.replace("action: scripted, with", "action: scripted, touches: [store], with"))
    other = start(OTHER)
    shell.advance(other.uid)
    run = all_off(start(OUTER, inputs={"service": "web"}))
    assert states(child(run))["one"] == "locked" and scripted.steps == ["before"]
    row = other.steps.get(step="work")
    services.finish_step(other.uid, "work", actor=commander, seen_at=row.seen_at, worked=True, note="Done.")
    shell.advance(child(run).uid)
    assert all_off(run).state == "succeeded"


def test_consent_to_a_runbook_is_consent_to_the_version_of_that_time(publish, start, store, owner, commander, author):
    version = publish(INNER)
    asks = OUTER.replace("action: run", "action: run\n    touches: [store]\n    approval: {reason: Run it?}")
    run = all_off(start(asks, inputs={"service": "web"}))
    newer = services.save_version(version.runbook, INNER.replace("Two", "Something else"), author=author)
    services.publish(newer, publisher=author)
    request = ApprovalRequest.objects.get()
    seen, now = request.digest, clock.now()
    approvals.decide(request.uid, user=owner, said=approvals.Said("approve", "Go.", seen), now=now)
    shell.advance(run.uid)
    row = run.steps.get(step="pattern")
    assert row.state == "failed" and "published anew after consent" in row.why and child(run) is None


def test_a_runbook_never_runs_inside_itself(begun, publish):
    version = begun.version
    worker.perform(due(begun)[0])
    with pytest.raises(NestedRefused, match="inside itself"):
        nested.check_family(child(begun), version)


def seen_at(run):
    run.refresh_from_db()
    return run.seen_at


def test_a_paused_run_that_is_taken_back_goes_on_to_its_end(begun, commander, scripted):
    worker.perform(due(begun)[0])
    services.pause_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wait.")
    all_off(begun)
    services.undo_run(begun.uid, actor=commander, seen_at=seen_at(begun), reason="Wrong incident.")
    run = all_off(begun)
    assert (run.state, child(run).state, scripted.steps) == (
        "undone",
        "stopped",
        ["before", "undo:before"],
    )
