"""A database administrator with every right: whatever they change that was signed is noticed, at the next checkpoint or
by verification. What they change within the window before a checkpoint is not, and a test says so too.

They drop the guards first, work behind the application's back, recompute what they can, and put the guards back."""

import json
from contextlib import contextmanager

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import transaction

from audit import checkpoints, keys, merkle, notes
from audit.canonical import canon
from audit.entries import commitment
from audit.errors import Behind, ForeignKeys, Forked, LedgerError
from audit.merkle import leaf_hash
from audit.models import Checkpoint, Disclosure, Entry, Head, LedgerKey, Pack, PackPart, SigningState, Stream
from audit.packs.issue import build_pack
from audit.trust import watch
from audit.verify import verify_ledger
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def ledger_of_three(make_stream):
    """Three streams, all signed, at two checkpoints."""
    make_stream("inc_1", 4)
    make_stream("inc_2", 3)
    checkpoints.checkpoint()
    make_stream("inc_1", 2)
    make_stream("inc_3", 2)
    checkpoints.checkpoint()
    report = verify_ledger()
    assert report.ok, [verdict.sentence for verdict in [report.log, *report.streams]]


def noticed() -> list[str]:
    """What verification says of everything that is wrong."""
    report = verify_ledger()
    return [verdict.sentence for verdict in [report.log, *report.streams] if not verdict.ok]


def refused() -> LedgerError | None:
    """What the next checkpoint says."""
    try:
        checkpoints.checkpoint()
    except LedgerError as error:
        return error
    return None


def rewrite(entry: Entry, **said: object) -> None:
    """Change an entry's body and its columns, and disclose another text."""
    told = json.loads(bytes(entry.body)) | said
    payload = canon(["11" * 16, "text", "Nothing happened"])
    told["fields"]["text"] = commitment(payload)
    Disclosure.objects.filter(entry=entry, name="text").update(payload=payload)
    Entry.objects.filter(pk=entry.pk).update(body=canon(told), leaf=leaf_hash(canon(told)), kind=told["kind"])


def rechain(uid: str) -> None:
    """Recompute every link and the stream's head."""
    stream, prev = Stream.objects.get(uid=uid), bytes(32)
    for seq, entry in enumerate(Entry.objects.filter(stream=stream).order_by("seq")):
        body = canon(json.loads(bytes(entry.body)) | {"prev": prev.hex(), "seq": seq})
        prev = leaf_hash(body)
        Entry.objects.filter(pk=entry.pk).update(body=body, leaf=prev, seq=seq)
    last = Entry.objects.filter(stream=stream).order_by("seq").last()
    Stream.objects.filter(pk=stream.pk).update(size=last.seq + 1, head=prev, time=last.time)


def recompute_heads() -> None:
    """Let every head fit the entries that are there, and drop those that don't fit any."""
    kept = 0
    for head in Head.objects.order_by("idx"):
        stream = Stream.objects.filter(pk=head.stream_id).first()
        if stream is None or head.size > stream.size:
            head.delete()
            continue
        root = merkle.root(checkpoints.leaves(stream, head.size))
        body = checkpoints.head_body(stream.uid, head.size, root)
        Head.objects.filter(pk=head.pk).update(idx=kept, root=root, body=body, leaf=leaf_hash(body))
        kept += 1


def resign(private: Ed25519PrivateKey) -> None:
    """Sign every checkpoint anew with a key of one's own, over what is there now."""
    for checkpoint in Checkpoint.objects.order_by("size"):
        if checkpoint.size > Head.objects.count():
            checkpoint.delete()
            continue
        root = merkle.root(checkpoints.head_leaves(checkpoint.size))
        note = notes.sign(notes.SignedTree(settings.LEDGER_ORIGIN, checkpoint.size, root), private)
        Checkpoint.objects.filter(pk=checkpoint.pk).update(root=root, note=note)


def forget(uid: str, since: int = 0) -> None:
    entries = Entry.objects.filter(stream__uid=uid, seq__gte=since)
    Disclosure.objects.filter(entry__in=entries).delete()
    entries.delete()


def change() -> None:
    rewrite(Entry.objects.get(stream__uid="inc_1", seq=1))


def change_and_rechain() -> None:
    change()
    rechain("inc_1")


def change_rechain_and_heads() -> None:
    change_and_rechain()
    recompute_heads()


def rewrite_everything() -> None:
    """All of it, with keys and checkpoints: within the database nothing contradicts it any more."""
    for uid in ("inc_1", "inc_2", "inc_3"):
        for entry in Entry.objects.filter(stream__uid=uid):
            rewrite(entry)
        rechain(uid)
    recompute_heads()
    mine = Ed25519PrivateKey.generate()
    resign(mine)
    LedgerKey.objects.update(public=keys.public_raw(mine.public_key()))


def rewrite_and_keep_the_key() -> None:
    change_rechain_and_heads()
    resign(Ed25519PrivateKey.generate())


def delete_one() -> None:
    forget_one("inc_1", 2)


def forget_one(uid: str, seq: int) -> None:
    entry = Entry.objects.get(stream__uid=uid, seq=seq)
    Disclosure.objects.filter(entry=entry).delete()
    entry.delete()


def delete_and_rechain() -> None:
    delete_one()
    rechain("inc_1")
    recompute_heads()


def reorder() -> None:
    one, two = (Entry.objects.get(stream__uid="inc_1", seq=seq).pk for seq in (1, 2))
    for pk, seq in ((one, 100), (two, 1), (one, 2)):
        Entry.objects.filter(pk=pk).update(seq=seq)


def reorder_and_rechain() -> None:
    reorder()
    rechain("inc_1")
    recompute_heads()


def truncate_tail() -> None:
    forget("inc_1", 3)
    rechain("inc_1")


def truncate_tail_and_heads() -> None:
    truncate_tail()
    recompute_heads()
    resign(Ed25519PrivateKey.generate())


def drop_incident() -> None:
    forget("inc_2")
    PackPart.objects.filter(stream__uid="inc_2").delete()
    Pack.objects.filter(stream__uid="inc_2").delete()
    Head.objects.filter(stream__uid="inc_2").delete()
    Stream.objects.filter(uid="inc_2").delete()


def drop_incident_and_close_the_gap() -> None:
    drop_incident()
    recompute_heads()
    for checkpoint in Checkpoint.objects.order_by("size"):
        checkpoint.delete()


def drop_last_checkpoint() -> None:
    Checkpoint.objects.order_by("-size")[0].delete()
    forget("inc_3")
    Head.objects.filter(stream__uid="inc_3").delete()
    Stream.objects.filter(uid="inc_3").delete()
    recompute_heads()


def empty_everything() -> None:
    for model in (Checkpoint, Disclosure, Entry, Head, Stream):
        model.objects.all().delete()


ATTACKS = [
    change,
    change_and_rechain,
    change_rechain_and_heads,
    rewrite_and_keep_the_key,
    rewrite_everything,
    delete_one,
    delete_and_rechain,
    reorder,
    reorder_and_rechain,
    truncate_tail,
    truncate_tail_and_heads,
    drop_incident,
    drop_incident_and_close_the_gap,
    drop_last_checkpoint,
    empty_everything,
]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda one: one.__name__)
def test_what_was_signed_is_not_changed_unnoticed(attack, ledger_of_three, make_stream):
    with without_guards():
        attack()
    assert noticed(), "verification noticed nothing"
    make_stream("inc_1", 1)  # life goes on; the next minute a checkpoint is due
    assert isinstance(refused(), Forked | ForeignKeys), "the checkpointer signed it"
    assert watch.now().state == SigningState.REFUSED
    assert noticed(), "a checkpoint made it good"


@contextmanager
def backup():
    """The database as it was at the start is brought back at the end; the signer isn't part of it."""
    point = transaction.savepoint()
    yield
    transaction.savepoint_rollback(point)


def test_yesterdays_backup_is_noticed(make_stream):
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    with backup():
        make_stream("inc_1", 2)
        make_stream("inc_2", 2)
        checkpoints.checkpoint()
    assert "The heads log is BROKEN at the signer: found 3 heads that it signed" in noticed()[0]
    assert checkpoints.checkpoint() is not None, "nothing grew, so nothing is asked of the signer"
    make_stream("inc_1", 1)
    error = refused()
    assert isinstance(error, Behind)
    assert str(error).startswith("The signer signed 3 heads; the database holds 2. An older state")


def test_yesterdays_backup_is_noticed_after_life_went_on(make_stream):
    """As many heads as the signer knows, and more: but other ones."""
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    with backup():
        make_stream("inc_1", 2)
        checkpoints.checkpoint()
    for number in range(4):
        make_stream(f"inc_new_{number}", 1)
    error = refused()
    assert isinstance(error, Forked)
    assert "first 2 of the heads are not those that were signed" in str(error)
    assert "found root" in noticed()[0]
    assert "over 2 heads" in noticed()[0]


def test_a_restored_database_hands_out_no_pack(make_stream, person):
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    with backup():
        make_stream("inc_1", 2)
        checkpoints.checkpoint()
    make_stream("inc_2", 2)
    with pytest.raises(Forked):
        build_pack("inc_2", actor=person)
    assert not Pack.objects.exists()


def test_a_pack_that_was_handed_out_keeps_the_tail(make_stream, person):
    """The heads log and the signer are gone too; but the pack's row says how long the stream was."""
    make_stream("inc_1", 4)
    build_pack("inc_1", actor=person)
    with without_guards():
        change_and_rechain()
    assert any("inc_1 is BROKEN" in sentence for sentence in noticed())
    with without_guards():
        Head.objects.filter(stream__uid="inc_1").delete()
    assert any("inc_1 is BROKEN at the pack of 4 entries: found root" in sentence for sentence in noticed())


def test_the_window_is_the_stated_exception(ledger_of_three, make_stream):
    """NOT noticed: entries newer than the last checkpoint, changed and rechained before the next one. evidence.md,
    section 10, says so; the page of trust does too; critical kinds shorten it."""
    make_stream("inc_1", 2)
    assert checkpoints.uncovered().entries == 2
    with without_guards():
        rewrite(Entry.objects.get(stream__uid="inc_1", seq=6))
        rechain("inc_1")
    assert noticed() == []
    assert refused() is None
    assert noticed() == []
    assert checkpoints.uncovered().entries == 0


def test_within_the_window_a_change_without_rechaining_is_still_noticed(ledger_of_three, make_stream):
    make_stream("inc_1", 2)
    with without_guards():
        rewrite(Entry.objects.get(stream__uid="inc_1", seq=6))
    assert "inc_1 is BROKEN at entry 7" in noticed()[0]


def test_once_signed_the_window_is_closed(ledger_of_three, make_stream):
    make_stream("inc_1", 2)
    checkpoints.checkpoint()
    with without_guards():
        rewrite(Entry.objects.get(stream__uid="inc_1", seq=6))
        rechain("inc_1")
    assert any("inc_1 is BROKEN at head" in sentence for sentence in noticed())
