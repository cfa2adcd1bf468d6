"""Whatever an intruder with every right does to the rows, verification finds it and names it; on both databases.

The intruder drops the guards first, works behind the ORM's back, and puts them back."""

import json
import re
import uuid
from datetime import UTC, datetime

import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from audit import checkpoints, keys, merkle, notes
from audit.canonical import canon
from audit.entries import commitment, stamp
from audit.merkle import leaf_hash
from audit.models import Checkpoint, Disclosure, Entry, Erasure, Head, Stream
from audit.verify import verify_ledger
from tests.plugins.ledger_flush import drop_guards, without_guards

pytestmark = pytest.mark.django_db  # triggers can be dropped in a transaction that is rolled back, on both databases


def run(sql: str, *params: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.fixture
def stream(make_stream):
    """Five entries, three of them signed, and a second stream that nobody touches."""
    make_stream("inc_1", 3)
    make_stream("inc_2", 2)
    checkpoints.checkpoint()
    make_stream("inc_1", 2)
    report = verify_ledger()
    assert report.ok, [verdict.sentence for verdict in [report.log, *report.streams]]
    return Stream.objects.get(uid="inc_1")


def broken() -> str:
    """The sentence about inc_1; the rest must be untouched."""
    report = verify_ledger()
    assert not report.ok
    by_name = {verdict.subject: verdict for verdict in report.streams}
    assert by_name["inc_2"].ok
    return by_name["inc_1"].sentence


def rechain(stream: Stream, start: int) -> None:
    """What a careful intruder does: recompute every hash from `start` on, and the stream's head."""
    prev = bytes(32)
    for entry in Entry.objects.filter(stream=stream).order_by("seq"):
        if entry.seq >= start:
            told = json.loads(bytes(entry.body))
            told |= {"prev": prev.hex(), "kind": entry.kind, "seq": entry.seq}
            body = canon(told)
            Entry.objects.filter(pk=entry.pk).update(body=body, leaf=leaf_hash(body))
            prev = leaf_hash(body)
        else:
            prev = bytes(entry.leaf)
    Stream.objects.filter(pk=stream.pk).update(head=prev)


@pytest.mark.parametrize(
    ("column", "value", "named"),
    [
        ("kind", "note.changed", "kind"),
        ("actor", "usr_2", "actor"),
        ("time", "2020-01-01 00:00:00+00:00", "time"),
        ("uid", uuid.UUID(int=7), "id"),
        ("leaf", bytes(32), "leaf"),
        ("body", b"{}", "leaf"),
    ],
)
def test_a_changed_column_is_found_and_named(column, value, named, stream):
    with without_guards():
        Entry.objects.filter(stream=stream, seq=1).update(**{column: value})
    assert "inc_1 is BROKEN at entry 1: found " + named in broken()


def test_a_changed_disclosure_is_found_and_named(stream):
    with without_guards():
        payload = canon(["00" * 16, "text", "Nothing happened"])
        Disclosure.objects.filter(entry__stream=stream, entry__seq=2, name="text").update(payload=payload)
    assert f"entry 2, field text: found a disclosure with hash {commitment(payload)}" in broken()


def test_a_field_that_is_hidden_or_added_is_found(stream):
    with without_guards():
        Disclosure.objects.filter(entry__stream=stream, entry__seq=2, name="text").delete()
    assert "entry 2, field text: found neither a disclosure nor an erasure" in broken()
    entry = Entry.objects.get(stream=stream, seq=1)
    Disclosure.objects.create(entry=entry, name="more", payload=canon(["00" * 16, "more", 1]))
    assert "entry 1, field more: found a disclosure" in broken()


@pytest.mark.parametrize("seq", [0, 2, 4])
def test_a_deleted_entry_is_found_and_named(seq, stream):
    with without_guards():
        Disclosure.objects.filter(entry__stream=stream, entry__seq=seq).delete()
        Entry.objects.filter(stream=stream, seq=seq).delete()
    assert f"inc_1 is BROKEN at entry {seq}: found nothing" in broken()


def test_a_cut_tail_is_found_by_the_heads_log(stream):
    """The intruder also moves the stream back, so that it looks as if the tail never was."""
    with without_guards():
        Disclosure.objects.filter(entry__stream=stream, entry__seq__gte=2).delete()
        Entry.objects.filter(stream=stream, seq__gte=2).delete()
        last = Entry.objects.get(stream=stream, seq=1)
        Stream.objects.filter(pk=stream.pk).update(size=2, head=last.leaf, time=last.time)
    assert "entry 2: found nothing, expected an entry: the heads log says there were 3" in broken()


@pytest.mark.parametrize(("seq", "place"), [(5, "entry 5"), (-1, "entry -1")])
def test_an_inserted_entry_is_found_and_named(seq, place, stream):
    with without_guards():
        fake = Entry.objects.get(stream=stream, seq=3)
        fake.pk, fake.uid, fake.seq = None, uuid.uuid4(), seq
        if seq < 0 and connection.vendor == "sqlite":
            run("PRAGMA ignore_check_constraints=ON")
        elif seq < 0:
            run("ALTER TABLE ledger_entry DROP CONSTRAINT ledger_entry_seq")
        fake.save(force_insert=True)
    assert f"{place}: found an entry" in broken()


def test_reordered_entries_are_found_and_named(stream):
    with without_guards():
        one, two = (Entry.objects.get(stream=stream, seq=seq).pk for seq in (1, 2))
        for pk, seq in [(one, 100), (two, 1), (one, 2)]:
            Entry.objects.filter(pk=pk).update(seq=seq)
    assert "inc_1 is BROKEN at entry 1: found seq 2 in its body, expected 1" in broken()


def test_an_entry_moved_to_another_stream_is_found(stream):
    with without_guards():
        other = Entry.objects.get(stream__uid="inc_2", seq=0)
        mine = Entry.objects.get(stream=stream, seq=0)
        Entry.objects.filter(pk=mine.pk).update(body=other.body, leaf=other.leaf)
    assert "inc_1 is BROKEN at entry 0: found stream 'inc_2' in its body, expected 'inc_1'" in broken()


def test_history_recomputed_after_a_checkpoint_is_found_by_the_heads_log(stream):
    with without_guards():
        Entry.objects.filter(stream=stream, seq=1).update(kind="note.rewritten")
        rechain(stream, 1)
    assert "inc_1 is BROKEN at head" in broken()


def test_history_and_heads_recomputed_are_found_by_the_signature(stream):
    with without_guards():
        Entry.objects.filter(stream=stream, seq=1).update(kind="note.rewritten")
        rechain(stream, 1)
        head = Head.objects.get(stream=stream)
        root = merkle.root(checkpoints.leaves(stream, head.size))
        body = checkpoints.head_body("inc_1", head.size, root)
        Head.objects.filter(pk=head.pk).update(root=root, body=body, leaf=leaf_hash(body))
    report = verify_ledger()
    assert all(verdict.ok for verdict in report.streams)
    assert re.search(r"heads log is BROKEN at checkpoint 2: found root \w{64}, expected \w{64}", report.log.sentence)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE ledger_checkpoint SET note = '— nobody'", "checkpoint 2: found The signed note is not valid"),
        ("DELETE FROM ledger_head WHERE idx = 0", "head 0: found nothing; the next one is head 1"),
        ("DELETE FROM ledger_head WHERE idx = 1", "head 1: found nothing, expected a head: 2 were signed"),
        ("UPDATE ledger_head SET size = 2 WHERE idx = 0", "head 0: found"),
    ],
)
def test_a_changed_heads_log_is_found_and_named(change, said, stream):
    with without_guards():
        run(change)
    assert said in verify_ledger().log.sentence


@pytest.mark.parametrize(("change", "said"), [({"head": bytes(32)}, "the stream's head"), ({"size": 6}, "entry 5")])
def test_a_changed_stream_row_is_found_and_named(change, said, stream):
    with without_guards():
        Stream.objects.filter(pk=stream.pk).update(**change)
    assert said in broken()


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not json", "the body b'not json', expected canonical JSON"),
        (b'{"v": 1}', "expected canonical JSON with the parts of an entry"),
        (b"[]", "expected canonical JSON with the parts of an entry"),
    ],
)
def test_a_body_that_is_no_entry_is_found_though_its_leaf_fits(body, said, stream):
    with without_guards():
        Entry.objects.filter(stream=stream, seq=4).update(body=body, leaf=leaf_hash(body))
    sentence = broken()
    assert "inc_1 is BROKEN at entry 4" in sentence
    assert said in sentence


def test_a_time_that_runs_backwards_is_found_though_all_hashes_fit(stream):
    early = datetime(2020, 1, 1, tzinfo=UTC)
    with without_guards():
        entry = Entry.objects.get(stream=stream, seq=4)
        body = canon({**json.loads(bytes(entry.body)), "time": stamp(early)})
        Entry.objects.filter(pk=entry.pk).update(body=body, leaf=leaf_hash(body), time=early)
        Stream.objects.filter(pk=stream.pk).update(head=leaf_hash(body), time=early)
    assert "entry 4: found time 2020-01-01T00:00:00.000Z, expected" in broken()


def test_a_stream_with_another_time_than_its_last_entry_is_found(stream):
    with without_guards():
        Stream.objects.filter(pk=stream.pk).update(time=datetime(2999, 1, 1, tzinfo=UTC))
    assert "inc_1 is BROKEN at the stream's time: found 2999" in broken()


def test_erasures_that_do_not_fit_are_found(stream):
    entry = Entry.objects.get(stream=stream, seq=2)
    erasure = Erasure.objects.create(entry=entry, name="text", stream_seq=4)
    assert "entry 2, field text: found a disclosure, expected none: its erasure is recorded" in broken()
    with without_guards():
        erasure.delete()
        Erasure.objects.create(entry=entry, name="never_there", stream_seq=4)
    assert "entry 2, field never_there: found an erasure, expected none" in broken()


def test_a_head_with_another_leaf_and_a_note_over_other_heads_are_found(stream):
    last = Checkpoint.objects.get()
    tree = notes.SignedTree(settings.LEDGER_ORIGIN, last.size, bytes(32))
    with without_guards():
        Checkpoint.objects.update(note=notes.sign(tree, keys.log_key()))
    assert f"checkpoint 2: found a note over 2 heads, root {'00' * 32}" in verify_ledger().log.sentence
    with without_guards():
        Head.objects.filter(idx=0).update(leaf=bytes(32))
        assert f"head 0: found leaf {'00' * 32}" in verify_ledger().log.sentence
        Head.objects.filter(idx=0).update(leaf=leaf_hash(bytes(Head.objects.get(idx=0).body)))  # fits again


def test_missing_guards_are_part_of_the_result(stream):
    drop_guards()
    assert "found trigger" in verify_ledger().log.sentence


def test_the_command_says_one_sentence_per_stream(stream, capsys):
    call_command("verify_ledger")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("The heads log is whole: 2 entries, all of them signed")
    assert re.fullmatch(r"inc_1 is whole: 5 entries, 3 of them signed, root \w{16}….*", lines[1])
    assert len(lines) == 3


def test_the_command_exits_with_1_on_a_break(stream, capsys):
    drop_guards()
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_ledger", "inc_2", "inc_404")
    assert stopped.value.code == 1
    assert "inc_404 is BROKEN at the stream: found nothing" in capsys.readouterr().out
