"""Control of a run as a whole: who may pause, resume, limit, cancel it, and what a late click is told."""

import pytest

from audit.selectors import entries
from runbooks import services
from runbooks.errors import ReasonNeeded, RunbookError, StaleRun
from tests.runbooks.conftest import due, kinds, states, work_off
from tests.runbooks.test_run import BY_HAND, DIAMOND

pytestmark = pytest.mark.django_db


def act(service, run, actor, **said):
    run.refresh_from_db()
    return service(run.uid, actor=actor, seen_at=said.pop("seen_at", run.seen_at), reason="Drill.", **said)


def test_a_paused_run_says_who_paused_it_and_goes_on_when_resumed(start, scripted, commander):
    run = start(BY_HAND)
    act(services.pause_run, run, commander)
    run.refresh_from_db()
    assert (run.state, run.why) == ("paused", "Amara Diallo: Drill.")
    with pytest.raises(RunbookError, match="Resume it first"):
        services.start_step(run.uid, "call", actor=commander, seen_at=run.steps.get(step="call").seen_at)
    act(services.resume_run, run, commander)
    row = run.steps.get(step="call")
    services.finish_step(run.uid, "call", actor=commander, seen_at=row.seen_at, worked=True, note="Told.")
    assert work_off(run).state == "succeeded"
    assert [kind for kind in kinds(run) if kind in ("run.paused", "run.resumed")] == ["run.paused", "run.resumed"]


def test_what_is_live_when_a_run_is_paused_comes_to_its_end(start, scripted, commander):
    run = start(BY_HAND)
    row = services.start_step(run.uid, "call", actor=commander, seen_at=run.steps.get(step="call").seen_at)
    act(services.pause_run, run, commander)
    services.finish_step(run.uid, "call", actor=commander, seen_at=row.seen_at, worked=True, note="Told.")
    run = work_off(run)
    assert states(run) == {"call": "done", "after": "waiting"}
    assert (run.state, due(run), scripted.steps) == ("paused", [], [])


def test_the_second_click_is_told_who_was_first(start, commander, responder):
    run = start(BY_HAND)
    seen_at = run.seen_at
    act(services.pause_run, run, responder)
    for late in (services.pause_run, services.cancel_run, services.resume_run):
        with pytest.raises(StaleRun, match="Jonas Weber paused the run") as refusal:
            act(late, run, commander, seen_at=seen_at)
        assert refusal.value.status == 409
    assert kinds(run).count("run.paused") == 1


def test_nothing_is_done_without_a_reason(start, commander):
    run = start(BY_HAND)
    for service in (services.pause_run, services.cancel_run):
        with pytest.raises(ReasonNeeded):
            service(run.uid, actor=commander, seen_at=run.seen_at, reason="  ")
    run.refresh_from_db()
    assert (run.state, run.goal, run.seen_at) == ("running", "finish", 0)


def test_only_a_paused_run_is_resumed_and_only_a_live_one_paused(start, commander):
    run = start(BY_HAND)
    with pytest.raises(RunbookError, match="not paused"):
        act(services.resume_run, run, commander)
    act(services.cancel_run, run, commander)
    for service in (services.pause_run, services.cancel_run):
        with pytest.raises(RunbookError, match="stopped already"):
            act(service, run, commander)


def test_a_speed_limit_is_kept_and_taken_away_and_told(start, commander):
    run = start(BY_HAND)
    act(services.limit_speed, run, commander, width=2)
    run.refresh_from_db()
    assert run.width == 2
    act(services.limit_speed, run, commander, width=None)
    run.refresh_from_db()
    assert run.width is None
    said = [entry.fields for entry in entries(run.stream) if entry.kind == "run.width_set"]
    assert [(each["was"], each["width"]) for each in said] == [(0, 2), (2, 0)]


@pytest.mark.parametrize("width", [0, -1, 1001])
def test_a_limit_that_is_none_is_refused(width, start, commander):
    run = start(BY_HAND)
    with pytest.raises(RunbookError, match="1 to 1000"):
        act(services.limit_speed, run, commander, width=width)


def test_a_paused_run_is_cancelled_all_the_same(start, scripted, commander):
    run = start(DIAMOND)
    act(services.pause_run, run, commander)
    act(services.cancel_run, run, commander)
    run = work_off(run)
    assert (run.state, scripted.calls) == ("stopped", [])
