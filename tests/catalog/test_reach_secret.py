"""An address is a secret: after it was typed it stands nowhere in the clear, whatever happens to it."""

import base64
import logging
import socket

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from audit.models import Disclosure, Entry
from catalog import services
from catalog.errors import AddressRefused, NotSent
from catalog.models import ContactPoint, Notice
from catalog.reaching import mail
from catalog.services.sending import attend, record_of
from plumbing import doorbell, sealing
from plumbing.sealing import SealingRefused
from tests.catalog.reaching import MAIL, TOKEN, chat_sink, mail_sink, make_point, own_keys, tell

pytestmark = pytest.mark.django_db
__all__ = ["chat_sink", "mail_sink", "make_point", "own_keys"]


def dump() -> str:
    """Everything that the database holds, as text."""
    rows = []
    with connection.cursor() as cursor:
        for model in apps.get_models(include_auto_created=True):
            cursor.execute(f'SELECT * FROM "{model._meta.db_table}"')  # noqa: S608 - our own tables
            rows += [
                [bytes(each) if isinstance(each, memoryview) else each for each in row] for row in cursor.fetchall()
            ]
    return repr(rows)


def secrets_of(chat: str) -> tuple[str, ...]:
    return TOKEN, chat, MAIL, "lena.private"


def test_an_address_stands_nowhere_in_the_clear(
    owner, deputy, make_point, chat_sink, mail_sink, caplog, monkeypatch
) -> None:
    """Added, tried, refused by the service, given up, removed: rows, ledger, rings, log lines, errors, pages."""
    caplog.set_level(logging.DEBUG)
    rings: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: rings.append(subject))
    chat, post = make_point(), make_point(label="Mail", address=MAIL)
    chat_sink.status, mail_sink.says = 500, {"RCPT": "550 5.1.1 {0}: no such user"}
    services.send_test(chat, owner, chat.created_at)
    notices = [*tell(owner), Notice.objects.get(kind="test")]
    for notice in notices:
        attend(notice.uid)
    assert {notice.error for notice in Notice.objects.all()} == {
        "The service answered 500.", "The mail server refused the receiver (550).",
    }  # fmt: skip
    monkeypatch.undo()
    pages = ""
    for who in (owner, deputy):
        client = Client()
        client.force_login(who)
        for door in ("reach:page", "reach:add", "catalog-api:contact-points", "catalog-api:notices"):
            pages += client.get(reverse(door)).content.decode()
    everything = "\n".join((dump(), caplog.text, *rings, pages, repr(chat), repr(list(ContactPoint.objects.values()))))
    services.remove_contact_point(post, owner)
    everything += dump()
    assert Entry.objects.filter(kind="notice.failed").exists() and Disclosure.objects.exists()
    for secret in secrets_of(f"{chat_sink.host}/"):
        assert secret not in everything, everything[max(0, everything.index(secret) - 80) :][:200]
        assert base64.b64encode(secret.encode()).decode() not in everything


def test_what_was_typed_and_refused_is_only_told_to_who_typed_it(owner, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    client = Client()
    client.force_login(owner)
    body = {"label": "Chat", "address": f"json://10.0.0.7/{TOKEN}"}
    said = client.post(reverse("reach:add"), body)
    assert said.status_code == 422
    assert "MUSTER_EGRESS_ALLOW=10.0.0.7:80" in said.content.decode()
    assert TOKEN not in said.content.decode()
    assert TOKEN not in caplog.text and TOKEN not in dump()


@pytest.mark.parametrize("address", [f"json://u:{TOKEN}@[::1", f"slack://{TOKEN}", f"nope://{TOKEN}", TOKEN])
def test_a_refusal_quotes_no_token(address, owner) -> None:
    with pytest.raises(AddressRefused) as error:
        services.add_contact_point(owner, label="Chat", address=address)
    assert TOKEN not in f"{error.value} {error.value.__cause__} {error.value.__context__}"


@pytest.mark.parametrize(
    ("verb", "words", "said"),
    [
        ("RCPT", "550 {0}", "The mail server refused the receiver (550)."),
        ("MAIL", "451 {0}, come again", "The mail server answered 451."),
        ("DATA", "554 no lena.private@post.example here", "The mail server answered 554."),
        ("EHLO", "", "The mail server fell silent, or ended the connection."),
        ("STARTTLS", "454 not now", "The mail server didn't take it (SMTPNotSupportedError)."),
    ],
)
def test_the_words_of_a_mail_server_go_no_further(verb, words, said, mail_sink, settings) -> None:
    mail_sink.says = {verb: words, **({"HELO": words} if verb == "EHLO" else {})}
    settings.EMAIL_USE_TLS = verb == "STARTTLS"
    with pytest.raises(NotSent) as error:
        mail.send(MAIL, "T", "B")
    assert str(error.value) == said


def test_a_mail_server_that_is_away_or_mute_is_said_so(settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "django.core.mail.backends.smtp.EmailBackend", "127.0.0.1"
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.EMAIL_PORT, settings.EMAIL_TIMEOUT = mute.getsockname()[1], 0.2
        with pytest.raises(NotSent, match="fell silent"):
            mail.send(MAIL, "T", "B")
    with pytest.raises(NotSent, match=r"No connection to the mail server \(ConnectionRefusedError\)\."):
        mail.send(MAIL, "T", "B")


def test_an_address_that_can_be_no_header_is_not_sent_to(mail_sink) -> None:
    with pytest.raises(NotSent, match="add the address again"):
        mail.send("lena@post.example\nBcc: all@bank.example", "T", "B")
    assert mail_sink.taken == []


def test_a_line_break_in_a_title_makes_no_header(mail_sink) -> None:
    mail.send(MAIL, "Fail over?\r\nBcc: all@bank.example", "B")
    (message,) = mail_sink.taken
    assert message["Subject"] == "Fail over? Bcc: all@bank.example" and message["Bcc"] is None


def test_a_sealed_address_that_was_moved_to_another_row_does_not_open(owner, deputy, make_point) -> None:
    mine, theirs = make_point(), make_point(deputy, address="piotr@post.example")
    ContactPoint.objects.filter(pk=theirs.pk).update(sealed=mine.sealed, kind="apprise", channel="json")
    (notice,) = tell(deputy)
    attend(notice.uid)
    notice.refresh_from_db()
    assert notice.state == "failed" and "belongs to another record" in notice.error


def test_only_the_tail_of_a_long_address_is_kept(make_point) -> None:
    assert make_point().tail == TOKEN[-4:]
    assert make_point(label="Mail", address=MAIL).tail == ""
    assert make_point(label="Short", address="json://127.0.0.1/secret").tail == ""


def test_a_key_is_replaced_and_the_old_one_dropped(owner, make_point, chat_sink, settings, capsys) -> None:
    point = make_point()
    old, new = settings.SEALING_KEYS[0], base64.b64encode(b"n" * 32).decode()
    settings.SEALING_KEYS = [new, old]
    call_command("seal_contacts_anew")
    call_command("seal_contacts_anew")
    assert [line.split(" and ")[0] for line in capsys.readouterr().out.splitlines()] == ["1 address", "0 addresses"]
    settings.SEALING_KEYS = [new]
    point.refresh_from_db()
    assert TOKEN in sealing.unseal(point.sealed, record_of(point.uid))
    assert Entry.objects.filter(kind="contacts.sealed_anew").count() == 1
    (notice,) = tell(owner)
    attend(notice.uid)
    assert len(chat_sink.posted) == 1


def test_a_key_that_is_missing_changes_nothing(make_point, settings) -> None:
    sealed = make_point().sealed
    settings.SEALING_KEYS = [base64.b64encode(b"n" * 32).decode()]
    with pytest.raises(CommandError, match=r"sealed with the key .* Nothing was changed"):
        call_command("seal_contacts_anew")
    assert ContactPoint.objects.get().sealed == sealed


def test_without_a_key_nothing_is_added_and_the_sentence_says_why(make_point, settings) -> None:
    settings.SEALING_KEYS, settings.PRODUCTION = [], True
    with pytest.raises(SealingRefused, match="set MUSTER_SEALING_KEYS"):
        make_point()
    assert not ContactPoint.objects.exists()


def test_a_test_that_is_taken_marks_the_contact_point_as_checked(owner, make_point, chat_sink) -> None:
    point = make_point()
    services.send_test(point, owner, point.created_at)
    attend(Notice.objects.get().uid)
    point.refresh_from_db()
    assert point.verified_at is not None


def test_a_test_is_tried_once_and_then_told(owner, make_point, chat_sink) -> None:
    point = make_point()
    services.send_test(point, owner, point.created_at)
    chat_sink.status = 404
    notice = Notice.objects.get()
    attend(notice.uid)
    notice.refresh_from_db()
    point.refresh_from_db()
    assert (notice.state, notice.error, point.verified_at) == ("given_up", "The service answered 404.", None)


def test_tests_do_not_pile_up(owner, make_point) -> None:
    point = make_point()
    services.send_test(point, owner, point.created_at)
    with pytest.raises(services.contacts.ContactRefused, match="A test is under way"):
        services.send_test(point, owner, point.created_at)
