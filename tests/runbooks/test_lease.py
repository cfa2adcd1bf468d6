"""Leases and fences: one worker at a time, a lost one is replaced, and a late one changes nothing."""

import datetime as dt
import threading

import pytest
from django.db import connections

from audit.selectors import entries
from audit.verify import verify_stream
from plumbing import clock
from runbooks.actions.base import Done
from runbooks.engine import worker
from runbooks.engine.leases import expire_all, renew
from runbooks.listeners import find_attempts
from runbooks.models import Attempt
from tests.runbooks.conftest import due, kinds, states, work_off

ONE = "name: one\ntitle: One\nsteps:\n  - {id: a, title: A, action: scripted, idempotent: %s}\n"


def age(attempt_id: int, **fields: float) -> None:
    """Move moments of an attempt into the past by so many seconds."""
    attempt = Attempt.objects.get(pk=attempt_id)
    for name, seconds in fields.items():
        setattr(attempt, name, clock.now() - dt.timedelta(seconds=seconds))
    attempt.save(update_fields=list(fields))


@pytest.mark.django_db
def test_a_claimed_attempt_is_nobody_elses(start):
    run = start(ONE % "true")
    (attempt,) = due(run)
    assert worker.claim(attempt) is not None
    assert worker.claim(attempt) is None


@pytest.mark.django_db
def test_a_lost_idempotent_attempt_goes_to_another_worker_with_the_same_key(start, scripted):
    run = start(ONE % "true")
    (attempt,) = due(run)
    lost = worker.claim(attempt)
    age(attempt, lease_until=1)
    assert worker.attend(attempt)
    run = work_off(run)
    assert (run.state, scripted.steps) == ("succeeded", ["a"])
    assert scripted.calls[0][2].idempotency_key == lost.attempt.idempotency_key
    assert kinds(run).count("attempt.lost") == 1


@pytest.mark.django_db
def test_a_lost_attempt_that_may_have_acted_waits_for_a_person(start, scripted):
    run = start(ONE % "false")
    (attempt,) = due(run)
    worker.claim(attempt)
    age(attempt, lease_until=1)
    worker.attend(attempt)
    run = work_off(run)
    assert (states(run), run.state, scripted.calls) == ({"a": "unknown"}, "running", [])


@pytest.mark.django_db
def test_a_late_result_is_kept_and_changes_nothing(start, scripted):
    run = start(ONE % "true")
    (attempt,) = due(run)
    slow = worker.claim(attempt)
    age(attempt, lease_until=1)
    worker.attend(attempt)
    run = work_off(run)
    before = states(run), run.state
    worker.finish(slow.attempt, Done({"said": "too late"}))
    run.refresh_from_db()
    assert (states(run), run.state) == before
    late = [entry for entry in entries(run.stream) if entry.kind == "attempt.late"]
    assert len(late) == 1 and "too late" in late[0].fields["output"]


@pytest.mark.django_db
def test_a_poison_step_is_given_up_after_five_workers(start, scripted):
    run = start(ONE % "true")
    for _ in range(5):
        (attempt,) = due(run)
        worker.claim(attempt)
        age(attempt, lease_until=1)
        worker.attend(attempt)
    assert due(run) == []
    assert states(run) == {"a": "unknown"}
    assert "5 workers" in run.steps.get().why


@pytest.mark.django_db
def test_a_renewed_lease_is_not_lost(start, settings):
    run = start(ONE % "true")
    (attempt,) = due(run)
    claimed = worker.claim(attempt)
    age(attempt, lease_until=1)
    assert renew([(attempt, claimed.attempt.fence)]) == 1
    assert not worker.attend(attempt)
    assert renew([(attempt, claimed.attempt.fence + 1)]) == 0


@pytest.mark.django_db
def test_the_sweep_finds_what_nobody_rang_for(start):
    run = start(ONE % "true")
    (attempt,) = due(run)
    assert list(find_attempts(clock.now())) == []  # its ring may still be on the way
    assert list(find_attempts(clock.now() + dt.timedelta(seconds=3))) == [f"{attempt}:0"]
    worker.claim(attempt)
    assert list(find_attempts(clock.now() + dt.timedelta(seconds=3))) == []
    expire_all()
    assert list(find_attempts(clock.now())) == [f"{attempt}:1"]


@pytest.mark.django_db
def test_a_timer_is_found_when_it_is_due(start):
    source = "name: nap\ntitle: Nap\nsteps:\n  - {id: nap, title: Nap, action: wait, with: {for: 1h}}\n"
    run = start(source)
    (attempt,) = due(run)
    worker.perform(attempt)
    assert not worker.perform(attempt)  # an hour early
    assert list(find_attempts(clock.now())) == []
    assert list(find_attempts(clock.now() + dt.timedelta(hours=1))) == [f"{attempt}:1"]
    age(attempt, not_before=0, started_at=3601)
    assert work_off(run).state == "succeeded"


@pytest.mark.django_db(transaction=True)
def test_ten_rings_at_once_are_one_effect(start, scripted):
    run = start(ONE % "true")
    (attempt,) = due(run)
    barrier = threading.Barrier(10)

    def answer() -> None:
        barrier.wait()
        worker.attend(attempt)
        connections.close_all()

    threads = [threading.Thread(target=answer) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    run.refresh_from_db()
    assert (run.state, scripted.steps) == ("succeeded", ["a"])
    assert kinds(run).count("step.running") == 1
    assert verify_stream(run.stream).ok
