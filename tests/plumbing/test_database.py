"""Write transactions and the clock, on both databases; the SQLite lock on a file, as in life."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

import pytest
from django.db import OperationalError, connection, connections, transaction

from plumbing import clock
from plumbing.database import atomic

WRITERS, EACH = 16, 15
Guard = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def counter(transactional_db):
    """A table with one number, in the test database."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE counted (number integer NOT NULL)")
        cursor.execute("INSERT INTO counted VALUES (0)")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE counted")


@pytest.fixture
def file_counter(transactional_db, tmp_path):
    """The same in an SQLite file that waits 20 ms for another writer, instead of 20 s."""
    ours, facts = connections["default"], connections.settings["default"]
    hurried = {**facts["OPTIONS"], "timeout": 0.02}
    connections.settings["default"] = {**facts, "NAME": tmp_path / "counted.sqlite3", "OPTIONS": hurried}
    connections["default"] = connections.create_connection("default")
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE counted (number integer NOT NULL)")
        cursor.execute("INSERT INTO counted VALUES (0)")
    yield
    connections["default"].close()
    connections.settings["default"], connections["default"] = facts, ours


def count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT number FROM counted")
        return int(cursor.fetchone()[0])


def add_one() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE counted SET number = number + 1")


class Rush:
    """WRITERS threads that begin together, each adding one EACH times by reading, waiting and writing."""

    def __init__(self, guard: Guard) -> None:
        self._guard, self._start = guard, threading.Barrier(WRITERS)
        self.locked, self.inside, self.most_inside = 0, 0, 0
        with ThreadPoolExecutor(WRITERS) as pool:
            list(pool.map(lambda _: self._write(), range(WRITERS)))

    def _write(self) -> None:
        self._start.wait()
        try:
            for _ in range(EACH):
                try:
                    with self._guard():
                        self._read_and_write()
                except OperationalError as error:
                    assert "locked" in str(error)
                    self.locked += 1
        finally:
            connection.close()

    def _read_and_write(self) -> None:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        number = count()
        time.sleep(0.003)
        with connection.cursor() as cursor:
            cursor.execute("UPDATE counted SET number = %s", [number + 1])
        self.inside -= 1


@pytest.mark.sqlite
def test_sixteen_writers_on_one_sqlite_file_never_meet(file_counter):
    rush = Rush(atomic)
    assert (rush.locked, rush.most_inside, count()) == (0, 1, WRITERS * EACH)


@pytest.mark.sqlite
def test_without_our_lock_the_same_writers_do_meet(file_counter):
    """What the test above would see if `atomic` were Django's own: it can fail."""
    rush = Rush(transaction.atomic)
    assert rush.locked > 0
    assert count() == WRITERS * EACH - rush.locked, "refused whole, never half"


@pytest.mark.sqlite
def test_the_lock_is_given_back_when_a_transaction_fails(file_counter):
    for _ in range(3):
        with pytest.raises(ZeroDivisionError), atomic(), atomic():
            raise ZeroDivisionError
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(_add_one_elsewhere).result(timeout=5) is None
    assert count() == 1


def _add_one_elsewhere() -> None:
    try:
        with atomic():
            add_one()
    finally:
        connection.close()


# ---- all or nothing -------------------------------------------------------------------------------------------------
def test_all_of_it_or_nothing(counter):
    with atomic():
        add_one()
    with pytest.raises(ZeroDivisionError), atomic():
        add_one()
        raise ZeroDivisionError
    assert count() == 1


def test_it_nests_and_an_inner_failure_undoes_the_inner_part(counter):
    with atomic():
        add_one()
        with pytest.raises(ZeroDivisionError), atomic():
            add_one()
            raise ZeroDivisionError
        add_one()
    assert count() == 2


def test_it_decorates_a_function_that_is_called_often(counter):
    @atomic()
    def add(fails: bool) -> int:
        add_one()
        return 1 // (not fails)

    assert add(False) == add(False) == 1
    with pytest.raises(ZeroDivisionError):
        add(True)
    assert count() == 2


# ---- the clock ------------------------------------------------------------------------------------------------------
def test_now_is_utc_in_whole_milliseconds(db):
    for _ in range(20):
        moment = clock.now()
        assert (moment.tzinfo, moment.microsecond % 1_000) == (dt.UTC, 0)
        assert abs(moment - dt.datetime.now(dt.UTC)) < dt.timedelta(seconds=2), "the database runs on this machine"


def test_now_goes_on_inside_a_transaction(db):
    with atomic():
        moments = [clock.now()]
        for _ in range(3):
            time.sleep(0.005)
            moments.append(clock.now())
    assert moments == sorted(set(moments))


def test_the_machines_time_zone_changes_nothing(db, monkeypatch):
    monkeypatch.setenv("TZ", "America/St_Johns")
    time.tzset()
    try:
        moment = clock.now()
        assert moment.utcoffset() == dt.timedelta(0)
        assert abs(moment.timestamp() - time.time()) < 2
    finally:
        monkeypatch.undo()
        time.tzset()
