"""Sending notices: once, outside any transaction, tried again when it fails, and on record whatever became of it."""

import datetime as dt
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.db import connection

from audit.models import Entry
from audit.selectors import entries
from catalog import services, tasks
from catalog.errors import IllegalNoticeMove, NotSent
from catalog.models import Notice
from catalog.reaching import chat, mail
from catalog.services import sending
from catalog.services.sending import AT_ONCE, BACKOFF, GONE, MOST_TRIES, POISON, SWITCHED_OFF, attend, claim, settle
from catalog.states import NOTICE_MOVES, NoticeState
from plumbing import clock, doorbell, sweep
from plumbing.hands import Hands
from tests.catalog.reaching import MAIL, TOKEN, chat_sink, later, mail_sink, make_point, own_keys, tell
from tests.race import at_once

pytestmark = pytest.mark.django_db
__all__ = ["chat_sink", "mail_sink", "make_point", "own_keys"]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def channel(monkeypatch):
    """What each sending over a chat gives: an error to raise, or None; and what was sent."""
    script: list[str | None] = []
    sent: list[tuple[str, str, str]] = []

    def send(address: str, title: str, text: str) -> None:
        sent.append((address, title, text))
        if script and (error := script.pop(0)):
            raise NotSent(error)

    monkeypatch.setattr(chat, "send", send)
    return script, sent


def recorded(kind: str = "notice.") -> list[tuple[str, dict]]:
    return [(entry.kind, entry.fields) for entry in entries("access") if entry.kind.startswith(kind)]


def test_a_message_arrives_in_a_chat_with_a_link_that_needs_signing_in(owner, make_point, chat_sink) -> None:
    make_point()
    (notice,) = tell(owner)
    attend(notice.uid)
    ((path, body),) = chat_sink.posted
    assert path == f"/{TOKEN}"
    assert "Fail over the store?" in body and "Amara asks. It takes 40 s." in body
    assert "https://muster.bank.example/approvals/req1/" in body
    notice.refresh_from_db()
    assert (notice.state, notice.tries, notice.lease_until, notice.error) == ("sent", 1, None, "")
    assert recorded()[-1] == (
        "notice.sent",
        {"notice": notice.uid, "about": "req1", "kind": "asked", "user": owner.actor_id, "channel": "json", "try": 1,
         "error": None},
    )  # fmt: skip


def test_a_message_arrives_by_mail(owner, make_point, mail_sink) -> None:
    make_point(address=MAIL)
    (notice,) = tell(owner)
    attend(notice.uid)
    (message,) = mail_sink.taken
    assert (message["To"], message["Subject"]) == (MAIL, "Fail over the store?")
    assert message["Auto-Submitted"] == "auto-generated"
    assert "https://muster.bank.example/approvals/req1/" in message.get_content()
    notice.refresh_from_db()
    assert notice.state == "sent"


def test_who_has_no_contact_point_gets_mail_at_the_account(owner, mail_sink) -> None:
    owner.email = MAIL
    owner.save()
    (notice,) = tell(owner)
    attend(notice.uid)
    assert [message["To"] for message in mail_sink.taken] == [MAIL]


def test_without_a_mail_server_it_is_said_which_setting_is_missing(owner, make_point, settings) -> None:
    settings.EMAIL_HOST = ""
    make_point(address=MAIL)
    (notice,) = tell(owner)
    attend(notice.uid)
    notice.refresh_from_db()
    assert (notice.state, notice.error) == ("failed", mail.NOT_SET_UP)
    assert "MUSTER_EMAIL_URL" in notice.error


def test_a_failing_channel_is_tried_again_later_and_later_and_then_given_up(owner, make_point, channel) -> None:
    script, sent = channel
    script += ["The service answered 503."] * MOST_TRIES
    make_point()
    (notice,) = tell(owner)
    for number, pause in enumerate((*BACKOFF, None), 1):
        attend(notice.uid)
        attend(notice.uid)  # not due yet
        assert len(sent) == number
        notice.refresh_from_db()
        if pause is None:
            break
        assert notice.state == "failed"
        assert abs(notice.next_at - clock.now() - pause) < dt.timedelta(seconds=20)
        later(notice, seconds=pause.total_seconds() + 1)
    assert (notice.state, notice.error) == ("given_up", "The service answered 503.")
    later(notice, days=1)
    attend(notice.uid)
    assert len(sent) == MOST_TRIES
    said = recorded()
    assert [(kind, fields["try"]) for kind, fields in said] == [
        *(("notice.failed", number) for number in range(1, MOST_TRIES)), ("notice.given_up", MOST_TRIES),
    ]  # fmt: skip
    assert {fields["error"] for _, fields in said} == {"The service answered 503."}


def test_what_failed_once_arrives_in_the_end(owner, make_point, channel) -> None:
    channel[0].append("No connection to the service: refused.")
    make_point()
    (notice,) = tell(owner)
    attend(notice.uid)
    later(notice, seconds=31)
    attend(notice.uid)
    notice.refresh_from_db()
    assert (notice.state, notice.error, notice.tries) == ("sent", "", 2)
    assert [kind for kind, _ in recorded()] == ["notice.failed", "notice.sent"]


@pytest.mark.django_db(transaction=True)
def test_two_senders_at_once_send_once(owner, make_point, channel, monkeypatch) -> None:
    make_point()
    (notice,) = tell(owner)
    at_once(*[lambda: attend(notice.uid)] * 4)
    assert len(channel[1]) == 1
    notice.refresh_from_db()
    assert (notice.state, notice.tries) == ("sent", 1)
    assert [kind for kind, _ in recorded()] == ["notice.sent"]


@pytest.mark.django_db(transaction=True)
def test_it_is_sent_outside_of_any_transaction(owner, make_point, monkeypatch) -> None:
    make_point()
    (notice,) = tell(owner)
    seen = []
    monkeypatch.setattr(chat, "send", lambda *_: seen.append(connection.in_atomic_block))
    attend(notice.uid)
    assert seen == [False]


def test_a_sender_that_died_is_followed_by_another_when_its_lease_ends(owner, make_point, channel) -> None:
    make_point()
    (notice,) = tell(owner)
    assert claim(notice.uid) is not None
    assert claim(notice.uid) is None
    later(notice, seconds=29)
    assert claim(notice.uid) is None
    later(notice, seconds=2)
    attend(notice.uid)
    notice.refresh_from_db()
    assert (notice.state, notice.tries) == ("sent", 2)


def test_what_comes_late_is_on_record_and_changes_nothing(owner, make_point, channel) -> None:
    make_point()
    (notice,) = tell(owner)
    slow = claim(notice.uid)
    later(notice, seconds=31)
    channel[0].append("The service answered 500.")
    attend(notice.uid)
    settle(slow, "")
    notice.refresh_from_db()
    assert (notice.state, notice.tries) == ("failed", 2)
    kind, fields = recorded()[-1]
    assert (kind, fields["late"], fields["try"]) == ("notice.sent", True, 1)


def test_a_notice_that_ends_each_process_is_given_up(owner, make_point, channel) -> None:
    make_point()
    (notice,) = tell(owner)
    for _ in range(MOST_TRIES):
        assert claim(notice.uid)
        later(notice, seconds=31)
    attend(notice.uid)
    notice.refresh_from_db()
    assert (notice.state, notice.error, channel[1]) == ("given_up", POISON, [])


def test_who_is_switched_off_meanwhile_is_not_told(owner, make_point, channel) -> None:
    make_point()
    (notice,) = tell(owner)
    owner.is_active = False
    owner.save()
    attend(notice.uid)
    notice.refresh_from_db()
    assert (notice.state, notice.error, channel[1]) == ("given_up", SWITCHED_OFF, [])


def test_a_key_that_is_missing_is_said_and_tried_again(owner, make_point, channel, settings) -> None:
    make_point()
    (notice,) = tell(owner)
    settings.SEALING_KEYS = ["A" * 43 + "="]
    attend(notice.uid)
    notice.refresh_from_db()
    assert notice.state == "failed" and "sealed with the key" in notice.error
    assert channel[1] == []


def test_what_waits_for_a_removed_contact_point_is_given_up_on_its_own_record(owner, make_point, channel) -> None:
    point = make_point()
    other = make_point(label="Other")
    first, second = tell(owner)
    services.remove_contact_point(point, owner)
    first.refresh_from_db()
    assert (first.state, first.error, first.contact_point) == ("given_up", "The contact point was removed.", None)
    assert [kind for kind, _ in recorded()] == ["notice.given_up"]
    attend(first.uid)
    attend(second.uid)
    assert len(channel[1]) == 1
    assert list(owner.contact_points.all()) == [other]


def test_a_chat_point_that_is_gone_is_not_taken_for_the_mail_of_the_account(owner, make_point, mail_sink) -> None:
    owner.email = MAIL
    owner.save()
    make_point()
    (notice,) = tell(owner)
    Notice.objects.filter(pk=notice.pk).update(contact_point=None)
    attend(notice.uid)
    notice.refresh_from_db()
    assert (notice.state, notice.error, mail_sink.taken) == ("given_up", GONE, [])


def test_a_channel_that_hangs_takes_only_so_many_hands(owner, deputy, make_point, channel) -> None:
    point = make_point()
    hanging = [tell(owner, dedupe=f"asked/{number}")[0] for number in range(AT_ONCE + 1)]
    assert [claim(notice.uid) is not None for notice in hanging] == [True] * AT_ONCE + [False]
    deputy.email = MAIL
    deputy.save()
    (mailed,) = tell(deputy)
    assert claim(mailed.uid) is not None
    assert point.channel != mailed.channel


def test_the_sweep_finds_what_nobody_rang_for(owner, make_point) -> None:
    make_point()
    (notice,) = tell(owner)
    assert sending.due_notices(clock.now()) == []  # it was rung for just now
    later(notice, seconds=3)
    assert sending.due_notices(clock.now()) == [notice.uid]
    claim(notice.uid)
    assert sending.due_notices(clock.now()) == []
    later(notice, seconds=31)
    assert sending.due_notices(clock.now()) == [notice.uid]
    assert {"notice"} <= set(doorbell._answers) & set(sweep._rounds)


def test_with_no_worker_that_hears_the_sweep_sends_itself(owner, make_point) -> None:
    make_point()
    (notice,) = tell(owner)
    later(notice, seconds=14)
    assert not sending.is_left_alone(notice.uid)
    later(notice, seconds=2)
    assert sending.is_left_alone(notice.uid)
    claim(notice.uid)
    assert not sending.is_left_alone(notice.uid)
    assert sweep._rounds["notice"].is_alone is sending.is_left_alone


def test_a_ring_goes_to_workers_without_a_label(monkeypatch, settings) -> None:
    sent = []
    monkeypatch.setattr(tasks.send_notice, "apply_async", lambda args, **options: sent.append((args, options["queue"])))
    settings.HOUSE_QUEUE = "house"
    doorbell._answers["notice"]("uid")
    assert sent == [(("uid",), "house")]


@pytest.mark.parametrize("current", list(NoticeState))
@pytest.mark.parametrize("target", list(NoticeState))
def test_a_notice_moves_only_along_the_table(current, target, owner, make_point) -> None:
    make_point()
    (notice,) = tell(owner)
    sent_at = clock.now() if current == NoticeState.SENT else None
    Notice.objects.filter(pk=notice.pk).update(state=current, tries=1, sent_at=sent_at)
    notice.refresh_from_db()
    before = Entry.objects.count()
    if target in NOTICE_MOVES[current]:
        sending.move(notice, target, now=clock.now(), error="" if target == NoticeState.SENT else "Why.")
    else:
        with pytest.raises(IllegalNoticeMove):
            sending.move(notice, target, now=clock.now())
    assert Entry.objects.count() == before + (target in NOTICE_MOVES[current])
    notice.refresh_from_db()
    assert notice.state == (target if target in NOTICE_MOVES[current] else current)


WORKER = """
import django; django.setup()
from django.conf import settings
import sys
settings.EGRESS_ALLOW = ["127.0.0.1"]; settings.NOTIFY_SCHEMES = ["json"]
from catalog.reaching import chat
chat.DEADLINE_S = 60.0
from catalog.services.sending import attend
attend(sys.argv[1])
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_between_sending_and_recording_may_send_twice_and_records_once(
    owner, make_point, chat_sink, real_database, settings
) -> None:
    """At least once: the other end hears it twice, the record says once, and nothing is stuck."""
    make_point()
    (notice,) = tell(owner)
    keys = {"MUSTER_SEALING_KEYS": settings.SEALING_KEYS[0], "MUSTER_MODE": "test"}
    env = {**os.environ, **real_database, **keys, "DJANGO_SETTINGS_MODULE": "config.settings"}
    argv = [sys.executable, "-c", WORKER, notice.uid]
    died = subprocess.run(argv, cwd=ROOT, env={**env, "MUSTER_FAIL": "after_notice"}, timeout=120, check=False)
    assert died.returncode == -signal.SIGKILL
    assert len(chat_sink.posted) == 1
    later(notice, seconds=31)
    assert (notice.state, recorded()) == ("queued", [])
    subprocess.run(argv, cwd=ROOT, env=env, timeout=120, check=True)
    assert len(chat_sink.posted) == 2
    notice.refresh_from_db()
    assert (notice.state, notice.tries) == ("sent", 2)
    assert [kind for kind, _ in recorded()] == ["notice.sent"]


@pytest.mark.django_db(transaction=True)
def test_hands_send_in_their_own_time_and_each_notice_once(owner, make_point, monkeypatch) -> None:
    """The worker's task returns at once, however long the channel takes."""
    go, begun = threading.Event(), []

    def slow(uid: str) -> None:
        begun.append(uid)
        go.wait(20)

    hands = Hands(slow, width=2)
    assert [hands.take(uid) for uid in ("a", "a", "b", "c")] == [True, False, True, True]
    go.set()
    hands._pool.shutdown(wait=True)
    assert sorted(begun) == ["a", "b", "c"]


def test_hands_survive_what_they_can_not_do(caplog) -> None:
    def broken(uid: str) -> None:
        raise ValueError("json://secret")

    hands = Hands(broken, width=1)
    hands.take("a")
    hands._pool.shutdown(wait=True)
    assert "ValueError" in caplog.text and "secret" not in caplog.text
    assert not hands._held
