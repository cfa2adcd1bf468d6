"""Timers fire once, by the database's clock; a person is reminded, then somebody else is asked."""

import datetime as dt
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from audit.selectors import entries
from catalog.models import Service, User
from plumbing import clock
from runbooks.engine import deadlines, due, timers
from runbooks.listeners import find_runs
from runbooks.models import Run, StepRun, Timer
from runbooks.selectors import waiting_for
from runbooks.services import finish_step, start_step
from runbooks.states import RunState

HUMAN = """name: by-hand
title: By hand
steps:
  - id: look
    title: Look at it
    action: manual
    instructions: Look.
    deadline: {{remind: 5m, escalate: 10m, to: "{to}"}}
"""
SLOW = """name: slow
title: Slow
steps:
  - id: act
    title: Act
    action: scripted
    within: 10m
"""


def row(run: Run) -> StepRun:
    return run.steps.get()


def said(run: Run, kind: str) -> list[dict[str, Any]]:
    return [dict(entry.fields) for entry in entries(run.stream) if entry.kind == kind]


def let_come_due(run: Run, *kinds: str) -> list[int]:
    Timer.objects.filter(run=run, kind__in=kinds).update(due_at=clock.now() - dt.timedelta(seconds=1))
    return [int(pk) for pk in timers.find_timers(clock.now())]


@pytest.fixture
def by_hand(start: Callable[..., Run], responder: User) -> Callable[..., Run]:
    def make(to: str = "user:responder") -> Run:
        return start(HUMAN.format(to=to))

    return make


@pytest.mark.django_db
def test_a_human_step_has_its_timers_from_ready_to_its_end(by_hand: Callable[..., Run], commander: User) -> None:
    run = by_hand()
    assert set(Timer.objects.values_list("kind", flat=True)) == {"remind", "escalate"}
    start_step(run.uid, "look", actor=commander, seen_at=row(run).seen_at)
    assert Timer.objects.count() == 2, "begun is not done"
    finish_step(run.uid, "look", actor=commander, seen_at=row(run).seen_at, worked=True, note="Fine.")
    assert not Timer.objects.exists()


@pytest.mark.django_db
def test_a_reminder_is_on_record_and_refuses_nobodys_click(by_hand: Callable[..., Run], commander: User) -> None:
    run = by_hand()
    start_step(run.uid, "look", actor=commander, seen_at=row(run).seen_at)
    before = row(run).seen_at
    (timer,) = let_come_due(run, "remind")
    assert due.fire(timer)
    assert row(run).seen_at == before
    assert "was reminded" in row(run).why
    assert said(run, "step.reminded")[0]["assignee"] == commander.actor_id
    assert not due.fire(timer)


@pytest.mark.django_db
def test_an_escalated_step_is_in_the_list_of_whom_the_runbook_names(
    by_hand: Callable[..., Run], commander: User, responder: User
) -> None:
    run = by_hand()
    start_step(run.uid, "look", actor=commander, seen_at=row(run).seen_at)
    (timer,) = let_come_due(run, "escalate")
    due.fire(timer)
    assert [each.step.id for each in waiting_for(responder)] == ["look"]
    assert waiting_for(commander) == []
    (told,) = said(run, "step.escalated")
    assert (told["was"], told["now"]) == (commander.actor_id, responder.actor_id)


@pytest.mark.django_db
def test_when_nobody_is_there_to_escalate_to_the_history_says_so(by_hand: Callable[..., Run]) -> None:
    run = by_hand(to="role:commander")
    (timer,) = let_come_due(run, "escalate")
    due.fire(timer)
    assert "name somebody" in said(run, "step.escalated")[0]["why"]
    assert row(run).assignee is None


@pytest.mark.django_db
def test_who_is_meant_by_a_name_a_service_or_a_role(
    by_hand: Callable[..., Run], store: Service, owner: User, responder: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = by_hand()
    assert deadlines.who(run, "user:responder") == responder
    assert deadlines.who(run, "owner:store") == owner
    assert deadlines.who(run, "owner:nothing") is None
    monkeypatch.setattr(deadlines, "_finders", [lambda run, wanted: responder if wanted == "role:scribe" else None])
    assert deadlines.who(run, "role:scribe") == responder


@pytest.mark.django_db
def test_a_step_over_its_time_is_marked(start: Callable[..., Run]) -> None:
    run = start(SLOW)
    (timer,) = let_come_due(run, "within")
    due.fire(timer)
    assert row(run).overdue
    assert len(said(run, "step.overdue")) == 1


@pytest.mark.django_db
def test_a_paused_runs_timers_wait_for_it(by_hand: Callable[..., Run]) -> None:
    run = by_hand()
    Run.objects.update(state=RunState.PAUSED)
    assert let_come_due(run, "remind") == []
    assert not due.fire(Timer.objects.get(kind="remind").pk)
    Run.objects.update(state=RunState.RUNNING)
    assert due.fire(Timer.objects.get(kind="remind").pk)


@pytest.mark.django_db
def test_this_machines_clock_moves_no_deadline(by_hand: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault matrix 13: nothing here reads the machine's clock, so that a jump changes nothing."""
    monkeypatch.setattr("time.time", lambda: 4e9)
    by_hand()
    left = Timer.objects.get(kind="remind").due_at - clock.now()
    assert dt.timedelta(minutes=4) < left <= dt.timedelta(minutes=5)
    assert timers.find_timers(clock.now()) == []


@pytest.mark.django_db
def test_the_sweep_looks_for_runs_without_anything_to_find(by_hand: Callable[..., Run]) -> None:
    by_hand()
    assert list(find_runs(clock.now())) == []


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_fire_a_timer_once(by_hand: Callable[..., Run]) -> None:
    """Fault matrix 12."""
    run = by_hand()
    due_now, threads = let_come_due(run, "remind", "escalate"), 4
    assert len(due_now) == 2
    barrier, fired = threading.Barrier(threads), list[bool]()

    def sweep() -> None:
        connection.ensure_connection()
        barrier.wait(timeout=10)
        try:
            fired.extend(due.fire(pk) for pk in due_now)
        finally:
            connection.close()

    sweeps = [threading.Thread(target=sweep) for _ in range(threads)]
    for each in sweeps:
        each.start()
    for each in sweeps:
        each.join(timeout=30)
    assert sorted(fired) == [False] * (2 * threads - 2) + [True] * 2
    assert len(said(run, "step.reminded")) == len(said(run, "step.escalated")) == 1
