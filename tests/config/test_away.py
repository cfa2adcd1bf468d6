"""The database is away: whoever asks hears 503 and when to come again; a mistake of ours stays a 500."""

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

from catalog.models import User


@pytest.fixture
def asking(client: Client, responder: User) -> Client:
    client.force_login(responder)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("error", [OperationalError("server closed the connection"), InterfaceError("is closed")])
def test_a_database_that_is_away_is_a_503_with_a_time_to_come_again(asking, monkeypatch, error):
    monkeypatch.setattr(
        "catalog.api_authentication.MachineTokenAuthentication.authenticate",
        lambda self, request: (_ for _ in ()).throw(error),
    )
    answer = asking.get("/api/v1/runs")
    assert (answer.status_code, answer["Retry-After"], answer.json()["code"]) == (503, "3", "database_away")


def test_a_page_says_it_in_words(asking, monkeypatch):
    gone = OperationalError("the database system is shutting down")
    monkeypatch.setattr(
        "django.contrib.sessions.backends.db.SessionStore.load", lambda self: (_ for _ in ()).throw(gone)
    )
    answer = asking.get("/runbooks/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "3")
    assert "Nothing was stored" in answer.content.decode()


def test_a_mistake_of_ours_is_a_500_without_a_promise(asking, monkeypatch):
    monkeypatch.setattr(
        "catalog.api_authentication.MachineTokenAuthentication.authenticate", lambda self, request: 1 / 0
    )
    answer = asking.get("/api/v1/runs")
    assert (answer.status_code, answer.has_header("Retry-After")) == (500, False)
    assert "Something broke" in answer.content.decode()
