"""Properties of the planner over generated plans, with a world that succeeds, fails, loses workers and says no."""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runbooks.engine.board import Board
from runbooks.engine.facts import Snapshot, Verdict
from runbooks.engine.planner import plan
from runbooks.states import RunState
from tests.runbooks import promises
from tests.runbooks.plans import definitions, start
from tests.runbooks.world import World

chances = st.integers(0, 2**32).map(random.Random)
worlds = st.builds(World, definitions(), chances, whims=st.integers(0, 6))
unhurried = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow, HealthCheck.data_too_large]}


@settings(max_examples=500, **unhurried)
@given(worlds)
def test_every_promise_is_kept(world):
    promises.keep_all(world)


@pytest.mark.slow
@settings(max_examples=10_000, **unhurried)
@given(worlds)
def test_every_promise_is_kept_ten_thousand_times(world):
    promises.keep_all(world)


@settings(max_examples=100, **unhurried)
@given(definitions(), chances)
def test_a_plan_that_stands_still_without_people_waits_for_one_that_has_a_name(definition, chance):
    world = World(definition, chance, people=False)
    world.play(promises.MOST_EVENTS)
    if world.board.run_state is RunState.RUNNING:
        world.people = True
        assert list(world.choices())


@settings(max_examples=100, **unhurried)
@given(definitions(), chances)
def test_nothing_is_done_without_the_consent_it_needs(definition, chance):
    world = World(definition, chance, careful=False)
    world.play(promises.MOST_EVENTS)
    approved = set()
    for snapshot in world.snapshots:
        approved |= {row for row, facts in snapshot.steps.items() if facts.verdict is Verdict.APPROVED}
    for row, _ in world.acts:
        assert world.spec(row).approval is None or row in approved


@settings(max_examples=100, **unhurried)
@given(definitions(), chances, st.randoms(use_true_random=False))
def test_the_order_in_which_facts_are_told_changes_nothing(definition, chance, shuffling):
    world = World(definition, chance, careful=False)
    world.play(promises.MOST_EVENTS)
    for snapshot, transitions in zip(world.snapshots, world.plans, strict=True):
        rows = list(snapshot.steps.items())
        shuffling.shuffle(rows)
        board = Board(definition, Snapshot(**{**fields(snapshot), "steps": dict(rows)}))
        assert plan(board) == transitions


def fields(snapshot: Snapshot) -> dict:
    return {name: getattr(snapshot, name) for name in snapshot.__slots__}


@given(definitions(max_steps=20))
def test_plan_order_puts_every_step_behind_its_needs(definition):
    place = {step.id: index for index, step in enumerate(definition.plan_order)}
    assert len(place) == len(definition.steps)
    assert all(place[need] < place[step.id] for step in definition.steps for need in step.needs)


@given(definitions(), st.sampled_from([state for state in RunState if state not in ("running", "paused")]))
def test_a_run_that_ended_moves_no_more(definition, ended):
    assert plan(definition, Snapshot(ended, start(definition).steps)) == ()
