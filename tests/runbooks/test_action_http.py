"""`http` against a real server on loopback: what it sends, what it keeps, and what a failure may have changed."""

import datetime as dt
import json
import socket
import threading

import pytest

from runbooks import actions
from runbooks.actions.base import Context, Done, Failed
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig
from tests.runbooks.web import web_server

HTTP = actions.get("http")
NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def web(settings):
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    with web_server() as server:
        yield server


def perform(given, *, deadline_s=5.0):
    return HTTP.perform(HTTP.parse(given), Context("run/step/1", NOW, deadline_s))


def test_a_request_carries_everything_it_was_given_and_the_key(web):
    given = {"url": f"{web.url}/start?x=1", "method": "POST", "json": {"n": 1}, "headers": {"X-Run": 7}}
    assert isinstance(perform(given), Done)
    (asked,) = web.asked
    assert (asked.method, asked.path, json.loads(asked.body)) == ("POST", "/start?x=1", {"n": 1})
    assert asked.headers["idempotency-key"] == "run/step/1"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["x-run"] == "7"


def test_headers_of_the_author_win_in_any_spelling(web):
    headers = {"content-type": "application/vnd.x+json", "idempotency-key": "mine"}
    perform({"url": web.url, "method": "PUT", "json": [], "headers": headers})
    assert web.asked[0].headers["content-type"] == "application/vnd.x+json"
    assert web.asked[0].headers["idempotency-key"] == "mine"


def test_a_json_answer_is_kept_as_json_and_headers_by_a_short_list(web):
    headers = {"Content-Type": "application/json", "Set-Cookie": "secret", "ETag": "v1"}
    web.answer = lambda asked: (200, headers, b'{"running": true}')
    output = perform({"url": web.url}).output
    assert (output["status"], output["json"]) == (200, {"running": True})
    assert output["headers"] == {"content-type": "application/json", "etag": "v1"}
    assert "text" not in output


@pytest.mark.parametrize(
    ("headers", "body", "text"),
    [
        ({"Content-Type": "text/plain"}, b"ok store\n", "ok store\n"),
        ({"Content-Type": "application/json"}, b"{broken", "{broken"),
        ({"Content-Type": "application/json"}, b"[" * 100_000, "[" * 8_000),
        ({}, b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_any_other_answer_is_kept_as_bounded_text(web, headers, body, text):
    web.answer = lambda asked: (200, headers, body)
    assert perform({"url": web.url}).output["text"] == text


@pytest.mark.parametrize(
    ("expect", "status", "good"),
    [
        ("2xx", 204, True),
        ("2xx", 302, False),
        (404, 404, True),
        ([200, 202], 202, True),
        ([200, "5xx"], 503, True),
        ([200, 202], 201, False),
        ("204", 204, True),
    ],
)
def test_success_is_what_the_author_expects(web, expect, status, good):
    web.answer = lambda asked: (status, {}, b"")
    assert isinstance(perform({"url": web.url, "expect": expect}), Done) is good


@pytest.mark.parametrize(
    ("method", "status", "effect", "retryable"),
    [
        ("POST", 500, Effect.MAYBE, False),
        ("POST", 503, Effect.MAYBE, True),
        ("POST", 400, Effect.MAYBE, False),
        ("GET", 503, Effect.NONE, True),
        ("GET", 404, Effect.NONE, False),
    ],
)
def test_an_unexpected_status_says_what_may_have_changed(web, method, status, effect, retryable):
    web.answer = lambda asked: (status, {}, b"why")
    failed = perform({"url": web.url, "method": method})
    assert failed.error == f"{method} {web.url} answered {status}, expected 2xx."
    assert (failed.effect, failed.retryable, failed.output["text"]) == (effect, retryable, "why")


def test_a_redirect_is_an_answer_and_is_not_followed(web):
    web.answer = lambda asked: (302, {"Location": f"{web.url}/elsewhere"}, b"")
    failed = perform({"url": web.url})
    assert isinstance(failed, Failed)
    assert failed.output["headers"]["location"].endswith("/elsewhere")
    assert len(web.asked) == 1


def test_a_refused_address_says_what_would_allow_it_and_nothing_was_sent(web, settings):
    settings.EGRESS_ALLOW = []
    failed = perform({"url": web.url, "method": "POST"})
    assert (failed.effect, failed.retryable) == (Effect.NONE, False)
    assert "127.0.0.1" in failed.error
    assert "MUSTER_EGRESS_ALLOW" in failed.error
    assert web.asked == []


def test_no_connection_changed_nothing_and_may_be_tried_again(settings):
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        failed = perform({"url": f"http://127.0.0.1:{closed.getsockname()[1]}", "method": "POST"})
    assert (failed.effect, failed.retryable) == (Effect.NONE, True)


@pytest.mark.parametrize(("method", "effect"), [("POST", Effect.UNKNOWN), ("GET", Effect.NONE)])
def test_no_answer_within_the_deadline_leaves_the_effect_of_a_change_unknown(web, method, effect):
    released = threading.Event()
    web.answer = lambda asked: (200, {}, b"x" * released.wait(5))
    try:
        failed = perform({"url": web.url, "method": method}, deadline_s=0.3)
    finally:
        released.set()
    assert isinstance(failed, Failed)
    assert (failed.effect, failed.retryable) == (effect, True)
    assert len(web.asked) == 1


def test_a_line_break_in_a_header_is_refused(web):
    failed = perform({"url": web.url, "headers": {"x": "a\r\nHost: evil"}})
    assert isinstance(failed, Failed)
    assert (failed.effect, web.asked) == (Effect.NONE, [])


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "url"),
        ({"url": 7}, "url"),
        ({"url": "x", "methd": "GET"}, "methd"),
        ({"url": "x", "method": "TRACE"}, "method"),
        ({"url": "x", "headers": ["a"]}, "headers"),
        ({"url": "x", "json": 1, "body": "1"}, "body"),
        ({"url": "x", "expect": "good"}, "expect"),
        ({"url": "x", "expect": [200, 7]}, "expect"),
    ],
)
def test_a_wrong_configuration_names_its_field(given, field):
    with pytest.raises(BadConfig) as caught:
        HTTP.parse(given)
    assert (caught.value.action, caught.value.name) == ("http", field)
