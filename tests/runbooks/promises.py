"""What docs/engine.md promises, as checks of a world that has been played. Each raises AssertionError."""

from collections.abc import Iterator

from runbooks.engine.applying import applied
from runbooks.engine.facts import (
    AddUndo,
    EndRun,
    GroupFacts,
    Kind,
    MoveGroup,
    MoveStep,
    QueueAttempt,
    Snapshot,
    Transition,
)
from runbooks.engine.model import Effect, OnFailure, Step
from runbooks.states import GROUP_MOVES, RUN_MOVES, STEP_MOVES, AttemptState, GroupState, Role, RunState, StepState
from tests.runbooks.reference import interpret
from tests.runbooks.reference_facts import Plan
from tests.runbooks.world import World

S, G = StepState, GroupState
OPENED = (S.APPROVAL, S.LOCKED, S.READY, S.RUNNING)
MOST_EVENTS = 1000
ENDS = {  # states that a group of this strategy may come to; a person's answer, an undo of the run, a visit included
    OnFailure.STOP: {G.OPEN, G.PASSED, G.FAILED, G.ACCEPTED},
    OnFailure.FAIL_FAST: {G.OPEN, G.PASSED, G.UNDOING, G.UNDONE, G.ACCEPTED},
    OnFailure.CONTINUE: set(G),
    OnFailure.QUORUM: set(G),
}

Look = tuple[Snapshot, Transition]


def keep_all(world: World) -> None:
    """Play the world to its end and check everything."""
    world.play(MOST_EVENTS)
    it_ends(world)
    looks = list(every_transition(world))
    moves_stay_on_the_tables(world, looks)
    nothing_starts_before_its_needs(world, looks)
    nothing_is_repeated_that_may_do_harm(world, looks)
    groups_end_as_their_strategy_says(world, looks)
    undo_is_for_what_happened(world, looks)
    nothing_is_taken_back_twice(world, looks)
    undo_goes_backwards(world, looks)
    the_second_interpreter_agrees(world)


def every_transition(world: World) -> Iterator[Look]:
    """Each transition, with the facts right before it."""
    for snapshot, transitions in zip(world.snapshots, world.plans, strict=True):
        for transition in transitions:
            yield snapshot, transition
            snapshot = applied(snapshot, (transition,))


def it_ends(world: World) -> None:
    assert world.events < MOST_EVENTS, "no end in sight"
    assert world.board.run_state not in (RunState.RUNNING, RunState.PAUSED), "it waits for nobody in particular"


def moves_stay_on_the_tables(world: World, looks: list[Look]) -> None:
    for before, transition in looks:
        match transition:
            case MoveStep(step, to):
                assert to in STEP_MOVES[before.steps[step].state], (step, before.steps[step].state, to)
            case MoveGroup(group, to):
                assert to in GROUP_MOVES[before.groups.get(group, GroupFacts()).state]
            case EndRun(state):
                assert state in RUN_MOVES[before.run_state]
            case QueueAttempt(step, _, number):
                facts = before.steps[step]
                assert facts.last is None or not facts.last.open, "two attempts at once"
                assert facts.tries <= number <= facts.tries + 1


def nothing_starts_before_its_needs(world: World, looks: list[Look]) -> None:
    for before, transition in looks:
        if isinstance(transition, MoveStep) and transition.to in OPENED:
            facts = before.steps[transition.step]
            if facts.role is Role.STEP and facts.state is S.WAITING:
                naive = Plan(world.definition, before)
                step = world.definition.by_id[transition.step]
                assert all(naive.passes(need, step.id) for need in (*step.needs, *step.after))
                assert before.run_state is RunState.RUNNING
                assert not facts.held


def nothing_is_repeated_that_may_do_harm(world: World, looks: list[Look]) -> None:
    """By itself: an attempt that follows a failure, a loss or a missed probe, without a person's word between."""
    for before, transition in looks:
        if not isinstance(transition, QueueAttempt) or transition.kind is not Kind.ACT:
            continue
        facts, step = before.steps[transition.step], Plan(world.definition, before).spec(transition.step)
        last = facts.last
        assert facts.state is S.READY, "only a ready step is queued"
        if last is not None and last.kind is Kind.ACT and last.state is AttemptState.FAILED:
            approved = step.may_override_retry and last.effect is Effect.MAYBE
            assert is_harmless(step) or last.effect is Effect.NONE or approved
        if last is not None and last.kind is Kind.ACT and last.state is AttemptState.LOST:
            assert is_harmless(step) or step.decide
            assert transition.number == facts.tries
        if last is not None and last.kind is Kind.VERIFY:
            assert is_harmless(step)
            assert transition.group > facts.group


def is_harmless(step: Step) -> bool:
    return step.idempotent or step.harmless


def groups_end_as_their_strategy_says(world: World, looks: list[Look]) -> None:
    graph = world.board.graph
    for _, transition in looks:
        if isinstance(transition, MoveGroup):
            strategy = graph.strategy(transition.group).on_failure
            by_a_person = transition.group == "" and transition.to in (G.UNDOING, G.UNDONE)
            assert transition.to in ENDS[strategy] or by_a_person
    if world.board.run_state is RunState.SUCCEEDED:
        state = world.board.state_of("")
        assert state in (G.OPEN, G.PASSED, G.ACCEPTED)
    assert (world.board.run_state is RunState.UNDONE) == (world.board.state_of("") is G.UNDONE)


def undo_is_for_what_happened(world: World, looks: list[Look]) -> None:
    acted = {row for row, _ in world.acts}
    for before, transition in looks:
        if not isinstance(transition, AddUndo | MoveStep | MoveGroup):
            continue
        if isinstance(transition, MoveStep | MoveGroup) and transition.to not in (S.UNDOING, G.UNDONE):
            continue
        naive = Plan(world.definition, before)
        if isinstance(transition, AddUndo):
            was = before.steps[transition.step]
            assert was.state is S.UNDOING
            assert transition.step in acted, "undone, but never begun"
        if (
            isinstance(transition, MoveStep)
            and transition.to is S.UNDOING
            and before.steps[transition.step].state != S.STUCK
        ):
            rows = naive.items(transition.step) or [transition.step]
            assert any(naive.happened(row) for row in rows)
        if isinstance(transition, MoveGroup) and transition.to is G.UNDONE:
            inside = naive.inside(transition.group)
            assert not any(naive.owes(step) for step in inside), "the group is undone, but something is left"
            assert not any(before.steps[step].state in (S.UNDOING, S.STUCK) for step in inside)


def nothing_is_taken_back_twice(world: World, looks: list[Look]) -> None:
    """What was taken back is taken back once more only if it was done once more, in a later visit."""
    undone: dict[str, int] = {}
    for before, transition in looks:
        match transition:
            case MoveStep(row, S.UNDONE):
                undone[row] = before.steps[row].group
            case AddUndo(row) if row in undone:
                assert any(acted == row and group > undone[row] for acted, group in world.acts), row


def undo_goes_backwards(world: World, looks: list[Look]) -> None:
    """No undo begins before everything that came after it, in its group, is taken back."""
    after = followers(world)
    for before, transition in looks:
        if not isinstance(transition, MoveStep) or before.steps[transition.step].role is not Role.UNDO:
            continue
        if before.steps[transition.step].state is not S.WAITING:
            continue
        naive = Plan(world.definition, before)
        owner = naive.owner(transition.step)
        same = [step for step in after[owner] if naive.around(step)[0] == naive.around(owner)[0]]
        left = [step for step in same if before.steps[step].state in (S.UNDOING, S.STUCK)]
        assert not left, (transition.step, left)


def followers(world: World) -> dict[str, set[str]]:
    """All steps that need a step, over any number of others."""
    found: dict[str, set[str]] = {step.id: set() for step in world.definition.steps}
    for step in reversed(world.definition.plan_order):
        for need in (*step.needs, *step.after):
            found[need] |= {step.id} | found[step.id]
    return found


def the_second_interpreter_agrees(world: World) -> None:
    for before, transitions in zip(world.snapshots, world.plans, strict=True):
        mine, other = applied(before, transitions), interpret(world.definition, before)
        assert mine.run_state is other.run_state
        assert mine.steps == other.steps
        groups = set(mine.groups) | set(other.groups)
        assert {g: mine.groups.get(g, GroupFacts()) for g in groups} == {
            g: other.groups.get(g, GroupFacts()) for g in groups
        }
