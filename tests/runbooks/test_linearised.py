"""A policy may force one step at a time: the same plan as one chain, with the same ways, groups and undo."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.definitions import parse
from runbooks.definitions.expanding import linearised
from runbooks.engine.facts import GroupFacts
from runbooks.engine.graph import graph_of
from runbooks.engine.model import Definition, OnFailure, Rest, Section, Step, Strategy
from runbooks.states import LIVE_STEPS, GroupState, Role, StepState
from tests.runbooks.plans import definitions
from tests.runbooks.world import World

ENDED_WELL = frozenset({GroupState.PASSED, GroupState.ACCEPTED})  # what stands in them holds up nothing outside
WAYS = """
name: r
title: R
model: adaptive
steps:
  - {id: way, title: W, decide: {cases: [{id: x, when: "true", go: a}, {id: y, go: b}], fallback: human}}
  - {id: a, title: A, action: wait, with: {for: 1s}}
  - {id: b, title: B, action: wait, with: {for: 1s}}
  - {id: c, title: C, needs: [a], action: wait, with: {for: 1s}}
"""


@settings(max_examples=60, deadline=None)
@given(definitions(max_steps=7), st.integers(0, 10_000))
def test_of_a_linearised_plan_one_step_at_a_time_is_under_way(definition, seed):
    chain = linearised(definition)
    graph = graph_of(chain)
    assert [step.id for step in chain.plan_order] == [step.id for step in definition.plan_order]
    world = World(chain, random.Random(seed), careful=False)
    world.play(max_events=150)
    for snapshot in world.snapshots:
        passed = {group for group, facts in snapshot.groups.items() if facts.state in ENDED_WELL}
        under_way = [
            id_
            for id_, facts in snapshot.steps.items()
            if facts.role is Role.STEP
            and facts.state in LIVE_STEPS - {StepState.UNDOING}
            and passed.isdisjoint(graph.above[graph.group_of[id_]])
        ]
        assert len(under_way) <= 1, under_way


def test_a_group_accepted_before_all_of_it_began_lets_nothing_overtake_the_chain():
    """The group's last step never begins, and as nobody waits for that, the one behind it waits for what is between."""
    between = [Step(id_, id_, "http") for id_ in ("b", "c")]
    steps = (Step("a", "A", "http", section="g"), *between, Step("d", "D", "http", section="g"), Step("e", "E", "http"))
    both = Section("g", "Both of a and d", strategy=Strategy(OnFailure.QUORUM, quorum=2, rest=Rest.CANCEL))
    chain = linearised(Definition("r", "R", steps, sections=(both,)))
    assert chain.by_id["e"].after == ("d", "c")
    accepted = 0
    for seed in range(60):
        world = World(chain, random.Random(seed), careful=False)
        world.play()
        for snapshot in world.snapshots:
            if snapshot.groups.get("g", GroupFacts()).state is GroupState.ACCEPTED:
                states = {id_: facts.state for id_, facts in snapshot.steps.items()}
                began = states["e"] is not StepState.WAITING
                assert not began or states["c"] is StepState.DONE, states
                accepted += began and states["d"] is StepState.WAITING
    assert accepted, "no world came to the case"


def test_a_bypassed_step_of_the_chain_lets_the_next_one_on_and_takes_with_it_what_needs_it():
    chain, seen = linearised(parse(WAYS, filename="r.yaml")), set()
    for seed in range(30):
        world = World(chain, random.Random(seed), careful=False)
        world.play()
        states = {id_: facts.state for id_, facts in world.snapshot.steps.items()}
        if states["a"] is StepState.DONE and states["b"] is StepState.BYPASSED:
            assert states["c"] not in (StepState.BYPASSED, StepState.WAITING)
            seen.add("a")
        if states["a"] is StepState.BYPASSED and states["b"] is StepState.DONE:
            assert states["c"] is StepState.BYPASSED  # the chain alone is no way in
            seen.add("b")
    assert seen == {"a", "b"}
