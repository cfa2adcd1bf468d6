"""A run again, from a step on: what is kept of the first one, and what would be done a second time. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbooks.engine.migrating import deed_of
from runbooks.engine.model import Definition, Effect, Step
from runbooks.states import PASSED_STEPS, StepState

MAY_HAVE_HAPPENED = frozenset({StepState.DONE, StepState.UNKNOWN, StepState.STUCK, StepState.RUNNING})


@dataclass(frozen=True)
class Twice:
    """A step that may have happened and would be done again. why: what makes it safe, or not."""

    step: str
    title: str
    why: str


@dataclass(frozen=True)
class Repetition:
    """What a rerun does. Steps in the order of the new plan.

    kept: stay as they came out, with their outputs. safe: done a second time without harm. unsafe: done a second
    time, and nobody promised that this is harmless. fresh: never happened, or were taken back."""

    kept: tuple[str, ...]
    safe: tuple[Twice, ...]
    unsafe: tuple[Twice, ...]
    fresh: tuple[str, ...]


def repetition(
    old: Definition, new: Definition, start: str, states: Mapping[str, StepState], effects: Mapping[str, Effect]
) -> Repetition:
    """What a run of `new` from `start` on keeps and repeats of a run of `old` with these states and effects.

    Raises KeyError when `new` has no step `start`."""
    again = behind(new, start)
    kept = {step.id for step in new.steps if step.id not in again and _may_be_kept(old, step, states)}
    twice = [step for step in new.steps if step.id not in kept and _happened(step.id, states, effects)]
    told = {step.id for step in twice}
    return Repetition(
        kept=tuple(step.id for step in new.steps if step.id in kept),
        safe=tuple(Twice(step.id, step.title, "It repeats without harm.") for step in twice if step.idempotent),
        unsafe=tuple(Twice(step.id, step.title, _danger(states[step.id])) for step in twice if not step.idempotent),
        fresh=tuple(step.id for step in new.steps if step.id not in kept | told),
    )


def behind(definition: Definition, start: str) -> frozenset[str]:
    """The step, and everything that needs it, directly or through others. Raises KeyError."""
    found = {definition.by_id[start].id}
    for step in definition.plan_order:
        if not found.isdisjoint(step.needs):
            found.add(step.id)
    return frozenset(found)


def _may_be_kept(old: Definition, step: Step, states: Mapping[str, StepState]) -> bool:
    """It passed, and the new version would do the same."""
    return states.get(step.id) in PASSED_STEPS and deed_of(old.by_id[step.id]) == deed_of(step)


def _happened(step: str, states: Mapping[str, StepState], effects: Mapping[str, Effect]) -> bool:
    state = states.get(step)
    return state in MAY_HAVE_HAPPENED or (state is StepState.FAILED and effects.get(step) is not Effect.NONE)


def _danger(state: StepState) -> str:
    if state is StepState.DONE:
        return "It was done, and it doesn't say that doing it twice is harmless."
    return "It may have happened, at least in part, and it doesn't say that doing it twice is harmless."


def asked_for(repetition: Repetition, accepted: Iterable[str]) -> tuple[Twice, ...]:
    """The unsafe steps to whose repetition nobody has said yes yet."""
    given = frozenset(accepted)
    return tuple(each for each in repetition.unsafe if each.step not in given)
