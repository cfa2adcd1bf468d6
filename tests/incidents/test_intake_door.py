"""The door for tools that send signals: who may post, what is refused, and that nothing is half-stored."""

import copy
import io
import json

import pytest
from django.db import OperationalError
from django.test import Client, RequestFactory
from rest_framework.request import Request

from audit.models import Entry
from incidents.api.intake import LARGEST_POST, read_body
from incidents.errors import PostTooLarge
from incidents.models import Incident, Signal
from incidents.services import intake

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/intake/alertmanager"


@pytest.fixture
def post(sources, rules, estate, make_token):
    """post(body, kind="alertmanager", secret=…): the answer."""
    secrets = {kind: make_token(source.user, scopes=["intake"]).secret for kind, source in sources.items()}

    def send(body, kind="alertmanager", secret=None):
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return Client().post(
            f"/api/v1/intake/{kind}",
            raw,
            content_type="application/json",
            headers={"authorization": f"Bearer {secret or secrets[kind]}"},
        )

    return send


@pytest.fixture
def firing(recorded):
    """A post with four alerts that fire."""
    return copy.deepcopy(next(post.body for post in recorded if post.file == "003-hook-by-cluster.json"))


def test_a_post_opens_an_incident_and_gets_a_receipt(post, firing):
    answer = post(firing)
    assert answer.status_code == 202
    assert answer.json() == {"heard": 4, "new": 4, "ended": 0, "joined": 4, "opened": ["INC-1"]}
    again = post(firing)
    assert again.json() == {"heard": 4, "new": 0, "ended": 0, "joined": 0, "opened": []}


def test_a_pager_event_joins_what_alertmanager_opened(post, recorded, firing):
    event = next(one.body for one in recorded if one.kind == "pagerduty")
    trigger = {**event, "payload": {**event["payload"], "timestamp": firing["alerts"][0]["startsAt"]}}
    assert post(firing).json()["opened"] == ["INC-1"]
    assert post(trigger, kind="pagerduty").json() == {"heard": 1, "new": 1, "ended": 0, "joined": 1, "opened": []}
    assert post({**event, "event_action": "resolve"}, kind="pagerduty").json()["ended"] == 1


@pytest.mark.parametrize("secret", ["muster_unknown", "x" * 5000, "ü"])
def test_an_unknown_token_is_refused(post, firing, secret):
    answer = post(firing, secret=secret)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert not Signal.objects.exists()


def test_without_a_token_nobody_posts(rules, firing, client, commander):
    client.force_login(commander)  # a session is no token
    assert client.post(ADDRESS, firing, content_type="application/json").status_code == 401


def test_a_token_of_another_kind_of_source_is_refused(post, firing, make_token, sources):
    secret = make_token(sources["pagerduty"].user, scopes=["intake"]).secret
    answer = post(firing, secret=secret)
    assert answer.status_code == 403
    assert answer.json()["code"] == "no_source"


def test_a_token_without_the_scope_is_refused(post, firing, make_token, sources):
    secret = make_token(sources["alertmanager"].user, scopes=["api"]).secret
    assert post(firing, secret=secret).status_code == 403
    assert not Signal.objects.exists()


def changed(path, value):
    """A recorded post with one value changed; `...` removes it."""

    def change(body):
        here = body
        for step in path[:-1]:
            here = here[step]
        if value is ...:
            del here[path[-1]]
        else:
            here[path[-1]] = value
        return body

    return change


MALFORMED = [
    (changed(["alerts", 2, "startsAt"], "yesterday"), "alerts[2].startsAt"),
    (changed(["alerts", 2, "startsAt"], "2026-11-20T14:00:00"), "alerts[2].startsAt"),
    (changed(["alerts", 2, "startsAt"], 17), "alerts[2].startsAt"),
    (changed(["alerts", 0, "startsAt"], "0001-01-01T00:00:00Z"), "alerts[0].startsAt"),
    (changed(["alerts", 1, "fingerprint"], ...), "alerts[1].fingerprint"),
    (changed(["alerts", 1, "fingerprint"], "f" * 129), "alerts[1].fingerprint"),
    (changed(["alerts", 3, "status"], "pending"), "alerts[3].status"),
    (changed(["alerts", 3, "labels"], []), "alerts[3].labels"),
    (changed(["alerts", 3, "labels", "job"], {"a": 1}), "alerts[3].labels.job"),
    (changed(["alerts", 3, "labels", "alertname"], ...), "alerts[3].labels.alertname"),
    (changed(["alerts", 3, "labels", "job"], "x" * 10_001), "alerts[3].labels.job"),
    (changed(["alerts", 0], None), "alerts[0]"),
    (changed(["alerts"], {}), "alerts"),
    (changed(["alerts"], ...), "alerts"),
    (changed(["version"], "3"), "version"),
]


@pytest.mark.parametrize(("change", "where"), MALFORMED)
def test_a_malformed_post_is_refused_with_the_path_and_leaves_nothing(post, firing, change, where):
    answer = post(change(firing))
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_post"
    assert answer.json()["detail"].startswith(f"{where}: found ")
    assert (Signal.objects.count(), Incident.objects.count()) == (0, 0)
    assert not Entry.objects.filter(stream__uid__startswith="inc_").exists()


@pytest.mark.parametrize(
    "raw",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"alerts": NaN}', b"[" * 100_000, b'{"a":' * 60 + b"1" + b"}" * 60],
    ids=["empty", "cut", "list", "null", "not UTF-8", "NaN", "endless", "deep"],
)
def test_what_is_no_json_object_is_refused(post, raw):
    answer = post(raw)
    assert answer.status_code == 400
    assert answer.json()["code"] == "bad_post"


def test_too_many_alerts_are_refused(post, firing):
    alert = firing["alerts"][0]
    answer = post({**firing, "alerts": [{**alert, "fingerprint": str(number)} for number in range(1_001)]})
    assert answer.status_code == 400
    assert "1001 alerts" in answer.json()["detail"]


def test_an_oversized_post_is_refused(post):
    answer = post(b'{"alerts": [], "x": "' + b"x" * LARGEST_POST + b'"}')
    assert answer.status_code == 413
    assert str(LARGEST_POST) in answer.json()["detail"]


@pytest.mark.parametrize("stated", [None, "12"], ids=["no length", "a wrong length"])
def test_an_oversized_body_is_noticed_whatever_its_sender_states(stated):
    """As ASGI hands it over: a chunked body has no length."""
    request = RequestFactory().post(ADDRESS, b"", content_type="application/json")
    request.META.pop("CONTENT_LENGTH", None)
    if stated:
        request.META["CONTENT_LENGTH"] = stated
    request._stream = io.BytesIO(b"x" * (LARGEST_POST + 1))
    with pytest.raises(PostTooLarge):
        read_body(Request(request))


def test_unknown_keys_and_odd_characters_are_let_pass(post, firing):
    firing["futureKey"] = {"a": [1]}
    firing["alerts"][0]["labels"]["odd"] = "a\u0000b\ud800c"
    assert post(firing).status_code == 202
    labels = Signal.objects.get(fingerprint=firing["alerts"][0]["fingerprint"]).labels
    assert labels["odd"] == "a\ufffdb\ufffdc"


@pytest.mark.parametrize(
    ("event", "where"),
    [
        ({"event_action": "explode", "dedup_key": "k"}, "event_action"),
        ({"event_action": 1}, "event_action"),
        ({"event_action": "resolve"}, "dedup_key"),
        ({"event_action": "trigger", "dedup_key": "k", "payload": {}}, "payload.summary"),
        ({"event_action": "trigger", "dedup_key": "k" * 256, "payload": {"summary": "s"}}, "dedup_key"),
        ({"event_action": "trigger", "payload": {"summary": "s", "timestamp": "now"}}, "payload.timestamp"),
        ([], "body"),
    ],
)
def test_a_malformed_event_is_refused_with_the_path(post, event, where):
    answer = post(event, kind="pagerduty")
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(f"{where}: found ")
    assert not Signal.objects.exists()


def test_a_database_that_is_away_asks_for_the_post_again(post, firing, monkeypatch):
    def away(*_):
        raise OperationalError("the database system is shutting down")

    monkeypatch.setattr(intake, "hear", away)
    answer = post(firing)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"


def test_five_hundred_alerts_take_a_bounded_number_of_queries(post, firing, django_assert_max_num_queries):
    alert = firing["alerts"][0]
    many = {**firing, "alerts": [{**alert, "fingerprint": f"f{number}"} for number in range(500)]}
    with django_assert_max_num_queries(80):
        answer = post(many)
    assert answer.json()["joined"] == 500
    assert Incident.objects.count() == 1
