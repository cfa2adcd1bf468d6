"""What the engine can do, as authors say it: each field finds its place, and short forms mean the long ones."""

import textwrap

import pytest

from runbooks.definitions import parse
from runbooks.engine.model import (
    Approval,
    Case,
    Deadline,
    Decision,
    Input,
    Loop,
    Model,
    OnFailure,
    Rest,
    Retry,
    Section,
    Strategy,
    Undo,
    Until,
    Value,
    ValueType,
    Verify,
    Watch,
)

FULL = """
name: full
title: Everything
model: adaptive
on_failure: continue
inputs:
  hosts: {type: list, default: [a, 2, true]}
  region: {type: string, choices: [eu, us], default: eu}
environments:
  prod: {api: "https://api.bank.example", size: 3}
  test: {api: "http://api.test", size: 1}
sections:
  - {id: assess, title: Assess, model: linear}
  - {id: repair, title: Repair, needs: [assess], on_failure: {quorum: 2, rest: cancel, otherwise: fail_fast}}
  - {id: deep, title: Deep, in: repair, model: linear, on_failure: fail_fast}
watches:
  - id: calm
    title: Latency back
    values: {latency: {prometheus: {server: main, query: "max(l)", sampled: l}, max_age: 30s}}
    when: values.latency < 0.5
    for: 2m
    every: 10s
    skip: deep
    mode: auto
steps:
  - {id: look, title: L, section: assess, action: http, with: {url: "{{ env.api }}/x"}, on_failure: pause, within: 5m}
  - id: ask
    title: Ask
    section: assess
    action: manual
    deadline: {remind: 5m, escalate: 10m, to: "role:scribe"}
  - id: way
    title: Which way?
    needs: [assess]
    deadline: {remind: 1m}
    decide:
      by: best
      values:
        lag: {prometheus: {query: lag}, max_age: 1m}
        up: {probe: {tcp: "a:1"}}
        size: env.size
        asked: {expression: "steps.look.output.status", max_age: 2m}
        heard: {signal: HighLatency}
        there: {signal: {name: HighLatency, service: api}}
      cases:
        - {id: fix, score: "values.lag", go: repair, say: Repair it}
        - {id: again, when: "ages.lag > 5.0", score: "1", back: look, most: 2}
      fallback: fix
  - id: each
    title: Each host
    section: repair
    action: http
    for_each: {in: inputs.hosts, as: host, width: 2, most: 5}
    with: {url: "http://{{ host }}/restart", method: POST, json: {n: "{{ index }}"}}
    touches: [api]
    resources: db
    lock_wait: 1m
    executor: dmz
    idempotent: true
    retry: {attempts: 3, delay: 1s, backoff: 2, jitter: 0.5}
    undo:
      title: Stop again
      action: http
      with: {url: "http://{{ host }}/stop", method: POST}
      timeout: 5s
      idempotent: true
      retry: {attempts: 2}
      verify: {tcp: "{{ host }}:1"}
      approval: {reason: Take it back?}
  - id: poll
    title: Poll
    section: deep
    action: http
    with: {url: "http://x", method: POST}
    until: {condition: "output.json.ready", most: 10, every: 3s}
    check: {http: "http://x/done", expect: 204}
    approval: {reason: Really?}
    retry: {attempts: 2, override: true}
    undo: {action: manual, assign: "role:commander", instructions: Call them.}
  - id: late
    title: Late
    section: deep
    action: wait
    with: {for: 1s}
    not_before: "22:00"
    when: "inputs.region == 'eu'"
    for_each: inputs.hosts
  - {id: third, title: Third, section: repair, action: wait, with: {for: 1s}}
"""


@pytest.fixture(scope="module")
def full():
    return parse(FULL, filename="r.yaml")


def test_the_runbook_says_strategy_inputs_and_environments(full):
    assert (full.model, full.strategy) == (Model.ADAPTIVE, Strategy(OnFailure.CONTINUE))
    assert full.inputs == (
        Input("hosts", ValueType.LIST, required=False, default=["a", 2, True]),
        Input("region", required=False, default="eu", choices=("eu", "us")),
    )
    assert full.environments["test"] == {"api": "http://api.test", "size": 1}


def test_sections_say_where_they_stand_and_what_failure_means(full):
    quorum = Strategy(OnFailure.QUORUM, 2, Rest.CANCEL, OnFailure.FAIL_FAST)
    assert full.sections == (
        Section("assess", "Assess", model=Model.LINEAR, line=13),
        Section("repair", "Repair", needs=("assess",), strategy=quorum, line=14),
        Section("deep", "Deep", "repair", Model.LINEAR, strategy=Strategy(OnFailure.FAIL_FAST), line=15),
    )


def test_a_watch_names_what_it_looks_at_and_does(full):
    latency = Value("latency", "prometheus", {"server": "main", "query": "max(l)", "sampled": "l"}, 30.0)
    assert full.watches == (
        Watch(
            "calm", "Latency back", "values.latency < 0.5", (latency,), "skip", ("poll", "late"), 120.0, 10.0, True, 17
        ),
    )


def test_a_decision_says_values_cases_and_fallback(full):
    way = full.by_id["way"]
    assert (way.action, way.idempotent, way.harmless, way.human) == ("decide", True, True, False)
    assert way.deadline == Deadline(60.0)
    assert way.decide == Decision(
        cases=(
            Case("fix", score="values.lag", go=("repair",), say="Repair it"),
            Case("again", when="ages.lag > 5.0", score="1", back="look", most=2),
        ),
        values=(
            Value("lag", "prometheus", {"query": "lag", "server": "default"}, 60.0),
            Value("up", "probe", {"tcp": "a:1"}),
            Value("size", "expression", {"expression": "env.size"}),
            Value("asked", "expression", {"expression": "steps.look.output.status"}, 120.0),
            Value("heard", "signal", {"signal": "HighLatency"}),
            Value("there", "signal", {"signal": "HighLatency", "service": "api"}),
        ),
        by="best",
        fallback="fix",
    )


def test_a_step_says_how_often_where_and_with_what(full):
    each, poll, late = full.by_id["each"], full.by_id["poll"], full.by_id["late"]
    assert each.loop == Loop("inputs.hosts", "host", 2, 5)
    assert (each.resources, each.lock_wait_s, each.executor) == (("db",), 60.0, "dmz")
    assert each.retry == Retry(3, 1.0, 2.0, 0.5)
    assert poll.until == Until("output.json.ready", 10, 3.0)
    assert poll.check == {"http": "http://x/done", "expect": 204}
    assert (poll.retry, poll.may_override_retry, poll.idempotent) == (Retry(2), True, False)
    assert (late.not_before, late.when, late.loop) == ("22:00", "inputs.region == 'eu'", Loop("inputs.hosts"))


def test_a_step_says_what_its_failure_means_and_when_people_are_reminded(full):
    assert (full.by_id["look"].on_failure, full.by_id["look"].within_s) == (OnFailure.PAUSE, 300.0)
    assert (full.by_id["each"].on_failure, full.by_id["each"].within_s) == (OnFailure.STOP, None)
    assert full.by_id["ask"].deadline == Deadline(300.0, 600.0, "role:scribe")


def test_an_undo_is_an_action_with_rules_of_its_own(full):
    assert full.by_id["each"].undo == Undo(
        action="http",
        with_={"url": "http://{{ host }}/stop", "method": "POST"},
        title="Stop again",
        timeout_s=5.0,
        retry=Retry(2),
        idempotent=True,
        verify=Verify({"tcp": "{{ host }}:1"}),
        approval=Approval("Take it back?"),
    )
    by_hand = full.by_id["poll"].undo
    assert (by_hand.human, by_hand.assign, by_hand.instructions) == (True, "role:commander", "Call them.")


def test_a_quorum_and_a_fallback_have_their_defaults():
    text = """
        name: r
        title: R
        model: adaptive
        on_failure: {quorum: 1}
        steps:
          - {id: a, title: A, decide: {cases: [{id: x, go: b}, ], fallback: human}}
          - {id: b, title: B, action: manual}
        """
    definition = parse(textwrap.dedent(text), filename="r.yaml")
    assert definition.strategy == Strategy(OnFailure.QUORUM, 1, Rest.FINISH, OnFailure.CONTINUE)
    assert definition.by_id["a"].decide == Decision((Case("x", go=("b",)),))


def test_what_changes_nothing_is_known_as_harmless(full):
    assert [step.id for step in full.steps if step.harmless] == ["look", "way", "late", "third"]
    assert not full.by_id["each"].undo.harmless


def test_a_nested_runbook_is_an_action_like_any_other():
    text = "name: r\ntitle: R\nsteps: [{id: a, title: A, action: run, with: {runbook: other, inputs: {x: 1}}}]"
    step = parse(text, filename="r.yaml").steps[0]
    assert (step.action, step.with_, step.human) == ("run", {"runbook": "other", "inputs": {"x": 1}}, False)
