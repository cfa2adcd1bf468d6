"""Who is there: silent workers lose their leases, and the sweep knows when nobody is there but itself."""

import datetime as dt
from collections.abc import Callable
from types import SimpleNamespace

import pytest

from plumbing import clock
from runbooks import listeners, selectors
from runbooks.engine import presence, worker
from runbooks.engine.presence import ALONE_S, BLINK_S, DEAF_FOR_S, DEAF_S, SILENT_S
from runbooks.models import Attempt, Run, Worker
from tests.runbooks.conftest import due

PLAN = """name: one
title: One
steps:
  - {id: act, title: Act, action: scripted}
"""
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def pass_after(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """pass_after(s): so many seconds later by this process' own clock, the sweep passes."""
    own = SimpleNamespace(at=100.0)
    monkeypatch.setattr(presence, "time", SimpleNamespace(monotonic=lambda: own.at))
    monkeypatch.setattr(presence, "roll", presence.Roll())

    def pass_after(seconds: float) -> None:
        own.at += seconds
        listeners.find_attempts(clock.now())

    return pass_after


@pytest.fixture
def watching(pass_after: Callable[[float], None]) -> Callable[[float], None]:
    """The same, of a sweep that has been there for a while."""
    for _ in range(7):
        pass_after(1.0)
    return pass_after


def heard(name: str, ago_s: float = 0.0, **fields: object) -> Worker:
    seen_at = clock.now() - dt.timedelta(seconds=ago_s)
    known = {"seen_at": seen_at, "started_at": seen_at, **fields}
    return Worker.objects.update_or_create(name=name, defaults=known)[0]


def held(run: Run, monkeypatch: pytest.MonkeyPatch, by: str) -> Callable[[], bool]:
    """An attempt of the run that this node holds; whether it still does."""
    monkeypatch.setattr("runbooks.engine.claiming._node", by)
    claimed = worker.claim(due(run)[0])
    assert claimed is not None

    def is_held() -> bool:
        claimed.attempt.refresh_from_db()
        return bool(claimed.attempt.lease_until > clock.now())

    return is_held


def test_a_silent_worker_loses_its_leases(start, watching, monkeypatch) -> None:
    is_held = held(start(PLAN), monkeypatch, by="one")
    heard("one", ago_s=SILENT_S - 1)
    watching(1.0)
    assert is_held()
    heard("one", ago_s=SILENT_S + 0.1)
    watching(1.0)
    assert not is_held()


def test_who_missed_beats_itself_calls_nobody_silent(start, watching, monkeypatch) -> None:
    """The database was away for longer than a worker may be silent: nobody could beat, and nobody is dead."""
    is_held = held(start(PLAN), monkeypatch, by="one")
    heard("one", ago_s=SILENT_S + 5)
    watching(SILENT_S + 5)
    assert is_held()
    watching(1.0)
    assert is_held(), "one second is not enough to have heard everybody"
    for _ in range(4):
        watching(1.0)
    assert not is_held(), "it did not come back"


def test_the_sweep_is_alone_only_after_a_while(pass_after) -> None:
    pass_after(1.0)
    assert not listeners.nobody_is_there("run"), "it has only just come"
    pass_after(2.0)
    pass_after(2.0)
    assert not listeners.is_left_to_us("17:0")
    pass_after(ALONE_S - 3.9)
    assert listeners.is_left_to_us("17:0") and listeners.nobody_is_there("run")
    heard("one")
    pass_after(1.0)
    assert not listeners.is_left_to_us("17:0") and not listeners.nobody_is_there("run")


def test_after_it_was_away_it_waits_for_others_again(watching) -> None:
    assert listeners.nobody_is_there("run")
    watching(BLINK_S + 0.1)
    assert not listeners.nobody_is_there("run")


@pytest.mark.parametrize(("is_draining", "ago_s", "is_alone"), [(True, 0, False), (False, SILENT_S + 1, True)])
def test_who_drains_is_there_and_who_is_silent_is_not(watching, is_draining, ago_s, is_alone) -> None:
    heard("one", ago_s, is_draining=is_draining)
    watching(1.0)
    assert listeners.nobody_is_there("run") is is_alone


def test_what_wants_a_label_is_left_to_a_sweep_with_this_label(watching, settings) -> None:
    assert listeners.is_left_to_us("17:0")
    assert not listeners.is_left_to_us("17:0@dmz")
    settings.EXECUTOR = "dmz"
    assert listeners.is_left_to_us("17:0@dmz")
    assert not listeners.is_left_to_us("17:0")
    heard("edge", executor="dmz")
    watching(1.0)
    assert not listeners.is_left_to_us("17:0@dmz")


def late(run: Run, by_s: float) -> None:
    """The run's attempt has been due for so long."""
    Attempt.objects.filter(step_run__run=run).update(not_before=clock.now() - dt.timedelta(seconds=by_s))


def listened(watching) -> bool:
    """Whether a sweep that watched for long enough does the work of a worker that lives all the time."""
    started_at = clock.now()
    for _ in range(16):
        heard("one", slots=2, started_at=started_at)
        watching(1.0)
    return listeners.is_left_to_us("17:0")


def test_a_worker_that_lives_and_takes_nothing_is_deaf(start, watching) -> None:
    run = start(PLAN)
    late(run, DEAF_S + 1)
    assert listened(watching) and listeners.nobody_is_there("run")
    assert not listeners.is_left_to_us("17:0@dmz"), "of others it says nothing"
    late(run, 0)
    watching(DEAF_FOR_S - 1)
    assert listened(watching) is False, "after a minute it is rung for again"


@pytest.mark.parametrize("change", [{"is_draining": True}, {"started_at": dt.datetime(2026, 3, 2, tzinfo=dt.UTC)}])
def test_a_deaf_worker_that_drains_or_was_started_again_is_heard_anew(start, watching, change) -> None:
    run = start(PLAN)
    late(run, DEAF_S + 1)
    assert listened(watching)
    late(run, 0)
    Worker.objects.update(seen_at=clock.now(), **change)
    watching(1.0)
    assert not listeners.is_left_to_us("17:0")


def test_a_worker_with_work_that_is_hardly_late_hears(start, watching) -> None:
    late(start(PLAN), DEAF_S - 5)
    assert not listened(watching)


def test_a_worker_with_full_hands_hears(start, watching) -> None:
    busy = [start(PLAN.replace("one", name, 1)) for name in ("one", "two", "three")]
    for number, run in enumerate(busy[:2]):
        Attempt.objects.filter(step_run__run=run).update(
            state="leased", worker=f"one/{number}", lease_until=clock.now() + dt.timedelta(hours=1)
        )
    late(busy[2], DEAF_S + 1)
    assert not listened(watching)


def test_a_worker_that_began_something_just_now_hears(start, watching) -> None:
    first, second = start(PLAN), start(PLAN.replace("one", "two", 1))
    (attempt,) = due(first)
    assert worker.attend(attempt)
    Attempt.objects.filter(step_run__run=first).update(worker="one/1")
    late(second, DEAF_S + 1)
    assert not listened(watching)


def test_a_draining_worker_is_not_asked_whether_it_hears(start, watching) -> None:
    late(start(PLAN), DEAF_S + 1)
    for _ in range(16):
        heard("one", slots=2, is_draining=True)
        watching(1.0)
    assert not listeners.is_left_to_us("17:0")


def test_a_draining_worker_claims_nothing_whatever_rings_it_had_heard(start, monkeypatch) -> None:
    run = start(PLAN)
    (attempt,) = due(run)
    monkeypatch.setattr(presence._draining, "value", 1)
    assert not worker.attend(attempt)
    assert not worker.work_on(run.uid)
    assert worker.claim(attempt) is None
    monkeypatch.setattr(presence._draining, "value", 0)
    assert worker.work_on(run.uid)
    assert run.steps.get().state == "done"


def test_a_draining_worker_ends_what_it_holds_and_leaves_the_next(start, monkeypatch) -> None:
    run = start(f"{PLAN}  - {{id: next, title: Next, action: scripted, needs: [act]}}\n")

    def drain_meanwhile(*_: object) -> None:
        presence._draining.value = True

    monkeypatch.setattr(presence._draining, "value", 0)
    monkeypatch.setattr(worker, "fail_here", drain_meanwhile)
    assert worker.work_on(run.uid)
    assert dict(run.steps.values_list("step", "state")) == {"act": "done", "next": "ready"}


def test_only_a_worker_with_the_label_claims_a_labelled_step(start, settings) -> None:
    run = start(PLAN.replace("action: scripted", "action: scripted, executor: dmz"))
    (attempt,) = due(run)
    assert not worker.attend(attempt) and not worker.work_on(run.uid)
    (shown,) = selectors.run_overview(run).steps
    assert shown.why == "Waits for a worker with the label dmz."
    settings.EXECUTOR = "dmz"
    assert worker.work_on(run.uid)
    (shown,) = selectors.run_overview(run).steps
    assert "label" not in shown.why
