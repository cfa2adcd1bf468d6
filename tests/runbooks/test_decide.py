"""Decisions: what is looked at, which case is taken, and when a person is asked."""

import datetime as dt
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks import actions
from runbooks.actions.base import Context, Done
from runbooks.engine import values
from runbooks.engine.judging import judge
from runbooks.engine.model import Case, Decision, Value
from runbooks.engine.values import Question, Seen, gather
from tests.plumbing.conftest import serve  # noqa: F401
from tests.plumbing.outside import answers, deaf_port, ok

NOW = dt.datetime(2026, 11, 21, 3, tzinfo=dt.UTC)
CONTEXT = Context("r/decide/1", NOW, 5.0)
RAISE = Case("raise", when="values.rate > 100.0", go=("scale",))
KEEP = Case("keep", when="values.rate <= 100.0", go=("watch",))


def question(**sees):
    return Question("inc_1", sees, NOW, timeout_s=5.0, ages={"count": 40.0})


def seen(**found):
    return {name: value if isinstance(value, Seen) else Seen(value, 1.0) for name, value in found.items()}


def test_the_first_true_case_is_taken():
    both = Decision((RAISE, Case("also", when="values.rate > 0.0")))
    assert judge(both, seen(rate=200.0), {}).case is RAISE
    assert judge(both, seen(rate=50.0), {}).case.id == "also"


def test_the_best_case_has_the_highest_score_and_of_equals_stands_first():
    cases = tuple(Case(name, score=f"values.{name}") for name in "abc")
    taken = judge(Decision(cases, by="best"), seen(a=1.0, b=3.0, c=3.0), {})
    assert taken.case.id == "b" and taken.scores == {"a": 1.0, "b": 3.0, "c": 3.0}


def test_a_case_that_does_not_hold_does_not_compete():
    cases = (Case("a", when="false", score="9"), Case("b", score="1"))
    assert judge(Decision(cases, by="best"), {}, {}).case.id == "b"


@pytest.mark.parametrize(
    "problem",
    [
        seen(rate=Seen(error="nobody there.")),
        seen(rate=Seen(5.0, 90.0, "it is 90 s old; at most 60 s are allowed.")),
        seen(rate="no number"),
        {},
    ],
    ids=["missing", "stale", "of the wrong type", "unknown"],
)
def test_whatever_is_wrong_takes_the_fallback_or_asks_a_person(problem):
    with_fallback = judge(Decision((RAISE, KEEP), fallback="keep"), problem, {})
    assert (with_fallback.case, with_fallback.by) == (KEEP, "fallback") and with_fallback.errors
    without = judge(Decision((RAISE, KEEP)), problem, {})
    assert (without.case, without.by) == (None, "ask") and without.errors


def test_a_value_that_no_case_reads_counts_when_it_is_missing():
    taken = judge(Decision((Case("go", when="true"),)), seen(unread=Seen(error="nobody there.")), {})
    assert taken.by == "ask"


def test_no_true_case_asks_a_person_even_where_there_is_a_fallback():
    """The fallback is for values that can't be trusted; that none of the cases is true is a sound answer."""
    assert judge(Decision((RAISE,), fallback="raise"), seen(rate=1.0), {}).by == "ask"


def test_cases_see_ages_inputs_and_outputs():
    sees = {"inputs": {"limit": 3}, "steps": {"count": {"output": {"left": 2}}}}
    case = Case("go", when="ages.rate < 5.0 && steps.count.output.left < inputs.limit")
    assert judge(Decision((case,)), seen(rate=1.0), sees).case is case


@given(visits=st.integers(0, 9), most=st.integers(1, 5))
def test_going_back_is_bounded_then_a_person_decides(visits, most):
    taken = judge(Decision((Case("again", back="try", most=most),)), {}, {}, visits=visits)
    assert (taken.by == "ask") == (visits >= most)


def test_an_expression_is_as_old_as_the_oldest_output_that_it_reads():
    value = Value("left", "expression", {"expression": "steps.count.output.left + inputs.more"}, max_age_s=30)
    sees = {"inputs": {"more": 1}, "steps": {"count": {"output": {"left": 2}}}}
    found = gather([value], question(**sees))["left"]
    assert found.value == 3 and found.age_s >= 40 and "at most 30 s" in found.error


@pytest.mark.django_db  # the source of signals is asked
def test_what_can_not_be_had_says_why_and_spoils_no_other_value():
    wanted = [
        Value("broken", "expression", {"expression": "inputs.nothing"}),
        Value("unheard", "signal", {"signal": "HighLatency"}),
        Value("odd", "tea leaves", {}),
        Value("good", "expression", {"expression": "1 + 1"}),
    ]
    found = gather(wanted, question(inputs={}))
    assert list(found) == ["broken", "unheard", "odd", "good"]
    assert "nothing" in found["broken"].error and "HighLatency" in found["unheard"].error
    assert "tea leaves" in found["odd"].error and found["good"] == Seen(2, found["good"].age_s)


def test_a_probe_that_is_not_well_is_a_value_and_not_an_error(serve, settings):  # noqa: F811
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    url = f"http://127.0.0.1:{serve(answers(ok())).port}/"
    found = gather([Value("up", "probe", {"http": url}), Value("down", "probe", {"tcp": "127.0.0.1:1"})], question())
    assert found["up"].value["ok"] is True and found["down"].value["ok"] is False
    assert found["down"].value["detail"] and not found["down"].error


def test_slow_values_are_asked_for_at_once_and_grow_older_meanwhile(settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    with deaf_port() as port:
        config = {"http": f"http://127.0.0.1:{port}/", "timeout": "400ms"}
        wanted = [Value(f"v{n}", "probe", config) for n in range(4)] + [Value("one", "expression", {"expression": "1"})]
        began = time.monotonic()
        found = gather(wanted, question())
    assert time.monotonic() - began < 1.2  # four times 0.4 s one by one
    assert found["one"].age_s >= 0.3


@pytest.mark.drill
def test_a_number_of_a_real_prometheus_has_its_age(prometheus_url, settings):
    settings.EGRESS_ALLOW = ["127.0.0.0/8"]
    wanted = [
        Value("up", "prometheus", {"server": prometheus_url, "query": "sum(up)", "sampled": "up"}, max_age_s=30),
        Value("none", "prometheus", {"server": prometheus_url, "query": "nothing"}),
        Value("wrong", "prometheus", {"server": prometheus_url, "query": "sum(up)", "sampled": "sum("}),
    ]
    found = gather(wanted, question())
    assert found["up"].value == 1.0 and 0 <= found["up"].age_s < 5 and not found["up"].error
    assert "finds no data" in found["none"].error and "sampled" in found["wrong"].error


def test_a_source_of_a_higher_room_answers_once_it_is_registered(monkeypatch):
    monkeypatch.setattr(values, "_sources", dict(values._sources))
    values.register("signal", lambda config, asked: Seen({"state": "firing", "of": asked.stream}, 3.0))
    found = gather([Value("alert", "signal", {"signal": "HighLatency"})], question())["alert"]
    assert found.value == {"state": "firing", "of": "inc_1"} and found.age_s >= 3


def test_a_source_that_breaks_is_an_error_of_its_value(monkeypatch):
    def broken(config, asked):
        raise RuntimeError("it broke")

    monkeypatch.setattr(values, "_sources", {"signal": broken})
    assert gather([Value("a", "signal", {})], question())["a"].error == "RuntimeError: it broke"


def test_the_action_tells_way_reason_values_and_errors():
    config = {
        "cases": [RAISE, KEEP],
        "values": [{"name": "rate", "source": "expression", "config": {"expression": "150.0"}}],
        "fallback": "keep",
    }
    action = actions.get("decide")
    outcome = action.perform(action.parse(config), CONTEXT)
    assert isinstance(outcome, Done)
    told = outcome.output
    assert (told["case"], told["go"], told["ask"]) == ("raise", ["scale"], False)
    assert told["values"]["rate"]["value"] == 150.0 and "150" not in told["why"]


def test_an_authors_step_without_fields_is_well_formed():
    assert actions.get("decide").parse({}).decision == Decision(())
