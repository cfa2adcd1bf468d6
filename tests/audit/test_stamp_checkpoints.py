"""Checkpoints are stamped in rounds, packs always; what is stored is verified again by the nightly audit."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from audit import checkpoints
from audit.models import Entry, Holder, Timestamp
from audit.states import HolderState
from audit.trust import attesting, rechecking, stamps
from audit.trust.holders import keeping
from audit.trust.holders.errors import NotStamped
from plumbing import clock
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def grow(make_stream):
    def grow():
        make_stream("inc_1", 1)
        return checkpoints.checkpoint()

    return grow


def due():
    return list(attesting.Rounds().due(clock.now()))


def test_a_round_is_every_ten_minutes_and_the_latest_checkpoint_is_stamped(authority, grow):
    grow()
    assert due() == ["time stamp:127.0.0.1"]
    made = grow()
    attesting.give("time stamp:127.0.0.1")
    row = Timestamp.objects.get()
    assert row.checkpoint == made
    found = attesting.attestations(made)
    assert (found.tsr, found.gen_time, found.witnessed) == (bytes(row.response), row.gen_time, None)
    assert stamps.verify(found.tsr, bytes(made.note), stamps.roots()).gen_time == row.gen_time
    grow()
    assert due() == []
    assert attesting.give("time stamp:127.0.0.1") is None
    Holder.objects.update(due=clock.now() - timedelta(seconds=1))
    assert due() == ["time stamp:127.0.0.1"]
    assert not checkpoints.grew()  # a stamp alone asks for no further one


def test_a_pack_has_its_checkpoint_stamped_at_once_and_once(authority, grow):
    made = grow()
    first = attesting.attestations(made, ask=True)
    asked = len(authority.asked)
    assert attesting.attestations(made, ask=True) == first
    assert len(authority.asked) == asked
    authority.answer = lambda _: (503, "text/plain", b"")
    with pytest.raises(NotStamped, match="answered 503"):
        attesting.attestations(grow(), ask=True)


def test_an_authority_that_is_away_is_on_record_once_and_again_when_it_is_back(authority, grow):
    grow()
    authority.answer = lambda _: (503, "text/plain", b"")
    (party,) = attesting.everybody()
    for _ in range(3):
        row = keeping.give(party, at_once=True)
    assert (row.state, row.tries) == (HolderState.FAILING, 3)
    (copy,) = attesting.tell()
    assert (copy.kind, copy.name, copy.size, copy.keeps_up) == ("time stamp", "127.0.0.1", None, False)
    authority.answer = None
    assert keeping.give(party, at_once=True).state == HolderState.KEEPING_UP
    kinds = list(Entry.objects.filter(kind__startswith="attest").order_by("pk").values_list("kind", flat=True))
    assert kinds == ["attestation.failing", "attestation.resumed"]
    (copy,) = attesting.tell()
    assert (copy.size, copy.keeps_up, copy.problem) == (1, True, "")


def test_a_worker_that_dies_while_asking_is_replaced(authority, grow):
    grow()

    (party,) = attesting.everybody()
    claimed = keeping._claim(party.place, at_once=False)
    assert claimed
    assert due() == []
    assert keeping.give(party) is None
    Holder.objects.update(claimed_until=clock.now() - timedelta(seconds=1))
    assert keeping.give(party).state == HolderState.KEEPING_UP


def test_a_token_that_was_changed_moved_or_deleted_is_found_by_the_audit(authority, grow):
    grow()
    (party,) = attesting.everybody()
    keeping.give(party)
    assert rechecking.time_stamps(0).breaks == []
    row = Timestamp.objects.get()
    later = grow()
    with without_guards():
        Timestamp.objects.update(gen_time=row.gen_time - timedelta(days=1))
        assert "which its token says" in rechecking.time_stamps(0).breaks[0].expected
        Timestamp.objects.update(gen_time=row.gen_time, checkpoint=later)
        assert "it is over sha256" in rechecking.time_stamps(0).breaks[0].found
        assert rechecking.holders(0).breaks[0].place == "time stamp 127.0.0.1"
        *kept, last = bytes(row.response)
        Timestamp.objects.update(checkpoint=row.checkpoint, response=bytes([*kept, last ^ 1]))
        assert rechecking.time_stamps(0).breaks[0].place == f"time stamp {row.pk} of checkpoint 1"


def test_the_audit_goes_on_where_it_was(authority, grow, monkeypatch):
    monkeypatch.setattr(rechecking, "AT_ONCE", 1)
    for _ in range(2):
        attesting.attestations(grow(), ask=True)
    first = rechecking.time_stamps(0)
    second = rechecking.time_stamps(first.beyond)
    third = rechecking.time_stamps(second.beyond)
    assert (first.breaks, second.breaks, third.breaks, third.beyond) == ([], [], [], None)


def test_the_command_stamps_the_last_checkpoint_or_a_file(authority, grow, tmp_path, capsys, settings):
    with pytest.raises(CommandError, match="no checkpoint yet"):
        call_command("stamp_now")
    grow()
    call_command("stamp_now")
    assert "Checkpoint 1 is stamped by 127.0.0.1" in capsys.readouterr().out
    (tmp_path / "letter").write_bytes(b"Dear supervisor")
    call_command("stamp_now", file=tmp_path / "letter", out=tmp_path / "letter.tsr")
    stamps.verify((tmp_path / "letter.tsr").read_bytes(), b"Dear supervisor", stamps.roots())
    with pytest.raises(CommandError, match="exists already"):
        call_command("stamp_now", file=tmp_path / "letter", out=tmp_path / "letter.tsr")
    with pytest.raises(CommandError, match="belong together"):
        call_command("stamp_now", file=tmp_path / "letter")
    settings.TSA_URLS = []
    with pytest.raises(CommandError, match="No authority"):
        call_command("stamp_now")


def test_settings_that_cannot_work_are_said_at_the_start(settings, tmp_path):
    settings.TSA_URLS, settings.TSA_TRUST = ["tsa.example"], str(tmp_path / "none.pem")
    assert len(attesting.problems()) == 2
    settings.TSA_URLS, settings.TSA_TRUST = ["https://tsa.example/"], ""
    assert attesting.problems() == [
        "MUSTER_TSA_TRUST can't be used: it is missing: no token could be judged without the certificates there."
    ]
    settings.TSA_URLS = []
    assert attesting.problems() == []
    assert attesting.tell() == []
