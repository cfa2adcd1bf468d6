"""Epochs: after a loss the log goes on under a new name, openly, and what was signed before is verified as it was."""

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction

from audit import checkpoints, keys, notes
from audit.errors import Behind, NoNewEpoch, SignerAway
from audit.models import Checkpoint, Entry, LedgerEpoch, LedgerKey, SigningState
from audit.packs.issue import build_pack
from audit.selectors import latest
from audit.trust import epochs, origins, rotation, watch
from audit.trust.port import signer
from audit.verify import verify_ledger
from tests.audit.packing import files_of

pytestmark = pytest.mark.django_db
ORIGIN = "muster.example/evidence"


@pytest.fixture
def restored(make_stream):
    """Yesterday's backup came back, and the signer noticed."""
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    point = transaction.savepoint()
    make_stream("inc_1", 2)
    checkpoints.checkpoint()
    checkpoints.checkpoint()
    make_stream("inc_2", 2)
    checkpoints.checkpoint()
    transaction.savepoint_rollback(point)
    make_stream("inc_1", 1)
    with pytest.raises(Behind):
        checkpoints.checkpoint()


def ok() -> bool:
    report = verify_ledger()
    said = [verdict.sentence for verdict in [report.log, *report.streams] if not verdict.ok]
    assert report.ok == (said == [])
    return report.ok


def test_a_new_epoch_goes_on_under_the_next_name_and_says_why(restored, person, make_stream):
    assert watch.now().state == SigningState.REFUSED
    held = Checkpoint.objects.count()
    epoch = epochs.open_epoch(actor=person, reason="Restored the backup of Monday")
    assert (epoch.number, epoch.origin, epoch.lost_size) == (2, f"{ORIGIN}/2", signer().status().logs[ORIGIN].size)
    (entry,) = latest("portal", limit=1)
    assert (entry.kind, entry.actor) == ("epoch.opened", person.actor_id)
    assert entry.fields["reason"] == "Restored the backup of Monday"
    assert entry.fields["lost_root"] == bytes(epoch.lost_root).hex()
    made = checkpoints.checkpoint()
    assert bytes(made.note).startswith(f"{ORIGIN}/2\n{made.size}\n".encode())
    assert Checkpoint.objects.count() == held + 1
    assert watch.now().state == SigningState.WELL
    assert ok(), "old checkpoints under the old name, new ones under the new"
    make_stream("inc_1", 1)
    assert checkpoints.checkpoint().size > made.size
    assert [origins.at(one.size).number for one in Checkpoint.objects.order_by("size")] == [1] * held + [2, 2]


def test_old_notes_are_not_taken_under_the_new_name_nor_new_ones_under_the_old(restored, person):
    epochs.open_epoch(actor=person, reason="restored")
    checkpoints.checkpoint()
    first, last = Checkpoint.objects.order_by("size").first(), Checkpoint.objects.order_by("size").last()
    public = [key.public for key in keys.log_keys()]
    assert notes.opened(bytes(first.note), ORIGIN, public).size == first.size
    assert notes.opened(bytes(last.note), f"{ORIGIN}/2", public).size == last.size
    for note, origin in ((first.note, f"{ORIGIN}/2"), (last.note, ORIGIN)):
        with pytest.raises(Exception, match="no line was signed by key"):
            notes.opened(bytes(note), origin, public)


def test_a_pack_names_its_epochs_origin(restored, person):
    epochs.open_epoch(actor=person, reason="restored")
    files = files_of(build_pack("inc_1", actor=person))
    assert files["data/ledger/checkpoint"].startswith(f"{ORIGIN}/2\n".encode())
    assert files["keys/log.vkey"].decode().startswith(f"{ORIGIN}/2+")


def test_there_is_no_epoch_without_a_loss(make_stream, person):
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    make_stream("inc_1", 1)
    with pytest.raises(NoNewEpoch):
        epochs.open_epoch(actor=person, reason="because")
    assert not LedgerEpoch.objects.exists()
    assert signer().status().origin == ORIGIN


def test_a_crash_between_signer_and_database_is_gone_on_from(restored, person):
    """The signer opened the epoch, and the portal died before it said so: the same command finishes it."""
    signer().open_epoch(f"{ORIGIN}/2")
    with pytest.raises(Exception, match="The signer signs"):
        checkpoints.checkpoint()
    assert epochs.open_epoch(actor=person, reason="once more").origin == f"{ORIGIN}/2"
    assert checkpoints.checkpoint() is not None
    assert ok()


def test_a_lost_signer_begins_anew_with_its_new_key(make_stream, person, settings, tmp_path):
    """State and key are gone. The new signer's key isn't ours: nothing is signed until somebody says so."""
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    old = bytes(LedgerKey.objects.get().public)
    settings.SIGNER_DIR, settings.LEDGER_KEY_FILE = tmp_path / "new", tmp_path / "new.pem"
    make_stream("inc_1", 1)
    with pytest.raises(Exception, match="log keys that the signer doesn't hold"):
        checkpoints.checkpoint()
    epochs.open_epoch(actor=person, reason="The machine with the signer burned down")
    checkpoints.checkpoint()
    assert ok()
    held = keys.log_keys()
    assert [key.is_in_force for key in held] == [False, True]
    assert keys.public_raw(held[0].public) == old
    assert set(Entry.objects.filter(kind__startswith="key.").values_list("kind", flat=True)) == {
        "key.added",
        "key.retired",
    }


def test_the_command_opens_one_and_signs(restored, capsys):
    with pytest.raises(CommandError, match="Say why"):
        call_command("open_epoch", reason="  ")
    call_command("open_epoch", reason="Restored the backup of Monday")
    assert f"the log is {ORIGIN}/2" in capsys.readouterr().out
    assert bytes(Checkpoint.objects.order_by("-size")[0].note).startswith(f"{ORIGIN}/2\n".encode())
    with pytest.raises(CommandError, match="no reason for a new epoch"):
        call_command("open_epoch", reason="again")


def test_a_second_loss_opens_the_third(restored, person, make_stream):
    epochs.open_epoch(actor=person, reason="first")
    checkpoints.checkpoint()
    point = transaction.savepoint()
    make_stream("inc_5", 1)
    checkpoints.checkpoint()
    transaction.savepoint_rollback(point)
    make_stream("inc_6", 1)
    with pytest.raises(Exception, match="signed"):
        checkpoints.checkpoint()
    assert epochs.open_epoch(actor=person, reason="second").origin == f"{ORIGIN}/3"
    checkpoints.checkpoint()
    assert ok()


def test_without_a_signer_there_is_no_epoch(restored, person, settings):
    settings.SIGNER = "unix:/nowhere/signer.sock"
    with pytest.raises(SignerAway):
        epochs.open_epoch(actor=person, reason="restored")
    rotation.tend()  # says so in the log, and doesn't raise
    assert not LedgerEpoch.objects.exists()
