"""The planner's rules, one sentence each. Properties over generated plans are in test_plan_properties.py."""

import json
import time

import pytest

from runbooks.engine.board import Board
from runbooks.engine.facts import (
    AskApproval,
    EndRun,
    Kind,
    LastAttempt,
    MoveStep,
    QueueAttempt,
    Snapshot,
    StepFacts,
    TakeBack,
    Verdict,
)
from runbooks.engine.model import Approval, Definition, Effect, Retry, Step, Verify, Watch
from runbooks.engine.planner import MAX_DELAY_S, MAX_LOSSES, delay_s, plan
from runbooks.states import AttemptState, Role, RunState, StepState
from tests.runbooks.plans import start

ENDED = {"succeeded": AttemptState.SUCCEEDED, "failed": AttemptState.FAILED, "lost": AttemptState.LOST}


def one(**fields) -> Definition:
    return Definition("one", "One", (Step("a", "A", "http", **fields),))


def planned(definition: Definition, **facts) -> list:
    """Transitions of a running run, in short form. `facts` by step id; the others wait."""
    steps = {**start(definition).steps, **facts}
    return [shown(transition) for transition in plan(definition, Snapshot(RunState.RUNNING, steps))]


def shown(transition):
    match transition:
        case MoveStep(step, to):
            return step, to.value
        case QueueAttempt(step, kind, number, group, not_before_s):
            return step, kind.value, number, group, not_before_s
        case AskApproval(step):
            return step, "ask"
        case TakeBack(step):
            return step, "take back"
        case EndRun(state):
            return (state.value,)


def act(state: str, *, retryable=True, effect=Effect.NONE, error="it broke") -> LastAttempt:
    return LastAttempt(Kind.ACT, ENDED[state], retryable, effect, error)


def running(last: LastAttempt | None, **facts) -> StepFacts:
    return StepFacts(StepState.RUNNING, **{"tries": 1, "last": last, **facts})


def verifying(state: str, **facts) -> StepFacts:
    last = LastAttempt(Kind.VERIFY, ENDED[state], error="answered 502")
    return StepFacts(StepState.VERIFYING, **{"tries": 1, "last": last, **facts})


def test_a_first_step_goes_to_a_worker():
    assert planned(one()) == [("a", "ready"), ("a", "act", 1, 1, 0.0)]


def test_a_manual_step_waits_for_a_person():
    assert planned(one(human=True)) == [("a", "ready")]
    assert planned(one(human=True), a=StepFacts(StepState.READY)) == []
    assert planned(one(human=True), a=StepFacts(StepState.RUNNING)) == []


def test_a_step_with_approval_asks_before_anything_is_queued():
    step = one(approval=Approval("drops traffic"))
    assert planned(step) == [("a", "approval"), ("a", "ask")]
    assert planned(step, a=StepFacts(StepState.APPROVAL, verdict=Verdict.PENDING)) == []


def test_an_approved_step_goes_to_a_worker_and_a_void_request_is_asked_again():
    step = one(approval=Approval("drops traffic"))
    approved, void = (StepFacts(StepState.APPROVAL, verdict=verdict) for verdict in (Verdict.APPROVED, Verdict.VOID))
    assert planned(step, a=approved) == [("a", "ready"), ("a", "act", 1, 1, 0.0)]
    assert planned(step, a=void) == [("a", "ask")]


def test_a_rejection_stops_the_run_and_says_who():
    rejected = StepFacts(StepState.APPROVAL, verdict=Verdict.REJECTED, verdict_why="Lena rejected: too risky.")
    snapshot = Snapshot(RunState.RUNNING, {"a": rejected})
    move, end = plan(one(approval=Approval("x")), snapshot)
    assert (move.to, move.why) == (StepState.CANCELLED, "Lena rejected: too risky.")
    assert (end.state, end.why) == (RunState.STOPPED, "Cancelled: A.")


def test_a_stopping_run_lets_live_work_end_and_starts_nothing_new():
    definition = Definition(
        "d", "D", tuple(Step(id_, id_, "http", needs=("b",) if id_ == "c" else ()) for id_ in "abcd")
    )
    facts = {"a": StepFacts(StepState.CANCELLED), "b": running(LastAttempt(Kind.ACT, AttemptState.LEASED))}
    assert planned(definition, **facts) == []
    assert planned(definition, **{**facts, "b": running(act("succeeded"))}) == [("b", "done"), ("stopped",)]
    assert planned(definition, **{**facts, "b": running(act("failed"))}) == [("b", "failed"), ("stopped",)]


def test_a_stopping_run_takes_back_questions_and_tasks_that_nobody_began():
    definition = Definition(
        "d", "D", (Step("a", "A", "http"), Step("b", "B", "manual", human=True), Step("c", "C", "http"))
    )
    facts = {
        "a": StepFacts(StepState.APPROVAL, verdict=Verdict.PENDING),
        "b": StepFacts(StepState.READY),
        "c": StepFacts(StepState.CANCELLED),
    }
    assert planned(definition, **facts) == [("a", "take back"), ("a", "cancelled"), ("b", "cancelled"), ("stopped",)]


def test_dependents_start_in_the_same_call_in_which_their_need_is_done():
    definition = Definition("d", "D", (Step("b", "B", "http", needs=("a",)), Step("a", "A", "http")))
    assert planned(definition, a=running(act("succeeded"))) == [("a", "done"), ("b", "ready"), ("b", "act", 1, 1, 0.0)]


def test_a_skipped_need_counts_as_met():
    definition = Definition("d", "D", (Step("a", "A", "http"), Step("b", "B", "http", needs=("a",))))
    assert planned(definition, a=StepFacts(StepState.SKIPPED))[0] == ("b", "ready")


def test_a_step_with_a_probe_is_done_when_the_probe_says_so():
    step = one(verify=Verify({"tcp": "store:80"}))
    assert planned(step, a=running(act("succeeded"))) == [("a", "verifying"), ("a", "verify", 1, 1, 0.0)]
    assert planned(step, a=verifying("succeeded")) == [("a", "done"), ("succeeded",)]
    assert planned(step, a=verifying("failed")) == [("a", "failed"), ("failed",)]


def test_a_failed_probe_acts_again_under_a_new_key_if_that_is_harmless():
    step = one(verify=Verify({"tcp": "store:80"}), idempotent=True, retry=Retry(2, 5.0))
    assert planned(step, a=verifying("failed")) == [("a", "ready"), ("a", "act", 2, 2, 5.0)]
    assert planned(step, a=verifying("failed", tries=2)) == [("a", "failed"), ("failed",)]


def test_a_lost_probe_is_asked_again_a_bounded_number_of_times():
    step = one(verify=Verify({"tcp": "store:80"}))
    assert planned(step, a=verifying("lost", losses=1)) == [("a", "verify", 1, 1, 0.0)]
    assert planned(step, a=verifying("lost", losses=MAX_LOSSES)) == [("a", "failed"), ("failed",)]


@pytest.mark.parametrize(
    ("idempotent", "retryable", "effect", "outcome"),
    [
        (False, True, Effect.NONE, "again"),
        (False, True, Effect.MAYBE, "failed"),
        (False, True, Effect.UNKNOWN, "unknown"),
        (False, False, Effect.NONE, "failed"),
        (True, True, Effect.NONE, "again"),
        (True, True, Effect.MAYBE, "again"),
        (True, True, Effect.UNKNOWN, "again"),
        (True, False, Effect.MAYBE, "failed"),
        (True, False, Effect.UNKNOWN, "unknown"),
    ],
)
def test_a_failure_is_tried_again_only_where_that_is_harmless(idempotent, retryable, effect, outcome):
    step = one(idempotent=idempotent, retry=Retry(3, 2.0, 3.0))
    seen = planned(step, a=running(act("failed", retryable=retryable, effect=effect)))
    expected = {
        "again": [("a", "ready"), ("a", "act", 2, 1, 2.0)],
        "failed": [("a", "failed"), ("failed",)],
        "unknown": [("a", "unknown")],  # a person must look, so the run stays open
    }
    assert seen == expected[outcome]


def test_the_last_try_fails_the_step_with_the_error_of_the_action():
    step = one(idempotent=True, retry=Retry(3))
    move, end = plan(step, Snapshot(RunState.RUNNING, {"a": running(act("failed"), tries=3)}))
    assert (move.to, move.why) == (StepState.FAILED, "it broke")
    assert (end.state, end.why) == (RunState.FAILED, "Failed: A. Nothing else can go on.")


def test_a_lost_worker_leaves_an_unknown_outcome_unless_doing_it_twice_is_harmless():
    assert planned(one(), a=running(act("lost"))) == [("a", "unknown")]
    harmless = one(idempotent=True)
    assert planned(harmless, a=running(act("lost"), losses=1)) == [("a", "ready"), ("a", "act", 1, 1, 0.0)]
    assert planned(harmless, a=running(act("lost"), losses=MAX_LOSSES)) == [("a", "unknown")]


def test_a_step_that_a_person_sent_back_is_tried_under_a_new_number_and_key():
    assert planned(one(), a=StepFacts(StepState.READY, tries=1, last=act("failed"))) == [("a", "act", 2, 2, 0.0)]


def test_independent_branches_go_on_after_a_failure():
    definition = Definition(
        "d", "D", (Step("a", "A", "http"), Step("b", "B", "http"), Step("c", "C", "http", needs=("a",)))
    )
    live = StepFacts(StepState.RUNNING, tries=1, last=LastAttempt(Kind.ACT, AttemptState.LEASED))
    assert planned(definition, a=running(act("failed", retryable=False)), b=live) == [("a", "failed")]
    facts = {"a": StepFacts(StepState.FAILED), "b": running(act("succeeded"))}
    assert planned(definition, **facts) == [("b", "done"), ("failed",)]


def test_waits_grow_by_the_backoff_up_to_a_cap():
    assert [delay_s(Retry(5, 2.0, 3.0), tries) for tries in (1, 2, 3)] == [2.0, 6.0, 18.0]
    assert delay_s(Retry(9999, 2.0, 10.0), 9998) == MAX_DELAY_S


def test_a_circle_of_needs_is_named():
    looped = Definition("loop", "L", (Step("a", "A", "http", needs=("b",)), Step("b", "B", "http", needs=("a",))))
    with pytest.raises(ValueError, match="steps of loop need each other in a circle"):
        _ = looped.plan_order


def test_a_wait_may_be_shortened_by_its_jitter_and_is_the_same_for_the_same_key():
    waits = {delay_s(Retry(2, 10.0, jitter=0.5), 1, f"run-{number}/a/1/1") for number in range(50)}
    assert len(waits) == 50
    assert all(5.0 < wait <= 10.0 for wait in waits)
    assert delay_s(Retry(2, 10.0, jitter=0.5), 1, "x") == delay_s(Retry(2, 10.0, jitter=0.5), 1, "x")


def test_a_step_over_its_time_is_not_tried_again_but_what_it_brings_counts():
    step = one(idempotent=True, retry=Retry(3))
    assert planned(step, a=running(act("failed"), overdue=True)) == [("a", "failed"), ("failed",)]
    assert planned(step, a=running(act("succeeded"), overdue=True)) == [("a", "done"), ("succeeded",)]


def test_an_approved_retry_covers_a_part_but_never_an_unknown_outcome():
    step = one(may_override_retry=True, retry=Retry(2))
    assert planned(step, a=running(act("failed", effect=Effect.MAYBE)))[0] == ("a", "ready")
    assert planned(step, a=running(act("failed", effect=Effect.UNKNOWN))) == [("a", "unknown")]


def test_a_watch_begins_with_the_run_and_ends_with_it_whatever_it_saw():
    watch = Watch("calm", "Calm again", "true", (), "skip", ("a",))
    definition = Definition("one", "One", (Step("a", "A", "http"),), watches=(watch,))
    row = StepFacts(role=Role.WATCH)
    begun = planned(definition, **{"watch:calm": row})
    assert ("watch:calm", "ready") in begun and ("watch:calm", "act", 1, 1, 0.0) in begun
    looking = StepFacts(StepState.READY, 1, last=LastAttempt(Kind.ACT, AttemptState.QUEUED), role=Role.WATCH)
    ended = planned(definition, **{"a": running(act("succeeded")), "watch:calm": looking})
    assert ended == [("a", "done"), ("watch:calm", "take back"), ("watch:calm", "cancelled"), ("succeeded",)]


def test_a_paused_run_verifies_what_is_live_and_starts_nothing():
    definition = Definition(
        "d", "D", (Step("a", "A", "http", verify=Verify({"tcp": "a:1"})), Step("b", "B", "http", needs=("a",)))
    )
    paused = Snapshot(RunState.PAUSED, {"a": running(act("succeeded")), "b": StepFacts()})
    assert [shown(each) for each in plan(definition, paused)] == [("a", "verifying"), ("a", "verify", 1, 1, 0.0)]
    held = Snapshot(RunState.PAUSED, {"a": verifying("succeeded"), "b": StepFacts()})
    assert [shown(each) for each in plan(definition, held)] == [("a", "done")]


def test_a_layered_plan_of_500_steps_runs_to_its_end(shared_data, capsys):
    """Also prints what planning one transition costs (aim: below 1 ms)."""
    work = json.loads((shared_data / "workloads" / "w3_layered500.json").read_text())
    steps = tuple(Step(step["id"], step["id"], "http", needs=tuple(step["needs"])) for step in work["steps"])
    median_ms = run_through(Definition("w3", "W3", steps))
    with capsys.disabled():
        print(f"\nplanner, 500 steps, one transition: median {median_ms:.2f} ms")


def test_planning_a_change_costs_the_same_in_a_plan_of_10_000_steps(capsys):
    medians = {}
    for size in (500, 10_000):
        ids = [f"s{number}" for number in range(size)]
        steps = tuple(
            Step(id_, id_, "http", needs=tuple(ids[max(at - 20, 0) : max(at - 18, 0)])) for at, id_ in enumerate(ids)
        )
        medians[size] = run_through(Definition("d", "D", steps))
    with capsys.disabled():
        print(f"\nplanner, one transition, median ms by steps: { ({k: round(v, 3) for k, v in medians.items()}) }")
    assert medians[10_000] < 3 * medians[500], "planning grows with the plan"


def run_through(definition: Definition) -> float:
    """Plays the plan without failures, one attempt after the other. Returns the median of one planning in ms."""
    board, costs, queue, touched = Board(definition), [], [], None
    while board.run_state is RunState.RUNNING:
        began = time.perf_counter()
        transitions = plan(board, touched)
        costs.append(time.perf_counter() - began)
        for transition in transitions:
            board.apply(transition)
        queue += [each.step for each in transitions if isinstance(each, QueueAttempt)]
        if queue:
            touched = (queue.pop(0),)
            board.set(touched[0], running(act("succeeded")))
    assert {facts.state for facts in board.steps.values()} == {StepState.DONE}
    assert len(costs) == len(definition.steps) + 1
    return sorted(costs)[len(costs) // 2] * 1000
