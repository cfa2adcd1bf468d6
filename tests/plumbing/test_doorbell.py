"""Doorbells: rung after the commit, in nobody's way, and silent for a while when the broker is away."""

import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import transaction

from plumbing import doorbell
from plumbing.database import atomic
from plumbing.doorbell import QUEUE_LENGTH, SILENCE_S, STUCK_S, Ringer


class Bell:
    """An answer that notes its rings; `closed` holds it up, `broken` makes it fail."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.opened = threading.Event()
        self.opened.set()
        self.broken: BaseException | None = None

    def __call__(self, subject: str) -> None:
        self.opened.wait(10)
        self.heard.append(subject)
        if self.broken:
            raise self.broken


@pytest.fixture
def bell():
    bell = Bell()
    yield bell
    bell.opened.set()


@pytest.fixture
def ringer(monkeypatch, bell):
    """A ringer of this test's own that `doorbell.ring("test", …)` uses."""
    ringer = Ringer()
    monkeypatch.setattr(doorbell, "ringer", ringer)
    monkeypatch.setattr(doorbell, "_answers", {})
    doorbell.answer("test", bell)
    return ringer


@pytest.fixture
def clock(monkeypatch):
    """The ringer's clock: `clock.at` seconds."""
    clock = SimpleNamespace(at=1_000.0)
    monkeypatch.setattr(doorbell, "time", SimpleNamespace(monotonic=lambda: clock.at))
    return clock


def soon(is_so: Callable[[], bool], within_s: float = 3.0) -> bool:
    """Whether it becomes so."""
    ends = time.monotonic() + within_s
    while not is_so() and time.monotonic() < ends:
        time.sleep(0.005)
    return is_so()


# ---- when it rings --------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_it_rings_when_the_outermost_transaction_commits(ringer, bell):
    with atomic():
        with atomic():
            doorbell.ring("test", "a")
        time.sleep(0.05)
        assert bell.heard == []
    assert soon(lambda: bell.heard == ["a"])


@pytest.mark.django_db(transaction=True)
def test_a_rollback_rings_for_nobody(ringer, bell):
    with pytest.raises(ZeroDivisionError), atomic():
        doorbell.ring("test", "a")
        raise ZeroDivisionError
    with atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            doorbell.ring("test", "b")
            raise ZeroDivisionError
        doorbell.ring("test", "c")
    assert soon(lambda: bell.heard != [])
    time.sleep(0.05)
    assert bell.heard == ["c"]


@pytest.mark.django_db(transaction=True)
def test_outside_of_a_transaction_it_rings_at_once(ringer, bell):
    doorbell.ring("test", "a")
    assert soon(lambda: bell.heard == ["a"])


@pytest.mark.django_db(transaction=True)
def test_a_ring_that_nobody_answers_is_lost_and_harms_nobody(ringer, bell):
    with atomic():
        doorbell.ring("nobody", "a")
        doorbell.ring("test", "b")
    assert soon(lambda: bell.heard == ["b"])


@pytest.mark.django_db(transaction=True)
def test_a_bell_without_a_thread_does_not_break_the_caller(ringer, bell, monkeypatch, caplog):
    def no_thread_left(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", no_thread_left)
    with atomic():
        doorbell.ring("test", "a")
    doorbell.ring("test", "b")
    assert [record.exc_info[0] for record in caplog.records] == [RuntimeError, RuntimeError]
    monkeypatch.undo()
    ringer.put(bell, "c")
    assert soon(lambda: bell.heard == ["a", "b", "c"]), "what waited is rung as soon as there is a thread"


# ---- in nobody's way ------------------------------------------------------------------------------------------------
def test_rings_are_answered_in_order_on_one_other_thread(ringer, bell):
    threads: set[str] = set()
    for number in range(200):
        ringer.put(lambda subject: (threads.add(threading.current_thread().name), bell(subject)), str(number))
    assert soon(lambda: len(bell.heard) == 200)
    assert (bell.heard, threads) == ([str(number) for number in range(200)], {"doorbell"})


def test_a_hanging_answer_holds_up_nobody_and_the_oldest_rings_are_dropped(ringer, bell):
    bell.opened.clear()
    ringer.put(bell, "in hand")
    assert soon(lambda: not ringer._waiting)
    begun = time.monotonic()
    for number in range(QUEUE_LENGTH + 500):
        ringer.put(bell, str(number))
    assert time.monotonic() - begun < 0.5
    bell.opened.set()
    assert soon(lambda: len(bell.heard) == QUEUE_LENGTH + 1)
    assert bell.heard == ["in hand", *(str(number) for number in range(500, QUEUE_LENGTH + 500))]


def test_rings_from_many_threads_all_arrive(ringer, bell):
    def put_many(name: str) -> None:
        for number in range(100):
            ringer.put(bell, f"{name}{number}")

    threads = [threading.Thread(target=put_many, args=(name,)) for name in "abcdefgh"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert soon(lambda: len(bell.heard) == 800)
    assert len({*bell.heard}) == 800


# ---- when the broker is away ----------------------------------------------------------------------------------------
def test_a_failing_answer_makes_it_silent_for_three_seconds(ringer, bell, clock, caplog):
    bell.broken = ConnectionError("broker away")
    ringer.put(bell, "lost")
    assert soon(lambda: ringer.is_silent)
    bell.broken = None
    clock.at += SILENCE_S - 0.01
    ringer.put(bell, "dropped")
    assert soon(lambda: not ringer._waiting)
    time.sleep(0.05)
    assert (bell.heard, ringer.is_silent) == (["lost"], True)
    clock.at += 0.02
    assert not ringer.is_silent
    ringer.put(bell, "heard")
    assert soon(lambda: bell.heard == ["lost", "heard"])
    assert SILENCE_S == 3
    assert [record.getMessage() for record in caplog.records] == [
        "Doorbell silent for 3 s: ConnectionError: broker away"
    ]


def test_rings_that_wait_behind_a_failing_one_do_not_each_wait_for_the_broker(ringer, bell, clock):
    bell.opened.clear()
    bell.broken = ConnectionError("broker away")
    for number in range(100):
        ringer.put(bell, str(number))
    bell.opened.set()
    assert soon(lambda: ringer.is_silent and not ringer._waiting)
    time.sleep(0.05)
    assert bell.heard == ["0"]


def test_an_answer_that_never_comes_back_counts_as_silence(ringer, bell, clock):
    """A broker that accepts and says nothing: without this the sweep would ring on for ever and do nothing itself."""
    bell.opened.clear()
    ringer.put(bell, "hangs")
    assert soon(lambda: not ringer._waiting)
    clock.at += STUCK_S - 0.01
    assert not ringer.is_silent
    clock.at += 0.02
    assert ringer.is_silent
    bell.opened.set()
    assert soon(lambda: not ringer.is_silent)
    ringer.put(bell, "heard")
    assert soon(lambda: bell.heard == ["hangs", "heard"])


def test_an_answer_that_wants_to_end_its_thread_does_not_end_the_bell(ringer, bell, clock):
    bell.broken = SystemExit(1)
    ringer.put(bell, "lost")
    assert soon(lambda: ringer.is_silent)
    bell.broken = None
    clock.at += SILENCE_S
    ringer.put(bell, "heard")
    assert soon(lambda: bell.heard == ["lost", "heard"])


# ---- forks ----------------------------------------------------------------------------------------------------------
def in_a_fork(ringer: Ringer) -> bytes:
    """What an answer that is rung in a forked child tells us; b"" when the child doesn't get that far in 3 s."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        ringer.put(lambda subject: os._exit(0 if os.write(writes, subject.encode()) else 1), "from the child")
        time.sleep(5)
        os._exit(1)
    os.close(writes)
    told = os.read(reads, 100) if select.select([reads], [], [], 3)[0] else b""
    os.close(reads)
    if not told:
        os.kill(child, 9)
    os.waitpid(child, 0)
    return told


def test_a_forked_child_gets_a_ringer_of_its_own(ringer, bell):
    ringer.put(bell, "parent")
    assert soon(lambda: bell.heard == ["parent"])
    assert in_a_fork(ringer) == b"from the child"
    ringer.put(bell, "parent again")
    assert soon(lambda: bell.heard == ["parent", "parent again"])


def test_a_child_does_not_repeat_what_waited_in_its_parent(ringer, bell):
    bell.opened.clear()
    for number in range(50):
        ringer.put(bell, str(number))
    assert in_a_fork(ringer) == b"from the child", "the first ring of the child is its own"


FORKS = """
import os, select, sys, threading, time
import django
django.setup()
from plumbing.doorbell import Ringer
from tests.plumbing.test_doorbell import in_a_fork

ringer, stop = Ringer(), threading.Event()

def put_without_pause():
    while not stop.is_set():
        ringer.put(str, "busy")

threads = [threading.Thread(target=put_without_pause) for _ in range(3)]
for thread in threads:
    thread.start()
told = [in_a_fork(ringer) for _ in range(60)]
stop.set()
print(told.count(b"from the child"), flush=True)  # _exit flushes nothing
os._exit(0)
"""


def test_a_fork_in_the_middle_of_ringing_leaves_no_lock_behind():
    root = Path(__file__).parents[2]
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    program = [sys.executable, "-c", FORKS]
    done = subprocess.run(program, cwd=root, env=environment, capture_output=True, timeout=300, check=False)
    assert done.stdout.split() == [b"60"], done.stderr.decode()[-2_000:]
