"""MUSTER_EMAIL_URL: what it may be, and what is said of one that can't be used."""

import pytest

from config import checks
from config.mail import RIGHT, MailServer, mail_server


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("", MailServer()),
        ("smtp://127.0.0.1:2525", MailServer("127.0.0.1", 2525)),
        ("smtp://mail.bank.example", MailServer("mail.bank.example", 25)),
        ("smtp://u%40x:p%2Fw@mail.bank.example:587?tls=1", MailServer("mail.bank.example", 587, "u@x", "p/w", True)),
        ("smtps://u:p@mail.bank.example", MailServer("mail.bank.example", 465, "u", "p", False, True)),
        ("smtp://u:p@127.0.0.1:25", MailServer("127.0.0.1", 25, "u", "p")),
    ],
)
def test_a_url_is_a_mail_server(url, wanted) -> None:
    assert mail_server(url) == wanted


@pytest.mark.parametrize(
    "url",
    ["mail.bank.example", "http://mail.bank.example", "smtp://", "smtp://h:port", "smtp://h:99999", "smtp://h/x",
     "smtp://h?tsl=1", "smtp://h?tls", "smtp://[::1"],
)  # fmt: skip
def test_what_is_none_is_said_with_what_would_be_right(url) -> None:
    assert mail_server(url) == MailServer(problem=RIGHT)


def test_a_password_does_not_go_over_the_network_in_the_clear() -> None:
    assert "in the clear" in mail_server("smtp://u:hunter22@mail.bank.example").problem
    assert "leave ?tls=1 out" in mail_server("smtps://mail.bank.example?tls=1").problem


def test_a_start_is_refused_without_a_word_of_the_password(settings, tmp_path) -> None:
    settings.SEALING_KEYS, settings.SEALING_KEYS_FILE = [], tmp_path / "none"
    assert checks.people_can_be_reached(None) == []
    settings.MAIL = mail_server("smtp://u:hunter22@mail.bank.example")
    settings.SEALING_KEYS = ["hunter23"]
    found = checks.people_can_be_reached(None)
    assert [error.id for error in found] == ["muster.E031", "muster.E032"]
    assert "hunter" not in f"{found} {settings.MAIL!r}"
