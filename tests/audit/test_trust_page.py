"""The page of trust: empty, well, with the signer away, after a fork; what it tells whom; the same in the API."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from audit import checkpoints, ledger, nightly, rhythm, standing
from audit.errors import Forked, SignerAway
from audit.models import Checkpoint, Head, SigningState
from audit.packs.issue import build_pack
from audit.selectors import entries
from audit.trust import copies, critical, rotation, watch
from audit.trust.copies import Copy
from plumbing import clock, doorbell
from plumbing.database import atomic

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(make_user, make_team, client):
    """Signed in, with no right on any stream."""
    user = make_user("reader", team=make_team("payments"))
    client.force_login(user)
    return user


@pytest.fixture
def officer(make_user, client):
    """Signed in, and sees everything."""
    user = make_user("officer", superuser=True)
    client.force_login(user)
    return user


def page(client) -> str:
    answer = client.get(reverse("audit:trust"))
    assert answer.status_code == 200
    return answer.content.decode()


def told(client) -> dict:
    return client.get(reverse("audit-api:trust")).json()


@pytest.fixture
def away(settings):
    settings.SIGNER = "unix:/nowhere/signer.sock"


def test_an_empty_ledger_says_so(client, reader):
    assert "Nothing is signed yet" in page(client)
    assert told(client)["state"] == "empty"
    assert told(client)["last"] is None


def test_a_healthy_one_says_what_is_signed_and_what_is_not(client, reader, make_stream):
    make_stream("inc_1", 3)
    made = checkpoints.checkpoint()
    assert "Everything is signed" in page(client)
    make_stream("inc_1", 2)
    text = page(client)
    assert "2 entries in 1 stream" in text
    assert made.key_id in text
    assert "That window is 60 seconds" in text
    assert "Nobody outside holds a copy" in text
    said = told(client)
    assert (said["state"], said["uncovered"]["entries"], said["last"]["size"]) == ("well", 2, made.size)
    assert said["last"]["note"] == bytes(made.note).decode()
    assert said["keys"][0]["vkey"].startswith(said["origin"] + "+")


def test_a_late_checkpoint_is_called_late(client, reader, make_stream, monkeypatch):
    make_stream("inc_1", 1)
    checkpoints.checkpoint()
    make_stream("inc_1", 1)
    now = clock.now()
    monkeypatch.setattr(standing.clock, "now", lambda: now + timedelta(minutes=6))
    assert "The next checkpoint is late" in page(client)


def test_while_the_signer_is_away_nothing_is_lost_and_the_page_says_since_when(client, officer, make_stream, settings):
    make_stream("inc_1", 2)
    checkpoints.checkpoint()
    well, settings.SIGNER = settings.SIGNER, "unix:/nowhere/signer.sock"
    for _ in range(3):
        make_stream("inc_1", 1)
        with pytest.raises(SignerAway):
            checkpoints.checkpoint()
    assert Head.objects.filter(stream__uid="inc_1").count() == 4
    assert Checkpoint.objects.count() == 1
    text = page(client)
    assert "The signer is away" in text
    assert "/nowhere/signer.sock" in text
    assert [row.kind for row in entries("portal")].count("signing.interrupted") == 1
    settings.SIGNER = well
    assert checkpoints.grew()
    made = checkpoints.checkpoint()
    assert made.size == Head.objects.count()
    assert watch.now().state == SigningState.WELL
    assert entries("portal")[-1].kind == "signing.resumed"
    assert "The signer is away" not in page(client)


def test_a_pack_that_cannot_be_signed_says_why(make_stream, person, away):
    make_stream("inc_1", 2)
    with pytest.raises(SignerAway, match="doesn't answer"):
        build_pack("inc_1", actor=person)


def test_the_sweep_goes_on_while_the_signer_is_away(make_stream, away, caplog):
    make_stream("inc_1", 2)
    assert checkpoints.keep_up() is None
    assert "No checkpoint was made. The signer at /nowhere/signer.sock doesn't answer" in caplog.text


@pytest.fixture
def forked(make_stream):
    make_stream("inc_1", 1)
    checkpoints.checkpoint()
    point = transaction.savepoint()
    make_stream("inc_1", 1)
    checkpoints.checkpoint()
    transaction.savepoint_rollback(point)
    make_stream("inc_2", 1)
    with pytest.raises(Forked):
        checkpoints.checkpoint()


def test_after_a_fork_the_page_says_what_to_do(client, officer, forked):
    text = page(client)
    assert "History has changed: nothing is signed any more" in text
    assert "open_epoch" in text
    assert "1 finding in this ledger" in text
    assert told(client)["state"] == "refused"


def test_details_are_for_whoever_may_read_the_portals_stream(client, reader, forked):
    text = page(client)
    assert "History has changed" in text
    assert "open_epoch" not in text
    assert "those that were signed" not in text
    assert "sees them here" in text


def test_copies_outside_are_listed_with_how_they_keep_up(client, officer, make_stream, monkeypatch):
    make_stream("inc_1", 1)
    make_stream("portal", 1)  # whoever may read it sees why a copy is behind
    made = checkpoints.checkpoint()
    held = [
        Copy("witness", "Second department", made.size, clock.now()),
        Copy("anchor", "s3://worm", None, None, keeps_up=False, problem="It answered 403."),
    ]
    monkeypatch.setattr(copies, "_tellers", [lambda: held])
    text = page(client)
    assert f"Checkpoint {made.size}" in text
    assert "It answered 403." in text
    assert "Nobody outside holds a copy" not in text
    assert [one["name"] for one in told(client)["copies"]] == ["s3://worm", "Second department"]


def test_keys_and_audits_are_shown(client, officer, make_stream, person):
    make_stream("inc_1", 1)
    checkpoints.checkpoint()
    rotation.rotate(actor=person, reason="yearly")
    nightly.whole()
    text = page(client)
    assert text.count("Signs") >= 2
    assert "Passed" in text
    assert told(client)["audited"]["state"] == "passed"
    assert len(told(client)["keys"]) == 2


def test_strangers_are_sent_to_sign_in(client):
    assert client.get(reverse("audit:trust")).status_code == 302
    assert client.get(reverse("audit-api:trust")).status_code in (401, 403)


def test_a_critical_entry_rings_for_a_checkpoint_at_once(
    make_stream, person, monkeypatch, django_capture_on_commit_callbacks
):
    rung: list[tuple[str, str]] = []
    monkeypatch.setattr(rhythm.doorbell, "ring", lambda kind, subject: rung.append((kind, subject)))
    with django_capture_on_commit_callbacks(execute=True):
        stream = make_stream("inc_1", 1)
    assert ("checkpoint", "ledger") not in rung
    with django_capture_on_commit_callbacks(execute=True), atomic():
        ledger.record(stream, "approval.glass_broken", person, {"reason": "fire"})
    assert ("checkpoint", "ledger") in rung
    assert critical.is_critical("epoch.opened")
    assert "checkpoint" in doorbell._answers


def test_a_quiet_day_is_signed_too(make_stream, monkeypatch):
    make_stream("inc_1", 1)
    first = checkpoints.keep_up()
    assert checkpoints.keep_up() == first
    assert rhythm.to_sign(clock.now()) is None
    assert rhythm.to_sign(first.made + timedelta(hours=23, minutes=59)) is None
    assert rhythm.to_sign(first.made + timedelta(days=1)) == "ledger"
    now = first.made + timedelta(days=1)
    monkeypatch.setattr(checkpoints.clock, "now", lambda: now)
    assert checkpoints.keep_up().size == first.size + 1
    assert entries("portal")[-1].kind == "checkpoint.renewed"
