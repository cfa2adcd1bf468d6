"""Anchors: a file that only grows, a bucket that locks, a mailbox; what they don't keep isn't counted as kept."""

import base64
import re
import smtplib
from datetime import timedelta
from io import StringIO

import pytest
from django.core import mail
from django.core.management import CommandError, call_command

from audit import checkpoints
from audit.models import Anchor, Checkpoint, Entry, Finding, Holder
from audit.states import HolderState
from audit.trust import attesting, rechecking
from audit.trust.anchors import configured
from audit.trust.anchors import file as appended
from audit.trust.holders import keeping
from audit.trust.holders.errors import BadSetting, Contradicted, NotAnchored
from plumbing import clock
from tests.audit.bucket import MODE, UNTIL, storing
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def grow(make_stream):
    def grow(times: int = 1) -> Checkpoint:
        for _ in range(times):
            make_stream("inc_1", 1)
            made = checkpoints.checkpoint()
        return made

    return grow


def give():
    (party,) = attesting.everybody()
    return keeping.give(party, at_once=True)


@pytest.fixture
def file(settings, tmp_path):
    path = tmp_path / "checkpoints"
    path.touch()
    settings.ANCHORS = [f"file:{path}"]
    return path


def test_a_file_gets_each_checkpoint_once_in_order(file, grow):
    notes = []
    for _ in range(3):
        notes.append(bytes(grow().note))
        assert give().state == HolderState.KEEPING_UP
        give()
    assert file.read_bytes() == b"".join(note + b"\n" for note in notes)
    offsets = [int(row.reference) for row in Anchor.objects.order_by("pk")]
    assert [file.read_bytes()[at:].startswith(note) for at, note in zip(offsets, notes, strict=True)] == [True] * 3
    assert attesting.attestations(Checkpoint.objects.get(size=3)).anchors == (f"file:{file}",)


def test_a_file_that_lost_something_is_said_loudly(file, grow):
    grow()
    give()
    file.write_bytes(file.read_bytes().replace(b"muster", b"mustex"))
    grow()
    row = give()
    assert row.state == HolderState.CONTRADICTING
    assert "The checkpoint over 1 heads isn't at byte 0 any more" in row.problem
    assert Finding.objects.filter(place=f"anchor:file:{file}").exists()
    assert Anchor.objects.count() == 1


def test_a_file_that_is_not_there_is_not_made(file, grow):
    """It may lie on a share that isn't mounted."""
    grow()
    file.unlink()
    assert "There is no such file" in give().problem
    assert not file.exists()
    file.mkdir()
    assert "can't be appended to" in give().problem
    file.rmdir()
    file.touch()
    assert give().state == HolderState.KEEPING_UP


def test_somebody_who_writes_between_is_noticed(file, grow, monkeypatch):
    made = grow()
    original = appended._write

    def interrupted(descriptor, data):
        with file.open("ab") as other:
            other.write(b"in between\n")
        original(descriptor, data)

    monkeypatch.setattr(appended, "_write", interrupted)
    with pytest.raises(NotAnchored, match="somebody else writes to it"):
        attesting.everybody()[0].take(made)


@pytest.fixture
def store(settings, monkeypatch):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with storing() as store:
        monkeypatch.setenv("MUSTER_SECRET_ANCHOR_S3_ID", store.key_id)
        monkeypatch.setenv("MUSTER_SECRET_ANCHOR_S3_KEY", store.secret)
        settings.ANCHORS = [f"s3://evidence/muster?endpoint={store.url}&region={store.region}&days=30"]
        yield store


def test_a_bucket_keeps_a_checkpoint_under_lock(store, grow):
    made = grow()
    assert give().state == HolderState.KEEPING_UP, Holder.objects.get().problem
    (path, versions), *rest = store.objects.items()
    assert re.fullmatch(r"/evidence/muster/[0-9a-f]{16}/000000000001", path)
    assert (len(versions), rest) == (1, [])
    content, lock = versions[0]
    assert content == bytes(made.note)
    assert lock[MODE] == "COMPLIANCE"
    assert lock[UNTIL].startswith(f"{clock.now() + timedelta(days=30):%Y-%m-%dT}")
    assert Anchor.objects.get().reference == f"{path.removeprefix('/evidence/')} version v1"


def test_a_bucket_with_other_keys_refuses_and_no_secret_is_told(store, grow, monkeypatch):
    grow()
    monkeypatch.setenv("MUSTER_SECRET_ANCHOR_S3_KEY", "another-secret-key-0123456789")
    row = give()
    assert store.refusals == ["SignatureDoesNotMatch"]
    assert "was answered 403. <Error><Code>SignatureDoesNotMatch" in row.problem
    assert "another-secret" not in row.problem
    monkeypatch.delenv("MUSTER_SECRET_ANCHOR_S3_KEY")
    assert "MUSTER_SECRET_ANCHOR_S3_KEY" in give().problem


def test_a_bucket_without_locks_is_not_taken_for_an_anchor(store, grow):
    grow()
    store.locks = False
    assert "without a lock: the bucket must be made with object lock" in give().problem
    assert not Anchor.objects.exists()


def test_a_mailbox_gets_the_bytes_once_a_day(settings, grow):
    settings.ANCHORS, settings.EMAIL_HOST = ["mailto:evidence@bank.example"], "127.0.0.1"
    made = grow()
    assert give().due - clock.now() > timedelta(hours=23)
    (sent,) = mail.outbox
    assert (sent.to, sent.subject) == (["evidence@bank.example"], "Checkpoint 1 of muster.example/evidence")
    assert sent.attachments[0].content == bytes(made.note)
    assert Anchor.objects.get().reference == sent.message()["Message-ID"]
    packed = sent.message().get_payload()[1].get_payload()
    assert base64.b64decode(packed) == bytes(made.note)
    grow()
    assert list(attesting.Rounds().due(clock.now())) == []


def test_a_mail_server_that_is_not_there_or_refuses_is_said(settings, grow, monkeypatch):
    settings.ANCHORS, settings.EMAIL_HOST = ["mailto:evidence@bank.example"], ""
    grow()
    assert "no mail server" in give().problem

    class Refusing:
        def send_messages(self, _):
            raise smtplib.SMTPDataError(554, b"no")

        def close(self):
            pass

    settings.EMAIL_HOST = "127.0.0.1"
    monkeypatch.setattr("audit.trust.anchors.mail.get_connection", Refusing)
    assert "answered 554" in give().problem


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/mnt/worm", "found no scheme, expected one of file, mailto, s3"),
        ("ftp://there/x", "found ftp"),
        ("file:relative", "expected an absolute path"),
        ("file://host/path", "expected an absolute path"),
        ("file:/x?days=3", "doesn't know days"),
        ("file:/x?every=soon", "expected a length of time"),
        (f"file:/{'x' * 200}", "longer than 200"),
        ("mailto:nobody", "expected an address"),
        ("s3://b?endpoint=https://s3.example", "expected a bucket's name"),
        ("s3://bucket", "expected endpoint"),
        ("s3://bucket?endpoint=https://s3.example&mode=none", "found mode=none"),
        ("s3://bucket?endpoint=https://s3.example&days=0", "found days=0"),
    ],
)
def test_a_setting_that_cannot_be_read_is_said_at_the_start(settings, text, says):
    settings.ANCHORS = [text]
    with pytest.raises(BadSetting, match=says):
        configured()
    assert len(attesting.problems()) == 1


def test_one_place_twice_is_refused(settings):
    settings.ANCHORS = ["file:/x", "file:/x?every=1h"]
    with pytest.raises(BadSetting, match="twice"):
        configured()


def test_who_fails_is_asked_again_at_growing_distances_and_two_never_ask_at_once(file, grow):
    grow()
    file.unlink()
    (party,) = attesting.everybody()
    distances = []
    for _ in range(9):
        row = keeping.give(party, at_once=True)
        distances.append(round((row.due - clock.now()).total_seconds()))
    assert distances[:4] == [30, 60, 120, 240]
    assert distances[-1] == 3600
    assert keeping.give(party) is None  # not due yet
    Holder.objects.update(due=clock.now(), claimed_until=clock.now() + keeping.LEASE)
    assert keeping.give(party) is None  # somebody else is at it
    Holder.objects.update(claimed_until=clock.now() - keeping.LEASE)
    assert keeping.give(party).tries == 10  # whoever had it died


def test_changes_are_entries_and_success_alone_is_not(file, grow):
    """Else each stamp would let the ledger grow, and so ask for the next one."""
    grow()
    give()
    assert not checkpoints.grew()
    file.unlink()
    grow()
    give()
    give()
    file.touch()
    with without_guards():
        Anchor.objects.all().delete()
    give()
    found = list(Entry.objects.filter(kind__startswith="attest").order_by("pk").values_list("kind", "stream__uid"))
    assert found == [("attestation.failing", "portal"), ("attestation.resumed", "portal")]


def test_a_row_that_vanished_is_found_by_the_audit(file, grow):
    grow()
    give()
    assert rechecking.holders(0).breaks == []
    with without_guards():
        Anchor.objects.all().delete()
        assert [broken.place for broken in rechecking.holders(0).breaks] == [f"anchor file:{file}"]


def test_the_command_gives_now_and_says_what_came_of_it(file, grow, settings):
    grow()
    out = StringIO()
    call_command("anchor_now", stdout=out)
    assert out.getvalue() == f"file:{file}: holds checkpoint 1\n"
    settings.ANCHORS = [*settings.ANCHORS, "file:/nowhere/at/all"]
    with pytest.raises(CommandError, match="1 of 2 didn't take it"):
        call_command("anchor_now", stdout=StringIO())
    settings.ANCHORS = []
    with pytest.raises(CommandError, match="Nobody is configured"):
        call_command("anchor_now")


def test_a_file_that_was_emptied_gets_nothing_further(file, grow):
    grow()
    give()
    file.write_bytes(b"")
    with pytest.raises(Contradicted, match="the file has 0 bytes"):
        attesting.everybody()[0].take(grow())
    assert file.read_bytes() == b""
