"""A snapshot after the planner's transitions: what the shell writes in rows, said in one place. Pure."""

from collections.abc import Mapping
from dataclasses import replace

from runbooks.engine.facts import (
    AddItems,
    AddUndo,
    AskApproval,
    EndRun,
    FreeLocks,
    GroupFacts,
    Kind,
    LastAttempt,
    MoveGroup,
    MoveStep,
    QueueAttempt,
    Revisit,
    SetTimer,
    Settle,
    Snapshot,
    StepFacts,
    TakeBack,
    TakeLocks,
    Transition,
    Verdict,
    item_id,
    undo_id,
)
from runbooks.engine.model import Effect
from runbooks.states import AttemptState, Choice, LockState, Role, StepState

ENDED_BADLY = frozenset({StepState.FAILED, StepState.UNKNOWN, StepState.CANCELLED})
NOT_BEGUN = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY})


def applied(snapshot: Snapshot, transitions: tuple[Transition, ...]) -> Snapshot:
    """The snapshot after the transitions."""
    steps, groups, run_state = dict(snapshot.steps), dict(snapshot.groups), snapshot.run_state
    for transition in transitions:
        match transition:
            case MoveGroup(group, to):
                groups[group] = replace(groups.get(group, GroupFacts()), state=to)
            case Settle(subject, True):
                groups[subject] = replace(groups.get(subject, GroupFacts()), choice=Choice.NONE, choice_why="")
            case EndRun(state):
                run_state = state
            case AddItems() | AddUndo() | Revisit():
                steps.update(renewed(steps, transition))
            case _:
                steps[step_of(transition)] = changed(steps[step_of(transition)], transition)
    return replace(snapshot, run_state=run_state, steps=steps, groups=groups)


def changed(facts: StepFacts, transition: Transition) -> StepFacts:
    """One step's facts after a transition that is about this step alone."""
    match transition:
        case MoveStep(_, to):
            effect = Effect.NONE if facts.state is StepState.UNDONE else facts.effect  # it was taken back
            return replace(again(facts) if is_another_try(facts.state, to) else facts, state=to, effect=effect)
        case QueueAttempt():
            return _queued(facts, transition)
        case AskApproval():
            return replace(facts, verdict=Verdict.PENDING)
        case SetTimer():
            return replace(facts, due=False)
        case TakeLocks():
            return replace(facts, locks=LockState.QUEUED)
        case FreeLocks():
            return replace(facts, locks=LockState.NONE)
        case TakeBack():
            return replace(facts, last=_taken_back(facts.last), verdict=None)
        case Settle():
            return replace(facts, choice=Choice.NONE, choice_why="")
    raise TypeError(f"not about one step: {transition}")


def step_of(transition: Transition) -> str:
    """The row that a transition about one step is about."""
    return transition.subject if isinstance(transition, Settle) else transition.step  # type: ignore[union-attr]


def renewed(steps: Mapping[str, StepFacts], transition: AddItems | AddUndo | Revisit) -> dict[str, StepFacts]:
    """Rows that a transition adds, or lets begin anew."""
    match transition:
        case AddItems(step, count):
            items = {item_id(step, number): StepFacts(role=Role.ITEM, of=step) for number in range(1, count + 1)}
            return {row: facts for row, facts in items.items() if row not in steps}
        case AddUndo(step, needs):
            row = undo_id(step)
            made = StepFacts(role=Role.UNDO, of=step, needs=needs)
            return {row: replace(fresh(steps[row]), needs=needs) if row in steps else made}
        case Revisit(decision, again):
            begun = {step: fresh(steps[step]) for step in again}
            return begun | {decision: replace(begun[decision], visits=steps[decision].visits + 1)}


def fresh(was: StepFacts) -> StepFacts:
    """A row that begins anew: nothing is left of what it did but what may have to be taken back."""
    effect = Effect.MAYBE if was.state is StepState.DONE and was.effect is Effect.NONE else was.effect
    effect = Effect.NONE if was.state is StepState.UNDONE else effect
    return StepFacts(role=was.role, of=was.of, group=was.group + 1, visits=was.visits, held=was.held, effect=effect)


def is_another_try(came_from: StepState, to: StepState) -> bool:
    """Whether a person sends the step into another try by this move: it gets a new key, and its past is history."""
    return came_from in ENDED_BADLY and to in NOT_BEGUN


def again(facts: StepFacts) -> StepFacts:
    """Facts of a step that a person sends into another try."""
    return replace(facts, group=facts.group + 1, losses=0, last=None, verdict=None, choice=Choice.NONE, choice_why="")


def _queued(facts: StepFacts, queue: QueueAttempt) -> StepFacts:
    last = facts.last
    again = last is not None and last.kind is queue.kind and facts.tries == queue.number
    losses = facts.losses if again else 0
    queued = LastAttempt(queue.kind, AttemptState.QUEUED)
    rounds = queue.rounds if queue.kind is Kind.ACT else facts.rounds
    return replace(facts, tries=queue.number, group=queue.group, losses=losses, last=queued, rounds=rounds)


def _taken_back(last: LastAttempt | None) -> LastAttempt | None:
    return replace(last, state=AttemptState.VOID) if last is not None and last.open else last
