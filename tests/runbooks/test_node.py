"""A worker's node: it comes, beats, hears that it should drain, buries its dead, and leaves."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from plumbing import clock, doorbell
from runbooks.engine import claiming, presence, worker
from runbooks.engine.presence import Presence
from runbooks.models import Attempt, Run, Worker
from tests.runbooks.conftest import due

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = "name: one\ntitle: One\nsteps:\n  - {id: act, title: Act, action: scripted, idempotent: true}\n"


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch) -> Iterator[Presence]:
    monkeypatch.setattr(claiming, "_node", "")
    monkeypatch.setattr(presence, "GONE_S", 0.2)
    monkeypatch.setattr(presence, "BEAT_S", 0.05)
    yield Presence("one@here", 4, told.append)
    presence._draining.value = False
    told.clear()


told: list[bool] = []


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: heard.append(subject))
    return heard


def gone_child() -> int:
    """The id of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def held_by(run: Run, name: str) -> Attempt:
    """The run's attempt, as if this process of a worker held it."""
    (pk,) = due(run)
    assert worker.claim(pk) is not None
    Attempt.objects.filter(pk=pk).update(worker=name)
    return Attempt.objects.get(pk=pk)


def has_ended(attempt: Attempt) -> bool:
    attempt.refresh_from_db()
    return attempt.lease_until <= clock.now()


def test_it_comes_beats_and_leaves(node: Presence):
    node.arrive()
    first = Worker.objects.get()
    assert (first.name, first.slots, first.is_draining) == ("one@here", 4, False)
    node.beat()
    assert Worker.objects.get().seen_at >= first.seen_at
    node.leave()
    assert not Worker.objects.exists()
    assert node.stopping.is_set()


def test_the_first_beat_is_an_arrival(node: Presence):
    node.beat()
    assert Worker.objects.filter(name="one@here").exists()


def test_it_hears_that_it_should_drain_and_that_it_should_not(node: Presence):
    node.arrive()
    assert presence.drain("one@here")
    node.beat()
    node.beat()
    assert (presence.is_draining(), told) == (True, [True]), "once"
    assert presence.drain("one@here", draining=False)
    node.beat()
    assert (presence.is_draining(), told) == (False, [True, False])
    assert not presence.drain("nobody@here")


def test_a_worker_that_is_told_to_end_takes_nothing_more(start: Any, scripted: Any, monkeypatch: pytest.MonkeyPatch):
    run = start(PLAN)
    presence.take_nothing_more()
    try:
        assert not worker.work_on(run.uid)
        assert scripted.steps == []
    finally:
        presence._leaving.value = False
    assert worker.work_on(run.uid)


def test_one_that_starts_again_frees_what_its_predecessor_held(start: Any, node: Presence, rung: list[str]):
    attempt = held_by(start(PLAN), f"one@here/{gone_child()}")
    before = clock.now() - dt.timedelta(seconds=1)
    Worker.objects.create(name="one@here", started_at=before, seen_at=before, slots=1)
    rung.clear()
    node.arrive()
    assert has_ended(attempt)
    assert rung == [f"{attempt.pk}:{attempt.fence}"]


def test_a_living_namesake_keeps_what_it_holds(
    start: Any, node: Presence, caplog: Any, monkeypatch: pytest.MonkeyPatch
):
    attempt = held_by(start(PLAN), f"one@here/{os.getpid()}")
    Worker.objects.create(name="one@here", started_at=clock.now(), seen_at=clock.now(), slots=1)
    monkeypatch.setattr(node.stopping, "wait", lambda s: bool(Worker.objects.update(seen_at=clock.now())) and False)
    node.arrive()
    assert not has_ended(attempt)
    assert "Another worker is called one@here" in caplog.text


def test_told_to_stop_while_it_waits_for_silence_it_frees_nothing(start: Any, node: Presence):
    attempt = held_by(start(PLAN), f"one@here/{gone_child()}")
    Worker.objects.create(name="one@here", started_at=clock.now(), seen_at=clock.now(), slots=1)
    node.stopping.set()
    node.arrive()
    assert not has_ended(attempt)


@pytest.mark.parametrize("is_dead", [True, False])
def test_only_what_its_dead_children_held_is_freed(start: Any, node: Presence, rung: list[str], is_dead: bool):
    node.arrive()
    attempt = held_by(start(PLAN), f"one@here/{gone_child() if is_dead else os.getpid()}")
    rung.clear()
    node.beat()
    assert has_ended(attempt) is is_dead
    assert bool(rung) is is_dead


def test_a_beat_that_fails_is_a_line_in_the_log(node: Presence, caplog: Any, monkeypatch: pytest.MonkeyPatch):
    beats = iter([False, True])
    monkeypatch.setattr(node.stopping, "wait", lambda s: next(beats))
    monkeypatch.setattr(node, "beat", lambda: 1 / 0)
    node.run()
    assert "could not say that it is alive: ZeroDivisionError" in caplog.text
    assert Worker.objects.filter(name="one@here").exists()


def test_whether_a_process_lives():
    child = subprocess.Popen([sys.executable, "-c", ""])
    assert presence.is_alive(os.getpid())
    assert presence._answers(os.getpid())
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not presence.is_alive(child.pid), "it only waits to be buried"
    child.wait()
    assert not presence.is_alive(child.pid)
    assert not presence._answers(child.pid)
