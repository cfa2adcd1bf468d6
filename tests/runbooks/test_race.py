"""Two people, one moment, two connections: one act counts, the other is told who was first."""

import pytest

from audit.models import Entry
from runbooks import services
from runbooks.errors import RunbookError
from tests.race import at_once
from tests.runbooks.conftest import work_off
from tests.runbooks.test_migrate import NEW, OLD

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = """
name: race
title: A race
steps:
  - {id: a, title: A, action: scripted, undo: {action: scripted}}
  - {id: b, title: B, action: manual, needs: [a]}
  - {id: c, title: C, action: scripted, needs: [b]}
"""


def seen(run, step):
    return run.steps.get(step=step).seen_at


RUN_ACTS = {
    "pause": (services.pause_run, {}),
    "cancel": (services.cancel_run, {}),
    "undo": (services.undo_run, {}),
    "speed": (services.limit_speed, {"width": 1}),
}
STEP_ACTS = {
    "hold": (services.hold_step, {"reason": "x"}),
    "skip": (services.skip_step, {"reason": "x"}),
    "take": (services.take_over, {"reason": "x"}),
    "finish": (services.finish_step, {"worked": True, "note": "x"}),
}
PAIRS = [("pause", "cancel"), ("undo", "cancel"), ("speed", "pause"), ("undo", "undo")]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_of_two_acts_on_a_run_one_counts(one, other, start, scripted, commander, responder):
    run = work_off(start(PLAN))

    def act(name, actor):
        service, more = RUN_ACTS[name]
        return lambda: service(run.uid, actor=actor, seen_at=run.seen_at, reason="At once.", **more)

    outcomes = at_once(act(one, commander), act(other, responder))
    (late,) = [outcome for outcome in outcomes if isinstance(outcome, RunbookError)]
    first = responder if outcomes[0] is late else commander
    assert (late.status, late.code) == (409, "stale_run")
    assert str(first) in str(late)
    run.refresh_from_db()
    assert run.seen_at == 1


@pytest.mark.parametrize(("one", "other"), [("hold", "skip"), ("finish", "skip"), ("take", "hold"), ("skip", "skip")])
def test_of_two_acts_on_a_step_one_counts(one, other, start, scripted, commander, responder):
    run = work_off(start(PLAN))
    at = seen(run, "b")

    def act(name, actor):
        service, more = STEP_ACTS[name]
        return lambda: service(run.uid, "b", actor=actor, seen_at=at, **more)

    outcomes = at_once(act(one, commander), act(other, responder))
    (late,) = [outcome for outcome in outcomes if isinstance(outcome, RunbookError)]
    first = responder if outcomes[0] is late else commander
    assert (late.status, late.code) == (409, "stale_step")
    assert str(first) in str(late)


def test_of_two_decisions_about_a_move_one_counts(start, scripted, commander, owner, deputy, author):
    run = work_off(start(OLD))
    newer = services.publish(services.save_version(run.version.runbook, NEW, author=author), publisher=author)
    asked = services.ask_migration(run.uid, version=newer, actor=commander, seen_at=run.seen_at, reason="C was wrong.")

    def decide(actor, agree):
        return lambda: services.decide_migration(
            asked.uid, actor=actor, digest=asked.digest, agree=agree, reason="At once."
        )

    outcomes = at_once(decide(owner, True), decide(deputy, False))
    (late,) = [outcome for outcome in outcomes if isinstance(outcome, RunbookError)]
    assert (late.status, late.code) == (409, "move_over")
    settled = Entry.objects.filter(kind__in=["run.migrated", "run.migration_declined"])
    assert settled.count() == 1
    run.refresh_from_db()
    assert (run.version == newer) is (settled.get().kind == "run.migrated")


def test_of_two_who_settle_an_unknown_step_one_counts(start, scripted, commander, responder):
    def broken(context):
        raise RuntimeError("cable cut")

    scripted.script["a"] = broken
    run = work_off(start(PLAN))
    at = seen(run, "a")

    def settle(actor, found):
        return lambda: services.settle_unknown(run.uid, "a", actor=actor, seen_at=at, found=found, evidence="I looked.")

    outcomes = at_once(settle(commander, "happened"), settle(responder, "not"))
    assert sum(isinstance(outcome, RunbookError) for outcome in outcomes) == 1
    assert Entry.objects.filter(kind="step.settled").count() == 1


def test_of_two_reruns_one_counts(start, scripted, commander, responder):
    run = work_off(start(PLAN))
    services.cancel_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Again from C.")
    run = work_off(run)
    run.refresh_from_db()

    def again(actor):
        return lambda: services.rerun_from(run.uid, "b", actor=actor, seen_at=run.seen_at, reason="At once.")

    outcomes = at_once(again(commander), again(responder))
    assert sum(isinstance(outcome, RunbookError) for outcome in outcomes) == 1
    assert run.reruns.count() == 1
