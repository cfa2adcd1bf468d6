"""Decisions in runs: ways that are taken and not taken, going back within bounds, and people who decide."""

from contextlib import contextmanager

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals import services as approvals
from approvals.models import ApprovalRequest
from audit.selectors import entries
from plumbing import clock
from runbooks import services
from runbooks.actions.base import Done
from runbooks.engine.shell import advance
from runbooks.errors import ReasonNeeded, RunbookError, StaleStep
from tests.runbooks.conftest import kinds, states, work_off

pytestmark = pytest.mark.django_db

WAYS = """
name: ways
title: Two ways
model: adaptive
inputs:
  limit: {type: number, default: 100}
steps:
  - {id: count, title: Count, action: scripted}
  - id: choose
    title: Which way?
    needs: [count]
    decide:
      values:
        rate: steps.count.output.rate
      cases:
        - {id: many, when: values.rate > inputs.limit, go: scale}
        - {id: few, when: values.rate > 0.0, go: wait_for_it}
      fallback: FALLBACK
  - {id: scale, title: Scale, action: scripted}
  - {id: after_scale, title: After scaling, action: scripted, needs: [scale]}
  - {id: wait_for_it, title: Wait, action: scripted}
  - {id: end, title: End, action: scripted, needs: [after_scale, wait_for_it]}
"""
AGAIN = """
name: again
title: Try again
model: adaptive
steps:
  - {id: act, title: Act, action: scripted}
  - {id: look, title: Look, action: scripted, needs: [act]}
  - id: enough
    title: Enough?
    needs: [look]
    decide:
      cases:
        - {id: "yes", when: steps.look.output.good, go: end}
        - {id: "no", back: act, most: MOST}
      fallback: human
  - {id: end, title: End, action: scripted}
"""


def ways(rate, fallback="human"):
    return WAYS.replace("FALLBACK", fallback), lambda context: Done({} if rate is None else {"rate": rate})


def test_the_first_true_case_opens_its_way_and_bypasses_the_others(start, scripted):
    source, scripted.script["count"] = ways(150.0)
    run = work_off(start(source))
    assert run.state == "succeeded"
    assert {step for step, state in states(run).items() if state == "bypassed"} == {"wait_for_it"}
    assert scripted.steps == ["count", "scale", "after_scale", "end"]


def test_what_is_reached_by_no_way_is_bypassed_too(start, scripted):
    source, scripted.script["count"] = ways(50.0)
    run = work_off(start(source))
    assert states(run)["scale"] == states(run)["after_scale"] == "bypassed" and states(run)["end"] == "done"


def test_values_seen_their_ages_the_case_and_why_are_on_record(start, scripted):
    source, scripted.script["count"] = ways(150.0)
    run = work_off(start(source))
    [taken] = [entry for entry in entries(run.stream) if entry.kind == "decision.taken"]
    assert taken.fields["case"] == "many" and taken.fields["by"] == "case" and "150.0" in taken.fields["values"]
    kept = run.steps.get(step="choose").decision
    assert (kept["case"], kept["go"], kept["back"]) == ("many", ["scale"], "")
    assert kept["values"]["rate"]["value"] == 150.0 and kept["values"]["rate"]["age_s"] >= 0


def test_a_missing_value_takes_the_declared_fallback_and_says_so(start, scripted):
    source, scripted.script["count"] = ways(None, fallback="few")
    run = work_off(start(source))
    kept = run.steps.get(step="choose").decision
    assert (run.state, kept["case"], kept["by"]) == ("succeeded", "few", "fallback")
    assert "rate" in kept["errors"][0]


@pytest.mark.parametrize("rate", [None, 0.0], ids=["missing value", "no case true"])
def test_where_no_case_can_be_taken_a_person_decides(start, scripted, commander, rate):
    source, scripted.script["count"] = ways(rate)
    run = work_off(start(source))
    assert run.state == "running" and states(run)["choose"] == "ready" and "decision.asked" in kinds(run)
    row = run.steps.get(step="choose")
    with pytest.raises(ReasonNeeded):
        services.decide_by_hand(run.uid, "choose", case="many", actor=commander, seen_at=row.seen_at, reason=" ")
    with pytest.raises(RunbookError, match="it has many, few"):
        services.decide_by_hand(run.uid, "choose", case="none", actor=commander, seen_at=row.seen_at, reason="x")
    services.decide_by_hand(run.uid, "choose", case="many", actor=commander, seen_at=row.seen_at, reason="It is full.")
    with pytest.raises(StaleStep):
        services.decide_by_hand(run.uid, "choose", case="few", actor=commander, seen_at=row.seen_at, reason="Me too.")
    run = work_off(run)
    assert run.state == "succeeded" and states(run)["wait_for_it"] == "bypassed"
    kept = run.steps.get(step="choose").decision
    assert (kept["case"], kept["by"], kept["why"]) == ("many", commander.actor_id, "It is full.")
    by_hand = [entry for entry in entries(run.stream) if entry.kind == "decision.taken"]
    assert [entry.actor for entry in by_hand] == [commander.actor_id]


def test_only_a_decision_that_asks_is_decided_by_hand(start, scripted, commander):
    source, scripted.script["count"] = ways(150.0)
    run = start(source)
    for step in ("count", "choose"):
        row = run.steps.get(step=step)
        with pytest.raises(RunbookError):
            services.decide_by_hand(run.uid, step, case="many", actor=commander, seen_at=row.seen_at, reason="now")


@pytest.mark.drill
@pytest.mark.parametrize(("query", "case"), [("sum(up)", "many"), ("sum(up) - 1", "few"), ("nothing", "few")])
def test_a_decision_asks_a_real_prometheus(start, scripted, settings, tmp_path, prometheus_url, query, case):
    toolbox = tmp_path / "toolbox.toml"
    toolbox.write_text(f'[prometheus.main]\nurl = "{prometheus_url}"\n')
    settings.TOOLBOX_FILE, settings.EGRESS_ALLOW = str(toolbox), ["127.0.0.1"]
    asked = f'rate: {{prometheus: {{server: main, query: "{query}", sampled: up}}, max_age: 30s}}'
    source = WAYS.replace("FALLBACK", "few").replace("rate: steps.count.output.rate", asked)
    run = work_off(start(source.replace("values.rate > 0.0", "values.rate >= 0.0"), inputs={"limit": 0.5}))
    kept = run.steps.get(step="choose").decision
    assert (run.state, kept["case"]) == ("succeeded", case)
    assert kept["by"] == ("fallback" if query == "nothing" else "case")
    assert query == "nothing" or 0 <= kept["values"]["rate"]["age_s"] < 10


@pytest.mark.parametrize("good_at", [1, 2, 3])
def test_a_decision_goes_back_until_it_is_good(start, scripted, good_at):
    looks = []
    scripted.script["look"] = lambda context: looks.append(1) or Done({"good": len(looks) >= good_at})
    run = work_off(start(AGAIN.replace("MOST", "3")))
    assert run.state == "succeeded" and len(looks) == good_at
    keys = [context.idempotency_key for step, _, context in scripted.calls if step == "act"]
    assert len(set(keys)) == good_at  # a new key each time: it is meant to be done again


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(most=st.integers(1, 4), good_at=st.integers(1, 8))
def test_going_back_is_bounded_and_then_a_person_decides(start, scripted, most, good_at):
    looks = []
    scripted.script["look"] = lambda context: looks.append(1) or Done({"good": len(looks) >= good_at})
    with undone():
        run = work_off(start(AGAIN.replace("MOST", str(most))))
        visits = run.steps.get(step="enough").visits
        assert len(looks) == min(good_at, most + 1) and visits == len(looks) - 1
        if good_at <= most + 1:
            assert run.state == "succeeded"
        else:
            assert (run.state, states(run)["enough"]) == ("running", "ready")


@contextmanager
def undone():
    """Examples of one test share its database: each begins as the first one did."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_a_person_may_not_go_back_more_often_than_the_author_allows(start, scripted, commander):
    scripted.script["look"] = lambda context: Done({"good": False})
    run = work_off(start(AGAIN.replace("MOST", "1")))
    row = run.steps.get(step="enough")
    with pytest.raises(RunbookError, match="Go another way"):
        services.decide_by_hand(run.uid, "enough", case="no", actor=commander, seen_at=row.seen_at, reason="Once more.")
    services.decide_by_hand(run.uid, "enough", case="yes", actor=commander, seen_at=row.seen_at, reason="Good enough.")
    assert work_off(run).state == "succeeded"


def test_consent_to_an_earlier_visit_is_none_to_the_next(start, scripted, commander, owner, make_service):
    """What was agreed to was done; going back asks anew, also where exactly the same would be done."""
    make_service("store", owner=owner)
    asks = "touches: [store], approval: {reason: Act?, effect: It acts., undo: None., proof: None.}"
    scripted.script["look"] = lambda context: Done({"good": False})
    plan = AGAIN.replace("title: Act, action: scripted", f"title: Act, action: scripted, {asks}").replace("MOST", "3")
    run = work_off(start(plan))
    first = ApprovalRequest.objects.get(subject=f"run/{run.uid}/act")
    approvals.decide(first.uid, user=owner, said=approvals.Said("approve", "", first.digest), now=clock.now())
    advance(run.uid)
    run = work_off(run)
    first.refresh_from_db()
    assert (first.state, states(run)["act"], scripted.steps.count("act")) == ("used", "approval", 1)
    again = ApprovalRequest.objects.get(subject=f"run/{run.uid}/act", state="pending")
    assert again.digest == first.digest
