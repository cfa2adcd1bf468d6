"""`probe` holds its answer over a window of the database's time; `wait` lets time pass; `manual` is for people."""

import datetime as dt

import pytest

from runbooks import actions
from runbooks.actions.base import Again, Context, Done, Failed, documentation
from runbooks.actions.durations import seconds
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig, UnknownAction
from tests.runbooks.web import web_server

NOW = dt.datetime(2026, 11, 21, 3, 0, tzinfo=dt.UTC)


@pytest.fixture
def web(settings):
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    with web_server() as server:
        yield server


def perform(kind, given, waited_s=0.0, memo=None):
    action = actions.get(kind)
    return action.perform(action.parse(given), Context("r/s/1", NOW, 5.0, waited_s, memo or {}))


def play(web, statuses: list[int], given) -> tuple[list[float], object]:
    """Call the probe as a worker would: each time after as long as it asked for. Gives (times of calls, end)."""
    times, waited_s, memo = [], 0.0, {}
    for status in statuses:
        web.answer = lambda asked, status=status: (status, {}, b"")
        times.append(waited_s)
        outcome = perform("probe", {"http": web.url, **given}, waited_s, memo)
        if not isinstance(outcome, Again):
            return times, outcome
        waited_s, memo = waited_s + outcome.after_s, outcome.memo
    return times, None


def test_a_probe_without_a_window_is_done_at_the_first_good_answer(web):
    times, outcome = play(web, [502, 502, 200], {"every": "2s"})
    assert times == [0.0, 2.0, 4.0]
    assert isinstance(outcome, Done)
    assert (outcome.output["checks"], outcome.output["detail"]) == (3, "200 OK")


def test_the_answer_must_stay_good_for_the_whole_window(web):
    times, outcome = play(web, [200] * 4, {"for": "5s", "every": "2s"})
    assert times == [0.0, 2.0, 4.0, 6.0]
    assert outcome.output["held_s"] == 6


def test_one_bad_answer_starts_the_window_again(web):
    times, outcome = play(web, [200, 200, 502, 200, 200, 200], {"for": "4s", "every": "2s"})
    assert times[-1] == 10.0
    assert outcome.output["held_s"] == 4


def test_a_probe_that_never_holds_fails_when_its_time_is_over(web):
    times, outcome = play(web, [502] * 20, {"within": "10s", "every": "2s"})
    assert times[-1] == 10.0
    assert isinstance(outcome, Failed)
    assert (outcome.effect, outcome.retryable) == (Effect.NONE, True)
    assert outcome.error == f"{web.url}: 502 Bad Gateway, expected 2xx; not good for 0s within 10s."


def test_a_probe_is_not_asked_in_a_tight_loop(web):
    web.answer = lambda asked: (502, {}, b"")
    assert perform("probe", {"http": web.url, "every": 0}).after_s == 0.2


def test_a_tcp_probe_needs_only_a_connection(web):
    assert isinstance(perform("probe", {"tcp": f"127.0.0.1:{web.port}"}), Done)
    assert web.asked == []


def test_a_refused_target_is_a_bad_answer_with_its_reason(web, settings):
    settings.EGRESS_ALLOW = []
    outcome = perform("probe", {"tcp": f"127.0.0.1:{web.port}", "within": "1s"})
    assert isinstance(outcome, Failed)
    assert "MUSTER_EGRESS_ALLOW" in outcome.error


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "http"),
        ({"http": "x", "tcp": "y"}, "http"),
        ({"tcp": "y", "for": "x"}, "for"),
        ({"ping": "x"}, "ping"),
        ({"tcp": "y", "every": -1}, "every"),
        ({"tcp": "y", "within": "8d"}, "within"),
    ],
)
def test_a_wrong_probe_names_its_field(given, field):
    with pytest.raises(BadConfig) as caught:
        actions.get("probe").parse(given)
    assert caught.value.name == field


def test_a_wait_asks_to_be_called_when_it_is_over():
    assert perform("wait", {"for": "90s"}) == Again(90.0)
    assert perform("wait", {"for": "90s"}, waited_s=60.0) == Again(30.0)
    assert perform("wait", {"for": "90s"}, waited_s=90.2) == Done({"waited_s": 90})


def test_a_wait_without_a_length_is_refused():
    with pytest.raises(BadConfig, match="wait, field for: missing"):
        actions.get("wait").parse({})
    with pytest.raises(BadConfig, match="expected a length of time such as 30s, 5m or 1h"):
        actions.get("wait").parse({"for": "soon"})


def test_a_worker_does_nobodys_manual_step():
    assert actions.get("manual").human
    assert perform("manual", {}).effect is Effect.NONE


@pytest.mark.parametrize(
    ("text", "expected"), [("250ms", 0.25), ("30s", 30), ("5m", 300), ("1.5h", 5400), (7, 7), (0.5, 0.5), (" 2s ", 2)]
)
def test_lengths_of_time_are_read(text, expected):
    assert seconds("x", "y", text) == expected


@pytest.mark.parametrize("text", ["", "5", "5 s", "-1s", "1d", "s", True, None, -1, "169h", float("nan")])
def test_other_lengths_of_time_are_refused(text):
    with pytest.raises(BadConfig):
        seconds("x", "y", text)


def test_an_unknown_kind_is_refused_with_the_nearest_name():
    with pytest.raises(UnknownAction, match=r"There is no action htp\. Did you mean http\?"):
        actions.get("htp")


OF_THE_PLAN = ("decide", "watch")  # their fields stand elsewhere than under `with`


@pytest.mark.parametrize("kind", [kind for kind in actions.kinds() if kind not in OF_THE_PLAN])
def test_every_field_of_every_action_documents_itself(kind):
    for name, default, about in documentation(actions.get(kind).config):
        assert name
        assert default
        assert len(about) > 5


@pytest.mark.parametrize(("expect", "good"), [([200, 204], True), ("200,204", True), ([204], False), ("5xx", False)])
def test_expected_statuses_may_be_a_list(web, expect, good):
    _, outcome = play(web, [200], {"expect": expect, "within": "0s"})
    assert isinstance(outcome, Done if good else Failed)
