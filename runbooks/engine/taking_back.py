"""What an undo would do, said before it starts: what is taken back, in order, what stays and why. Pure.

The order is reverse causal: a step is taken back only when everything that came after it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from runbooks.engine.counts import TAKEN_BACK
from runbooks.engine.graph import graph_of, undo_step
from runbooks.engine.model import Definition, Effect, Step
from runbooks.states import Role, StepState

LIVE = frozenset({StepState.RUNNING, StepState.VERIFYING})
HAPPENED = frozenset({StepState.DONE, StepState.UNKNOWN})


@dataclass(frozen=True)
class Row:
    """A row of the run as far as undo asks about it."""

    step: str
    role: Role
    of: str
    state: StepState
    effect: Effect
    is_kept: bool = False


@dataclass(frozen=True)
class Undone:
    """A step that is taken back, by its own `undo`. live: it ends first, and is taken back if anything happened."""

    step: str
    spec: Step
    live: bool = False


@dataclass(frozen=True)
class Stays:
    """A step whose effect happened, or may have, and that is not taken back."""

    step: str
    title: str
    why: str


@dataclass(frozen=True)
class UndoForecast:
    """What an undo would do. order: what is taken back, the first one first. stays: what can't be, and why."""

    order: tuple[Undone, ...]
    stays: tuple[Stays, ...]


def undo_forecast(definition: Definition, rows: Iterable[Row], scope: Iterable[str]) -> UndoForecast:
    """What an undo of these steps (ids of the definition) would do, with their items, as the rows stand."""
    graph, within = graph_of(definition), frozenset(scope)
    placed = sorted(
        (row for row in rows if (row.of if row.role is Role.ITEM else row.step) in within and _counts(row)),
        key=lambda row: graph.position(row.step, row.role, row.of),
        reverse=True,
    )
    specs = {row.step: graph.spec(row.step, row.role, row.of) for row in placed}
    loops = {row.of for row in placed if row.role is Role.ITEM}
    counted = [row for row in placed if row.step not in loops and not specs[row.step].harmless]
    return UndoForecast(
        order=tuple(
            Undone(row.step, _undo_of(row, specs[row.step]), row.state in LIVE)
            for row in counted
            if not _why_it_stays(row, specs[row.step])
        ),
        stays=tuple(
            Stays(row.step, specs[row.step].title, why)
            for row in counted
            if (why := _why_it_stays(row, specs[row.step]))
        ),
    )


def _counts(row: Row) -> bool:
    """Whether its effect happened, or may have, or may yet."""
    if row.role not in (Role.STEP, Role.ITEM):
        return False
    return row.state in HAPPENED | LIVE or (row.state not in TAKEN_BACK and row.effect is not Effect.NONE)


def _why_it_stays(row: Row, spec: Step) -> str:
    if row.is_kept:
        return "The run that this one repeats did it."
    if spec.undo is None:
        return "Its author gave no way back."
    return spec.undo.none if not spec.undo.action else ""


def _undo_of(row: Row, spec: Step) -> Step:
    return undo_step(f"undo:{row.step}", spec)


def scope_of(definition: Definition, kind: str, name: str) -> tuple[str, ...]:
    """Steps of the whole run, of a group (its id), or of the branch of a step (its id). Raises KeyError."""
    graph = graph_of(definition)
    if kind == "run":
        return tuple(step.id for step in definition.steps)
    if kind == "group":
        return tuple(graph.all_steps(name))
    group = graph.group_of[name]
    branch = next(each for each in graph.branches(group) if name in each.steps)
    inner = (step for each in branch.groups for step in graph.all_steps(each))
    return (*branch.steps, *inner)


def as_words(forecast: UndoForecast) -> Mapping[str, list[str]]:
    """Titles, for the ledger: {"order": [...], "stays": [...]}."""
    return {
        "order": [each.spec.title for each in forecast.order],
        "stays": [f"{each.title} ({each.why.rstrip('.')})" for each in forecast.stays],
    }
