"""Keys of the log: a new one is added with its entry, both sign for thirty days, then the old one is retired. Whatever
was signed is verified with the keys of its time."""

from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from audit import checkpoints, keys, notes
from audit.errors import BadNote, ForeignKeys
from audit.models import Checkpoint, LedgerKey, LedgerKeyRetirement
from audit.selectors import entries
from audit.signer.state import OVERLAP, load, save
from audit.trust import rotation
from audit.trust.port import signer
from audit.verify import verify_ledger
from plumbing import clock
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db
ORIGIN = "muster.example/evidence"


def told(kind: str) -> list[dict]:
    return [row.fields for row in entries("portal") if row.kind == kind]


@pytest.fixture
def later(settings):
    """later(days): the keys that the signer holds came so many days earlier."""

    def move(by: timedelta) -> None:
        path = settings.SIGNER_DIR / "state.json"
        state = load(path)
        moved = [
            type(key)(key.public_hex, key.file, (key.added - by).isoformat(), key.retired_at) for key in state.keys
        ]
        save(path, type(state)(state.origin, state.logs, tuple(moved)))

    return move


@pytest.fixture
def rotated(make_stream, person):
    """A checkpoint with the first key, and one with both."""
    make_stream("inc_1", 2)
    checkpoints.checkpoint()
    rotation.rotate(actor=person, reason="It is a year old")
    checkpoints.checkpoint()
    return person


def test_the_first_key_needs_no_entry(make_stream):
    make_stream("inc_1", 1)
    checkpoints.checkpoint()
    (key,) = keys.log_keys()
    assert (key.since, key.until, key.is_in_force, key.origin) == (0, None, True, ORIGIN)
    assert key.public == keys.log_public() == keys.log_key().public_key()
    assert told("key.added") == []


def test_a_new_key_is_recorded_and_signs_beside_the_old_one(rotated):
    old, new = keys.log_keys()
    assert told("key.added")[0]["fingerprint"] == new.fingerprint
    assert told("key.added")[0]["reason"] == "It is a year old"
    first, second = Checkpoint.objects.order_by("size")
    assert bytes(first.note).decode().count("\n— ") == 1
    assert bytes(second.note).decode().count("\n— ") == 2
    assert second.key_id == new.key_id
    for key in (old, new):
        assert notes.opened(bytes(second.note), ORIGIN, [key.public]).size == second.size
    assert keys.log_public() == new.public
    assert verify_ledger().ok


def test_the_old_key_goes_after_thirty_days_and_not_before(rotated, later, make_stream):
    later(OVERLAP - timedelta(hours=1))
    assert not rotation.retire_what_is_due()
    later(timedelta(hours=1))
    assert rotation.retire_what_is_due()
    assert not rotation.retire_what_is_due()
    old, new = keys.log_keys()
    assert told("key.retired")[0]["fingerprint"] == old.fingerprint
    made = checkpoints.checkpoint()
    assert bytes(made.note).decode().count("\n— ") == 1
    with pytest.raises(BadNote):
        notes.opened(bytes(made.note), ORIGIN, [old.public])
    assert [key.fingerprint for key in keys.valid_at(1)] == [old.fingerprint]
    assert [key.fingerprint for key in keys.valid_at(made.size)] == [new.fingerprint]
    assert verify_ledger().ok


def test_a_retired_key_signs_nothing_that_came_later(rotated, later, make_stream):
    """Whoever gets hold of a retired key, and of the database, can't sign today's tree with it."""
    old_private = keys.log_key()
    later(OVERLAP)
    rotation.retire_what_is_due()
    made = checkpoints.checkpoint()
    note = notes.sign(notes.SignedTree(ORIGIN, made.size, bytes(made.root)), old_private)
    with without_guards():
        Checkpoint.objects.filter(pk=made.pk).update(note=note)
    assert f"checkpoint {made.size}: found The signed note is not valid" in verify_ledger().log.sentence


def test_a_future_key_signs_nothing_that_came_earlier(rotated):
    first = Checkpoint.objects.order_by("size").first()
    assert len(keys.valid_at(first.size)) == 1
    assert len(keys.valid_at(first.size + 1)) == 2


def test_a_key_that_only_the_database_knows_stops_everything(make_stream):
    make_stream("inc_1", 2)
    checkpoints.checkpoint()
    mine = keys.public_raw(Ed25519PrivateKey.generate().public_key())
    LedgerKey.objects.create(public=mine, since=0, added=clock.now())
    make_stream("inc_1", 1)
    with pytest.raises(ForeignKeys, match="the signer doesn't hold"):
        checkpoints.checkpoint()
    assert "at the signer: found other keys" in verify_ledger().log.sentence


def test_a_crash_after_the_signer_acted_is_made_good(rotated, later):
    later(OVERLAP)
    signer().retire()
    assert not LedgerKeyRetirement.objects.exists()
    rotation.reconcile(signer().status())
    assert LedgerKeyRetirement.objects.count() == 1
    signer().rotate()
    assert checkpoints.checkpoint() is not None  # a checkpoint looks at the keys first
    assert [key.is_in_force for key in keys.log_keys()] == [False, True, True]
    assert len(told("key.added")) == 2
    assert verify_ledger().ok


def test_one_rotation_at_a_time(rotated):
    with pytest.raises(CommandError, match="two keys sign already"):
        call_command("rotate_key", reason="again")


def test_the_command_prints_what_to_hand_out(make_stream, capsys):
    make_stream("inc_1", 1)
    checkpoints.checkpoint()
    call_command("rotate_key", reason="yearly")
    printed = capsys.readouterr().out
    for key in keys.log_keys():
        assert key.vkey in printed
        assert key.fingerprint in printed
