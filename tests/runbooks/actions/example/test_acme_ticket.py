"""What every action's test shows: what is sent, each kind of failure with its effect, a wrong configuration."""

import datetime as dt
import json

import pytest
from acme_ticket import Ticket

from runbooks.actions.base import Context, Done
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig
from tests.runbooks.web import web_server

TICKET = Ticket()
NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def desk(settings):
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    with web_server() as server:
        server.answer = lambda asked: (201, {}, b'{"number": 7}')
        yield server


def perform(desk, **more):
    given = {"url": desk.url, "token": "s3cret-token", "title": "Orders are slow", **more}
    return TICKET.perform(TICKET.parse(given), Context("run/step/1", NOW, deadline_s=5.0))


def test_it_sends_what_it_was_given_with_the_key(desk):
    assert perform(desk, urgent=True) == Done({"number": 7})
    (asked,) = desk.asked
    assert json.loads(asked.body) == {"title": "Orders are slow", "urgent": True}
    assert asked.headers["idempotency-key"] == "run/step/1"


def test_a_refusal_may_have_changed_something(desk):
    desk.answer = lambda asked: (500, {}, b"")
    assert perform(desk).effect is Effect.MAYBE


def test_no_connection_changed_nothing(desk):
    failed = perform(desk, url="http://127.0.0.1:1/")
    assert (failed.effect, failed.retryable) == (Effect.NONE, True)


@pytest.mark.parametrize(
    ("more", "field"), [({"title": " "}, "title"), ({"tilte": "x"}, "tilte"), ({"urgent": 1}, "urgent")]
)
def test_a_wrong_configuration_names_its_field(desk, more, field):
    with pytest.raises(BadConfig) as caught:
        perform(desk, **more)
    assert caught.value.name == field
