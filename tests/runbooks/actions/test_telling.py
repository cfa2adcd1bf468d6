"""`notify`, `webhook` and `note`: who is told what, and what they can check."""

import base64
import json

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from plumbing.toolbox import BadToolbox, NotInToolbox
from runbooks import actions
from runbooks.actions.base import Context, Done
from runbooks.actions.sources import preview_of
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig
from tests.runbooks.actions.conftest import NOW, perform
from tests.runbooks.web import web_server

KEY = f"whsec_{base64.b64encode(b'a key of thirty-two bytes, really').decode()}"


@pytest.fixture
def web():
    with web_server() as server:
        yield server


# ---- notify: the real Apprise, sending to a web server of ours -------------------------------------------------------
@pytest.fixture
def box(toolbox, web, monkeypatch):
    monkeypatch.setenv("MUSTER_SECRET_CHAT", "s3cret-token")
    toolbox(
        f'[notify.oncall]\nurls = ["json://127.0.0.1:{web.port}/oncall?+x-token={{{{ secrets.chat }}}}"]\n'
        f'[notify.bridge]\nurls = ["json://127.0.0.1:{web.port}/a", "json://127.0.0.1:{web.port}/b"]\n'
        '[notify.dead]\nurls = ["json://127.0.0.1:1/"]\n[notify.odd]\nurls = ["nosuch://x"]\n'
    )
    return web


def test_a_target_is_told_by_its_name_with_its_secret(box):
    given = {"to": "oncall", "subject": "Orders", "text": "Failover begins.", "level": "warning"}
    outcome = perform("notify", given)
    assert outcome == Done({"told": ["oncall"], "missed": []})
    (asked,) = box.asked
    told = json.loads(asked.body)
    assert (told["title"], told["message"], told["type"]) == ("Orders", "Failover begins.", "warning")
    assert asked.headers["x-token"] == "s3cret-token"


def test_several_targets_are_told_once_each(box):
    heard = []
    outcome = perform(
        "notify", {"to": ["bridge", "oncall", "bridge"], "text": "Hello {{ not a template"}, say=heard.append
    )
    assert outcome.output["told"] == ["bridge", "oncall"]
    assert [asked.path.partition("?")[0] for asked in box.asked] == ["/a", "/b", "/oncall"]
    assert heard == ["bridge: told\n", "oncall: told\n"]


def test_who_was_not_reached_is_named_and_the_others_are_told(box):
    failed = perform("notify", {"to": ["dead", "oncall"], "text": "Hello"})
    assert (failed.error, failed.effect) == ("Not reached: dead.", Effect.MAYBE)
    assert failed.output == {"told": ["oncall"], "missed": ["dead"]}


def test_nobody_is_told_when_one_target_is_unknown(box):
    with pytest.raises(NotInToolbox, match=r"notify\.absent"):
        perform("notify", {"to": ["oncall", "absent"], "text": "Hello"})
    assert box.asked == []
    with pytest.raises(BadToolbox, match="Apprise knows no such address"):
        perform("notify", {"to": "odd", "text": "Hello"})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"to": "json://127.0.0.1/", "text": "x"}, "to"),
        ({"to": [], "text": "x"}, "to"),
        ({"to": [{"a": 1}, {"a": 1}], "text": "x"}, "to"),
        ({"to": "oncall", "text": " "}, "text"),
        ({"to": "oncall", "text": "x", "level": "loud"}, "level"),
        ({"to": "oncall", "text": "x", "url": "json://x"}, "url"),
    ],
)
def test_a_wrong_notification_names_its_field(given, field):
    with pytest.raises(BadConfig) as caught:
        actions.get("notify").parse(given)
    assert caught.value.name == field


# ---- webhook: checked with the reference implementation --------------------------------------------------------------
@pytest.fixture
def hook(web, settings):
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    return {"url": f"{web.url}/hook", "secret": KEY, "type": "order.failed_over", "data": {"host": "b", "ü": [1, 2.5]}}


def test_a_webhook_is_verified_by_its_receiver(web, hook):
    outcome = perform("webhook", hook)
    assert isinstance(outcome, Done)
    (asked,) = web.asked
    told = Webhook(KEY).verify(asked.body, asked.headers)
    assert told == {"type": "order.failed_over", "timestamp": NOW.isoformat(), "data": {"host": "b", "ü": [1, 2.5]}}
    assert asked.headers["content-type"] == "application/json"
    assert outcome.output["id"] == asked.headers["webhook-id"]
    with pytest.raises(WebhookVerificationError):
        Webhook(KEY).verify(asked.body + b" ", asked.headers)
    with pytest.raises(WebhookVerificationError):
        Webhook("whsec_" + base64.b64encode(b"another").decode()).verify(asked.body, asked.headers)


def test_equal_keys_have_equal_ids_and_others_have_not(web, hook):
    for key in ("r/s/1", "r/s/1", "r/s/2"):
        perform("webhook", hook, idempotency_key=key)
    first, again, other = [asked.headers["webhook-id"] for asked in web.asked]
    assert first == again != other


@pytest.mark.parametrize(
    ("status", "effect", "retryable"),
    [(500, Effect.MAYBE, False), (503, Effect.MAYBE, True), (302, Effect.MAYBE, False)],
)
def test_a_receiver_that_refuses_is_told(web, hook, status, effect, retryable):
    web.answer = lambda asked: (status, {}, b"not today")
    failed = perform("webhook", hook)
    assert (failed.effect, failed.retryable, failed.output["text"]) == (Effect.MAYBE, retryable, "not today")
    assert failed.error == f"127.0.0.1:{web.port} answered {status}, expected 2xx."


def test_an_address_that_is_not_allowed_gets_nothing(web, hook, settings):
    settings.EGRESS_ALLOW = []
    failed = perform("webhook", hook)
    assert (failed.effect, failed.retryable, web.asked) == (Effect.NONE, False, [])


@pytest.mark.parametrize("secret", ["whsec_", "whsec_!", "x"])
def test_a_key_that_is_none_is_refused_without_being_shown(hook, secret):
    with pytest.raises(BadConfig, match="the secret is no signing key") as caught:
        perform("webhook", {**hook, "secret": secret})
    assert secret not in str(caught.value).replace("whsec_ and", "") or secret in ("x", "whsec_")


def test_a_webhook_type_has_no_surprises():
    with pytest.raises(BadConfig, match="expected words with dots"):
        actions.get("webhook").parse({"url": "x", "secret": "y", "type": "a b"})


# ---- note ------------------------------------------------------------------------------------------------------------
def test_a_note_is_kept_and_heard():
    heard = []
    assert perform("note", {"text": "The vendor says 14:00."}, say=heard.append) == Done(
        {"note": "The vendor says 14:00."}
    )
    assert heard == ["The vendor says 14:00.\n"]
    for text in (" ", "x" * 4_001):
        with pytest.raises(BadConfig, match="note, field text"):
            actions.get("note").parse({"text": text})


@pytest.mark.parametrize(
    ("kind", "given", "expected"),
    [
        ("note", {"text": "x"}, "Write down: x"),
        ("notify", {"to": "oncall", "text": "x", "subject": "y"}, "Tell oncall (info): y\nx"),
        ("webhook", {"url": "https://a/b", "secret": "{{ secrets.a }}", "type": "t"}, "POST to https://a/b, signed:"),
        ("wait", {"for": "5m"}, 'Wait: {"for_": "5m"}'),
        ("probe", {"tcp": "a:1"}, "Ask tcp a:1 every 2s, for 60s at most."),
        ("http", {"url": "https://a/b", "method": "POST", "json": {"n": 1}}, "POST https://a/b\n"),
    ],
)
def test_every_action_says_what_it_would_do(kind, given, expected):
    shown = preview_of(kind, given, Context("k", NOW, 5.0))
    assert shown.startswith(expected)
    assert "whsec" not in shown
