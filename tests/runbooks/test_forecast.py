"""The forecast of a run: from the rows of earlier ones, against the recovery time, and with what holds it now."""

import datetime as dt

import pytest

from plumbing import clock
from runbooks.forecast import Course, forecast
from runbooks.holding import Holder
from runbooks.models import Attempt, Run
from tests.runbooks.conftest import work_off

pytestmark = pytest.mark.django_db

PLAN = """
name: plan
title: A plan
steps:
  - {id: look, title: Look, action: scripted, timeout: 40s}
  - {id: left, title: Left, action: scripted, needs: [look], touches: [store], timeout: 50s}
  - {id: right, title: Right, action: scripted, needs: [look], timeout: 60s}
  - {id: prove, title: Prove, action: scripted, needs: [left, right], timeout: 70s}
"""
BY_HAND = """
name: by-hand
title: People
steps:
  - {id: call, title: Call the vendor, action: manual, assign: "role:commander"}
  - {id: fix, title: Fix, action: scripted, touches: [store], approval: {reason: "Fix it?", within: 10m}}
"""


def again(first: Run, spans: dict[str, float]) -> Run:
    """An earlier run of the same version in which each step took so many seconds from the end of what it needed."""
    run = Run.objects.create(
        version=first.version,
        stream=first.stream,
        state="succeeded",
        started_at=first.started_at - dt.timedelta(days=1),
    )
    ended = {}
    needs = {"look": [], "left": ["look"], "right": ["look"], "prove": ["left", "right"]}
    for position, (step, span) in enumerate(spans.items()):
        begun = max([run.started_at, *(ended[need] for need in needs.get(step, ()))])
        ended[step] = begun + dt.timedelta(seconds=span)
        run.steps.create(
            step=step, position=position, state="done", changed_at=ended[step], ended_at=ended[step], started_at=begun
        )
    return run


def seconds_from(now, moment):
    return (moment - now).total_seconds()


def test_a_run_that_nobody_ran_before_takes_what_its_author_allows(start, store):
    run = start(PLAN)
    found = forecast(run, run.started_at)
    assert (found.runs, len(found.authored)) == (0, 4)
    assert seconds_from(run.started_at, found.p50_at) == seconds_from(run.started_at, found.p90_at) == 40 + 60 + 70
    assert [leg.step for leg in found.critical] == ["look", "right", "prove"]
    assert all(leg.authored and leg.samples == 0 for leg in found.critical)


def test_earlier_runs_say_how_long_it_takes_and_which_way_is_critical(start, store):
    run = start(PLAN)
    for number in range(1, 11):
        again(run, {"look": 2.0, "left": 10.0 * number, "right": 30.0, "prove": 1.0})
    found = forecast(run, run.started_at)
    assert (found.runs, found.authored) == (10, ())
    assert 2 + 50 + 1 <= seconds_from(run.started_at, found.p50_at) <= 2 + 60 + 1
    assert 2 + 90 + 1 <= seconds_from(run.started_at, found.p90_at) <= 2 + 100 + 1
    assert [(leg.step, leg.samples) for leg in found.critical] == [("look", 10), ("left", 10), ("prove", 10)]


def test_what_is_done_and_what_is_under_way_counts(start, store, scripted):
    run = start(PLAN)
    for _ in range(3):
        again(run, {"look": 2.0, "left": 20.0, "right": 30.0, "prove": 1.0})
    run.steps.filter(step="look").update(state="done", ended_at=run.started_at + dt.timedelta(seconds=5))
    now = run.started_at + dt.timedelta(seconds=15)
    assert seconds_from(now, forecast(run, now).p90_at) == 30 - 10 + 1


def test_the_forecast_is_held_against_the_tightest_recovery_time(start, store, api):
    store.recovery_time_s = 100
    store.save()
    api.recovery_time_s = 10
    api.save()  # not touched by this plan
    run = start(PLAN)
    for number in range(1, 11):
        again(run, {"look": 0.0, "left": 15.0 * number, "right": 0.0, "prove": 0.0})
    at_risk = forecast(run, run.started_at).objective
    assert (at_risk.service, at_risk.within_s, at_risk.course) == ("store", 100, Course.AT_RISK)
    assert at_risk.chance == pytest.approx(0.6, abs=0.08)
    late = forecast(run, run.started_at, down_since=run.started_at - dt.timedelta(seconds=90)).objective
    assert late.course is Course.LATE and late.due_at == run.started_at + dt.timedelta(seconds=10)
    store.recovery_time_s = 1_000
    store.save()
    assert forecast(run, run.started_at).objective.course is Course.ON_COURSE


def test_who_and_what_holds_it_now(start, store, commander, owner):
    run = start(BY_HAND, assignees={"role:commander": commander})
    found = {one.step: one for one in forecast(run, clock.now()).holding}
    assert (found["call"].kind, found["call"].who) == (Holder.PERSON, str(commander))
    assert found["fix"].kind is Holder.APPROVAL and str(owner) in found["fix"].who
    assert found["fix"].until is not None


def test_a_step_that_waits_for_its_time_says_until_when(start, store):
    run = start(PLAN)
    later = clock.now() + dt.timedelta(minutes=5)
    Attempt.objects.filter(step_run__run=run).update(not_before=later)
    [held] = forecast(run, clock.now()).holding
    assert (held.kind, held.step, held.until) == (Holder.TIME, "look", later)


def test_a_failed_step_holds_it_by_a_person(start, store):
    run = start(PLAN)
    run.steps.filter(step="look").update(state="failed", why="It broke.")
    assert forecast(run, clock.now()).holding[0].kind is Holder.PERSON


def test_a_run_that_is_over_has_no_forecast(start, store):
    run = work_off(start(PLAN))
    assert run.state == "succeeded" and forecast(run, clock.now()) is None


def test_the_number_of_queries_does_not_grow_with_the_plan(start, store, django_assert_max_num_queries):
    run = start(PLAN)
    for _ in range(5):
        again(run, {"look": 2.0, "left": 20.0, "right": 30.0, "prove": 1.0})
    run = Run.objects.select_related("version__runbook").get(pk=run.pk)
    with django_assert_max_num_queries(9):
        forecast(run, run.started_at)


def test_it_is_the_same_when_it_is_asked_again(start, store):
    run = start(PLAN)
    for number in range(4):
        again(run, {"look": 2.0, "left": 20.0 * number, "right": 30.0, "prove": 1.0})
    assert forecast(run, run.started_at) == forecast(run, run.started_at)
