"""Steps that have cost a worker: one worker tries one of them at a time, so that only the deadly one is given up."""

import datetime as dt

import pytest
from django.db import transaction

from plumbing import clock
from runbooks.actions.base import Done
from runbooks.engine import claiming, worker
from runbooks.engine.run_lock import lock
from runbooks.models import Attempt, Run
from tests.runbooks.conftest import due, kinds, states

pytestmark = pytest.mark.django_db

STEP = "  - {id: %s, title: %s, action: scripted, idempotent: true}\n"


def plan(*steps: str, name: str = "suspects") -> str:
    return f"name: {name}\ntitle: Suspects\nmodel: parallel\nsteps:\n" + "".join(STEP % (id_, id_) for id_ in steps)


def of(run: Run, step: str) -> int:
    """The newest attempt of a step."""
    return Attempt.objects.filter(step_run__run=run, step_run__step=step).latest("pk").pk


def lose(*attempts: int) -> None:
    """Whoever holds these is gone."""
    Attempt.objects.filter(pk__in=attempts).update(lease_until=clock.now() - dt.timedelta(seconds=1))
    for attempt in attempts:
        assert worker.attend(attempt)


@pytest.fixture
def suspects(start) -> Run:
    """A run whose steps a and b have cost a worker each; c has not."""
    run = start(plan("a", "b", "c"))
    for step in ("a", "b"):
        assert worker.claim(of(run, step)) is not None
        lose(of(run, step))
    assert dict(run.steps.values_list("step", "losses")) == {"a": 1, "b": 1, "c": 0}
    return run


def test_two_steps_that_cost_a_worker_are_not_held_by_one_at_once(suspects):
    assert worker.claim(of(suspects, "a")) is not None
    assert worker.claim(of(suspects, "b")) is None
    assert states(suspects) == {"a": "running", "b": "ready", "c": "ready"}
    assert kinds(suspects).count("attempt.lost") == 2  # it was not begun, so nothing of it was lost either


def test_a_step_that_cost_nobody_anything_is_begun_beside_one_that_did(suspects):
    assert worker.claim(of(suspects, "a")) is not None
    assert worker.claim(of(suspects, "c")) is not None


def test_another_worker_takes_the_other_suspect_meanwhile(suspects, monkeypatch):
    assert worker.claim(of(suspects, "a")) is not None
    monkeypatch.setattr(claiming, "_node", "another")
    held = worker.claim(of(suspects, "b"))
    assert held is not None and held.attempt.worker.startswith("another/")


def test_when_the_first_ended_the_other_is_to_be_had(suspects):
    held = worker.claim(of(suspects, "a"))
    worker.finish(held.attempt, Done({}))
    assert worker.claim(of(suspects, "b")) is not None
    assert states(suspects) == {"a": "done", "b": "running", "c": "ready"}


def test_when_the_first_is_lost_again_the_other_is_to_be_had(suspects):
    worker.claim(of(suspects, "a"))
    lose(of(suspects, "a"))
    assert worker.claim(of(suspects, "b")) is not None


def test_a_suspect_of_another_run_counts_as_well(suspects, start):
    other = start(plan("a", name="other"))
    worker.claim(of(other, "a"))
    lose(of(other, "a"))
    assert worker.claim(of(suspects, "b")) is not None
    assert worker.claim(of(other, "a")) is None


def test_no_bundle_has_a_suspect_and_something_else_in_it(start):
    run = start(plan("a", "b", "c", "d"))
    for step in ("a", "c"):
        worker.claim(of(run, step))
        lose(of(run, step))
    bundles = []
    while due(run):
        with transaction.atomic():
            work = lock(run.uid)
            bundle = [attempt.step_run.step for attempt in claiming.next_in(work, 20)]
        bundles.append(bundle)
        for step in bundle:
            worker.finish(worker.claim(of(run, step)).attempt, Done({}))
    assert sorted(map(sorted, bundles)) == [["a"], ["b", "d"], ["c"]]


def test_the_step_that_kills_is_given_up_and_its_neighbours_are_done(start):
    """Each worker takes all it may, as one with several threads does; `deadly` takes what it holds with it."""
    run = start(plan("before", "deadly", "behind"))
    for _ in range(20):
        held = [claimed for attempt in due(run) if (claimed := worker.claim(attempt)) is not None]
        if any(claimed.step == "deadly" for claimed in held):
            lose(*(claimed.attempt.pk for claimed in held))
        else:
            for claimed in held:
                worker.finish(claimed.attempt, Done({}))
    assert states(run) == {"before": "done", "deadly": "unknown", "behind": "done"}
    assert dict(run.steps.values_list("step", "losses")) == {"before": 1, "deadly": 5, "behind": 1}
