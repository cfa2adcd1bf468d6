"""The sweep: rings for what nobody rang for, does it itself while the bell is silent, and is stopped by nothing."""

import datetime as dt
import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from plumbing import clock, doorbell, sweep
from plumbing.sweep import RING_AGAIN_S, WIDTH, Sweep
from tests.plumbing.test_doorbell import soon

pytestmark = pytest.mark.django_db(transaction=True)


class Work:
    """A round's two functions: what is due, and a performer that notes, may be held up, and may fail."""

    def __init__(self, *due: str) -> None:
        self.due = list(due)
        self.asked_at: list[dt.datetime] = []
        self.performed: list[str] = []
        self.at_once = self.most_at_once = 0
        self.opened = threading.Event()
        self.opened.set()
        self.failing: set[str] = set()
        self._lock = threading.Lock()

    def find(self, now: dt.datetime) -> list[str]:
        self.asked_at.append(now)
        return list(self.due)

    def perform(self, subject: str) -> None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        self.opened.wait(10)
        with self._lock:
            self.at_once -= 1
            self.performed.append(subject)
        if subject in self.failing:
            raise RuntimeError(f"{subject} failed")


@pytest.fixture
def bell(monkeypatch):
    """Rings are noted in `heard`; `is_silent` is ours to set."""
    bell = SimpleNamespace(heard=[], is_silent=False)
    monkeypatch.setattr(doorbell, "ringer", bell)
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: bell.heard.append((kind, subject)))
    monkeypatch.setattr(sweep, "_rounds", {})
    return bell


@pytest.fixture
def seconds(monkeypatch):
    """The sweep's own clock: `seconds.at`."""
    seconds = SimpleNamespace(at=50.0)
    monkeypatch.setattr(sweep, "time", SimpleNamespace(monotonic=lambda: seconds.at))
    return seconds


@pytest.fixture
def sweeper():
    sweeper = Sweep(every_s=0.01)
    yield sweeper
    sweeper._pool.shutdown(wait=True)


def registered(kind: str, work: Work, **options: Any) -> Work:
    sweep.register(kind, work.find, work.perform, **options)
    return work


# ---- ringing --------------------------------------------------------------------------------------------------------
def test_it_rings_for_what_is_due_by_the_databases_clock(bell, sweeper):
    attempts, probes = registered("attempt", Work("1", "2")), registered("probe", Work("7"))
    before = clock.now()
    assert sweeper.once() == 3
    assert bell.heard == [("attempt", "1"), ("attempt", "2"), ("probe", "7")]
    assert attempts.performed == probes.performed == []
    assert before <= attempts.asked_at[0] <= clock.now()


def test_it_rings_again_for_the_same_only_after_a_while(bell, sweeper, seconds):
    registered("attempt", Work("1"))
    registered("probe", Work("1"), again_s=2)
    assert sweeper.once() == 2
    assert sweeper.once() == 0
    seconds.at += 1.9
    assert sweeper.once() == 0
    seconds.at += 0.1
    assert sweeper.once() == 1, "the probe's round has a shorter patience"
    seconds.at += RING_AGAIN_S - 2.1
    assert (sweeper.once(), bell.heard[3:]) == (1, [("probe", "1")])
    seconds.at += 0.1
    assert (sweeper.once(), bell.heard[4:]) == (1, [("attempt", "1")])


def test_what_is_newly_due_is_rung_for_at_once(bell, sweeper, seconds):
    work = registered("attempt", Work("1"))
    sweeper.once()
    work.due = ["1", "2"]
    assert sweeper.once() == 1
    assert bell.heard == [("attempt", "1"), ("attempt", "2")]


def test_it_forgets_whom_it_rang_for(bell, sweeper, seconds):
    work = registered("attempt", Work(*(str(number) for number in range(1_000))))
    sweeper.once()
    work.due = []
    seconds.at += RING_AGAIN_S
    sweeper.once()
    assert sweep._rounds["attempt"].rung == {}


# ---- doing it itself ------------------------------------------------------------------------------------------------
def test_it_does_the_work_itself_while_the_bell_is_silent(bell, sweeper):
    work = registered("attempt", Work("1", "2"))
    bell.is_silent = True
    assert sweeper.once() == 2
    assert soon(lambda: sorted(work.performed) == ["1", "2"])
    assert bell.heard == []


def test_it_does_itself_what_nobody_is_there_for_and_rings_for_the_rest(bell, sweeper):
    work = registered("attempt", Work("1", "2@dmz", "3"), is_alone=lambda subject: not subject.endswith("@dmz"))
    assert sweeper.once() == 3
    assert soon(lambda: sorted(work.performed) == ["1", "3"])
    assert bell.heard == [("attempt", "2@dmz")]


def test_with_a_worker_in_its_own_process_it_is_never_alone(bell, sweeper):
    work = registered("attempt", Work("1"), is_alone=lambda subject: True)
    sweeper.has_worker = True
    sweeper.once()
    assert (bell.heard, work.performed) == ([("attempt", "1")], [])


def test_alone_it_does_few_things_at_once_too(bell, sweeper):
    work = registered("attempt", Work(*"abcdefgh"), is_alone=lambda subject: True)
    work.opened.clear()
    assert (sweeper.once(), sweeper.once()) == (WIDTH, 0)
    work.opened.set()
    assert soon(lambda: len(work.performed) == WIDTH)
    assert work.most_at_once == WIDTH


def test_it_does_what_it_had_rung_for_when_the_bell_fell_silent(bell, sweeper, seconds):
    work = registered("attempt", Work("1"))
    sweeper.once()
    bell.is_silent = True
    assert sweeper.once() == 1
    assert soon(lambda: work.performed == ["1"])
    work.due, bell.is_silent = ["2"], False
    sweeper.once()
    assert bell.heard == [("attempt", "1"), ("attempt", "2")]


def test_it_does_few_things_at_once_and_none_of_them_twice(bell, sweeper):
    work = registered("attempt", Work(*"abcdefgh"))
    bell.is_silent = True
    work.opened.clear()
    assert sweeper.once() == WIDTH
    assert sweeper.once() == sweeper.once() == 0
    assert soon(lambda: work.at_once == WIDTH)
    work.opened.set()
    assert soon(lambda: len(work.performed) == WIDTH and not sweeper._busy)
    assert sorted(work.performed) == list("abcd")
    work.due = list("efgh")
    assert sweeper.once() == WIDTH
    assert soon(lambda: sorted(work.performed) == list("abcdefgh"))
    assert work.most_at_once == WIDTH == 4


def test_one_kind_that_hangs_leaves_the_sweep_running(bell, sweeper):
    hanging, quick = registered("attempt", Work("1", "2")), registered("probe", Work("7"))
    bell.is_silent = True
    hanging.opened.clear()
    sweeper.once()
    assert soon(lambda: quick.performed == ["7"])
    assert soon(lambda: ("probe", "7") not in sweeper._busy)
    assert sweeper.once() == 1, "the probe again; the hanging ones are still in hand"
    hanging.opened.set()
    assert soon(lambda: sorted(hanging.performed) == ["1", "2"])


def test_work_that_fails_is_logged_and_tried_again(bell, sweeper, caplog):
    work = registered("attempt", Work("1", "2"))
    bell.is_silent, work.failing = True, {"1"}
    sweeper.once()
    assert soon(lambda: len(work.performed) == 2 and not sweeper._busy)
    assert [record.getMessage() for record in caplog.records] == ["Sweep could not perform attempt 1"]
    work.due = ["1"]
    assert sweeper.once() == 1
    assert soon(lambda: work.performed.count("1") == 2)


# ---- stopped by nothing ---------------------------------------------------------------------------------------------
def test_one_broken_round_does_not_stop_the_others(bell, sweeper, caplog):
    def broken(now: dt.datetime) -> list[str]:
        raise ConnectionError("the database restarts")

    def breaks_later(now: dt.datetime):
        yield "first"
        raise ValueError("half way")

    sweep.register("broken", broken, print)
    sweep.register("half", breaks_later, print)
    registered("probe", Work("7"))
    for _ in range(2):
        sweeper.once()
    assert bell.heard == [("half", "first"), ("probe", "7")]
    assert [record.getMessage() for record in caplog.records] == [
        "Sweep of broken failed: ConnectionError: the database restarts",
        "Sweep of half failed: ValueError: half way",
    ] * 2


def test_a_broken_clock_does_not_end_it(bell, sweeper, monkeypatch):
    registered("probe", Work("7"))
    monkeypatch.setattr(clock, "now", lambda: 1 / 0)
    assert sweeper.once() == 0
    monkeypatch.undo()


def test_it_runs_until_it_is_stopped_and_stops_at_once(bell, monkeypatch):
    sweeper, passes = Sweep(every_s=0.01), []
    monkeypatch.setattr(sweeper, "once", lambda: passes.append(1))
    thread = threading.Thread(target=sweeper.run)
    thread.start()
    assert soon(lambda: len(passes) > 5)
    begun = time.monotonic()
    sweeper.stopping.set()
    thread.join(3)
    assert not thread.is_alive()
    assert time.monotonic() - begun < 0.5


def test_stopping_waits_for_no_work(bell):
    work = registered("attempt", Work("1"))
    bell.is_silent = True
    work.opened.clear()
    sweeper = Sweep(every_s=0.01)
    sweeper.once()
    assert soon(lambda: work.at_once == 1)
    sweeper.stopping.set()
    begun = time.monotonic()
    sweeper.run()
    assert time.monotonic() - begun < 0.5
    work.opened.set()
    assert soon(lambda: work.performed == ["1"])


def test_with_the_real_bell_a_failing_broker_makes_the_sweep_do_the_work(monkeypatch, caplog):
    """The two together: ring, fail, silence, perform; and after the silence ring again."""
    monkeypatch.setattr(doorbell, "ringer", doorbell.Ringer())
    monkeypatch.setattr(doorbell, "_answers", {})
    monkeypatch.setattr(doorbell, "SILENCE_S", 0.5)
    monkeypatch.setattr(sweep, "_rounds", {})
    heard: list[str] = []

    def away(subject: str) -> None:
        heard.append(subject)
        raise ConnectionError

    doorbell.answer("attempt", away)
    work, sweeper = registered("attempt", Work("1"), again_s=0.1), Sweep(every_s=0.01)
    sweeper.once()
    assert soon(lambda: doorbell.ringer.is_silent)
    sweeper.once()
    assert soon(lambda: work.performed == ["1"])
    doorbell.answer("attempt", heard.append)
    work.due = ["2"]
    assert soon(lambda: not doorbell.ringer.is_silent)
    sweeper.once()
    assert soon(lambda: heard == ["1", "2"])
    assert work.performed == ["1"]
    sweeper._pool.shutdown(wait=True)
