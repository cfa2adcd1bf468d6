"""Properties of the planner over generated plans, with a world that succeeds, fails, loses workers and says no."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.engine.facts import AskApproval, EndRun, Kind, MoveStep, QueueAttempt, Snapshot, Verdict, applied
from runbooks.engine.planner import MAX_LOSSES, PASSED, plan
from runbooks.states import RUN_MOVES, STEP_MOVES, RunState, StepState
from tests.runbooks.plans import World, definitions, start

worlds = st.builds(World, definitions(), st.integers(0, 2**32).map(random.Random), people=st.booleans())
played = settings(max_examples=100, deadline=None)


@played
@given(worlds)
def test_every_plan_ends_or_waits_for_a_person(world):
    world.play()
    assert world.events < 2000
    if world.snapshot.run_state is RunState.RUNNING:
        assert not world.people
        states = {step_id: facts.state for step_id, facts in world.snapshot.steps.items()}
        human = {step.id for step in world.definition.steps if step.human}
        assert any(
            state in (StepState.APPROVAL, StepState.UNKNOWN) or (state is StepState.READY and step_id in human)
            for step_id, state in states.items()
        )


@played
@given(worlds)
def test_no_step_starts_before_what_it_needs(world):
    world.play()
    for snapshot in [*world.snapshots, world.snapshot]:
        for step in world.definition.steps:
            if snapshot.steps[step.id].state is not StepState.WAITING:
                assert all(snapshot.steps[need].state in PASSED for need in step.needs)


@played
@given(worlds)
def test_nothing_is_done_without_the_consent_it_needs(world):
    world.play()
    approved = set()
    for snapshot in world.snapshots:
        approved |= {step_id for step_id, facts in snapshot.steps.items() if facts.verdict is Verdict.APPROVED}
    for step_id, _ in world.acts:
        assert world.definition.by_id[step_id].approval is None or step_id in approved


@played
@given(worlds)
def test_planning_is_deterministic_and_settles_in_one_call(world):
    world.play()
    for snapshot in world.snapshots:
        first = plan(world.definition, snapshot)
        backwards = Snapshot(snapshot.run_state, dict(reversed(snapshot.steps.items())))
        assert plan(world.definition, backwards) == first
        assert plan(world.definition, applied(snapshot, first)) == ()


@played
@given(worlds)
def test_moves_stay_on_the_tables_and_each_step_has_one_live_attempt(world):
    world.play()
    for snapshot in world.snapshots:
        now = applied(snapshot, ())
        for transition in plan(world.definition, snapshot):
            match transition:
                case MoveStep(step, to):
                    assert to in STEP_MOVES[now.steps[step].state]
                case QueueAttempt(step, _, number):
                    last = now.steps[step].last
                    assert last is None or not last.open
                    assert now.steps[step].tries <= number <= now.steps[step].tries + 1
                case AskApproval(step):
                    assert now.steps[step].verdict in (None, Verdict.VOID)
                case EndRun(state):
                    assert state in RUN_MOVES[now.run_state]
            now = applied(now, (transition,))


@played
@given(worlds)
def test_an_effect_is_repeated_only_where_that_is_harmless(world):
    """Without `idempotent` a second try follows only on a failure that certainly changed nothing."""
    world.play()
    for before, after in zip(world.snapshots, world.snapshots[1:], strict=False):
        for step in world.definition.steps:
            old, new = before.steps[step.id], after.steps[step.id]
            if new.tries > old.tries >= 1 and not step.idempotent:
                assert old.last.kind is Kind.ACT
                assert old.last.effect == "none"


@played
@given(worlds)
def test_a_run_succeeds_if_and_only_if_every_step_passed(world):
    world.play()
    everything_passed = all(facts.state in PASSED for facts in world.snapshot.steps.values())
    assert (world.snapshot.run_state is RunState.SUCCEEDED) == everything_passed


@played
@given(worlds)
def test_tries_and_lost_workers_are_bounded(world):
    world.play()
    for step in world.definition.steps:
        facts = world.snapshot.steps[step.id]
        assert facts.tries <= step.retry.attempts
        assert facts.losses <= MAX_LOSSES


@given(definitions(max_steps=20))
def test_plan_order_puts_every_step_behind_its_needs(definition):
    place = {step.id: index for index, step in enumerate(definition.plan_order)}
    assert len(place) == len(definition.steps)
    assert all(place[need] < place[step.id] for step in definition.steps for need in step.needs)


@given(definitions(), st.sampled_from([state for state in RunState if state is not RunState.RUNNING]))
def test_a_run_that_ended_moves_no_more(definition, ended):
    assert plan(definition, Snapshot(ended, start(definition).steps)) == ()
