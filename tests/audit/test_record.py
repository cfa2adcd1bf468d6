"""record(): what is written, when it is refused, and what is announced."""

import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase
from django.test.utils import CaptureQueriesContext

from audit import ledger, selectors
from audit.errors import EntryTooLarge, IdemOfAnotherStream, NoSuchStream, NotCanonical, OutsideTransaction
from audit.models import Disclosure, Entry, Stream
from audit.signals import entry_recorded
from plumbing.database import atomic
from tests.plugins.ledger_flush import drop_guards


@pytest.fixture
def heard():
    """Everything that was announced."""
    announced: list[dict] = []

    def hear(**told):
        announced.append({name: told[name] for name in ("stream", "seq", "kind", "actor", "fields", "uid", "time")})

    entry_recorded.connect(hear)
    yield announced
    entry_recorded.disconnect(hear)


@pytest.mark.django_db
def test_what_is_recorded_can_be_read(person):
    stream = ledger.open_stream("inc_1")
    fields = {"text": "Zoë ✓", "seen": [1, {"a": None}], "done": True}
    with atomic():
        recorded = ledger.record(stream, "note.added", person, fields)
    (row,) = selectors.entries("inc_1")
    assert (recorded.stream, recorded.seq, recorded.uid) == ("inc_1", 0, row.uid)
    assert (row.seq, row.kind, row.actor, row.fields) == (0, "note.added", person.actor_id, fields)
    assert recorded.time == row.time
    assert abs(row.time - datetime.now(UTC)) < timedelta(minutes=1)
    stream.refresh_from_db()
    assert (stream.size, bytes(stream.head).hex(), stream.time) == (1, row.leaf, row.time)


@pytest.mark.django_db
def test_pages_and_single_entries(make_stream):
    make_stream(count=7)
    assert [row.seq for row in selectors.entries("inc_1", after=2, limit=3)] == [3, 4, 5]
    assert [row.seq for row in selectors.latest("inc_1", before=6, limit=2)] == [5, 4]
    assert selectors.entry("inc_1", 6).fields["number"] == 6
    assert selectors.entry("inc_1", 7) is None
    assert (selectors.reached("inc_1"), selectors.reached("inc_none")) == (6, -1)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written(person):
    ledger.open_stream("inc_1")
    with pytest.raises(OutsideTransaction):
        ledger.record("inc_1", "note.added", person, {})
    assert not Entry.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "fields", "error"),
    [
        ("note.added", {"x": 0.5}, NotCanonical),
        ("note", {}, NotCanonical),
        ("note.added", {"x": "y" * 70_000}, EntryTooLarge),
    ],
)
def test_a_refused_entry_leaves_the_stream_as_it_was(kind, fields, error, person, make_stream):
    make_stream(count=2)
    with pytest.raises(error), atomic():
        ledger.record("inc_1", kind, person, fields)
    assert selectors.reached("inc_1") == 1
    assert Entry.objects.count() == 2


@pytest.mark.django_db
def test_only_the_standing_streams_come_into_being_by_themselves(person):
    with atomic():
        assert ledger.record("portal", "portal.started", ledger.SYSTEM, {}).seq == 0
        with pytest.raises(NoSuchStream, match="inc_404"):
            ledger.record("inc_404", "note.added", person, {})
    with pytest.raises(NotCanonical, match="stream"):
        ledger.open_stream("Incident 1")
    assert ledger.open_stream("inc_1") == ledger.open_stream("inc_1")


@pytest.mark.django_db
def test_the_same_uid_is_recorded_once(person, make_stream):
    make_stream(count=1)
    uid = uuid.uuid4()
    with atomic():
        first = ledger.record("inc_1", "note.added", person, {"text": "one"}, idem=uid)
        second = ledger.record("inc_1", "note.added", person, {"text": "two"}, idem=uid)
    assert first == second
    assert [row.fields.get("text") for row in selectors.entries("inc_1", after=0)] == ["one"]
    with pytest.raises(IdemOfAnotherStream, match="inc_1"), atomic():
        ledger.record("portal", "note.added", person, {}, idem=uid)


@pytest.mark.django_db
def test_time_never_runs_backwards_in_a_stream(person, make_stream):
    stream = make_stream(count=1)
    future = datetime(2999, 1, 1, 0, 0, 0, 123000, tzinfo=UTC)
    drop_guards()  # in a transaction that is rolled back: the clock that went wrong
    Stream.objects.filter(pk=stream.pk).update(time=future)
    with atomic():
        assert ledger.record("inc_1", "note.added", person, {}).time == future


@pytest.mark.django_db
def test_many_entries_take_no_more_statements_than_one(person, make_stream):
    make_stream(count=1)
    five = {"a": 1, "b": 2, "c": "three", "d": None, "e": [5]}
    with atomic(), CaptureQueriesContext(connection) as one:
        ledger.record("inc_1", "note.added", person, five)
    with atomic(), CaptureQueriesContext(connection) as many:
        recorded = ledger.record_many("inc_1", [("note.added", person, {**five, "n": n}) for n in range(20)])
    allowed = 3 if connection.vendor == "postgresql" else 4
    assert len(one) == len(many) == allowed
    assert [entry.seq for entry in recorded] == list(range(2, 22))
    assert [row.fields["n"] for row in selectors.entries("inc_1", after=1)] == list(range(20))
    assert Disclosure.objects.count() == 2 + 5 + 20 * 6
    assert ledger.record_many("inc_1", []) == []


@pytest.mark.django_db
def test_one_bad_entry_among_many_writes_none(person, make_stream):
    make_stream(count=1)
    with pytest.raises(NotCanonical), atomic():
        ledger.record_many("inc_1", [("note.added", person, {"n": 1}), ("note.added", person, {"n": 1.0})])
    assert Entry.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_commits_are_announced_in_order_and_rollbacks_are_not(person, heard):
    ledger.open_stream("inc_1")
    with atomic():
        first = ledger.record("inc_1", "note.added", person, {"n": 0})
        ledger.record_many("inc_1", [("note.added", person, {"n": n}) for n in (1, 2)])
        assert heard == []
    assert [told["seq"] for told in heard] == [0, 1, 2]
    facts = {"stream": "inc_1", "seq": 0, "kind": "note.added", "actor": person.actor_id, "fields": {"n": 0}}
    assert heard[0] == {**facts, "uid": first.uid, "time": first.time}
    with pytest.raises(RuntimeError), atomic():
        ledger.record("inc_1", "note.added", person, {})
        raise RuntimeError
    assert len(heard) == 3
    assert selectors.reached("inc_1") == 2


@pytest.mark.django_db(transaction=True)
def test_a_broken_listener_breaks_neither_the_commit_nor_the_next_one(person, heard, caplog):
    def broken(**_):
        raise ConnectionError("the broker is away")

    entry_recorded.connect(broken)
    try:
        ledger.open_stream("inc_1")
        with atomic():
            ledger.record("inc_1", "note.added", person, {})
    finally:
        entry_recorded.disconnect(broken)
    assert selectors.reached("inc_1") == 0
    assert len(heard) == 1
    assert "the broker is away" in caplog.text


class FlushTest(TransactionTestCase):
    """Django's own TransactionTestCase can flush the ledger between tests, and the guards stand again afterwards."""

    def test_first(self) -> None:
        self._append_alone()

    def test_second(self) -> None:
        self._append_alone()

    def _append_alone(self) -> None:
        assert not Stream.objects.exists()
        ledger.open_stream("inc_1")
        with transaction.atomic():
            ledger.record("inc_1", "note.added", ledger.SYSTEM, {"a": 1})
