"""The picture of a plan for templates: boxes with words, edges beneath. Of a version, or of a run as it stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse

from runbooks.engine.layout import Box, Layout
from runbooks.engine.model import Definition, Step
from runbooks.selectors import RunOverview, StepOverview, picture_of
from runbooks.states import SETTLED_STEPS, StepState


@dataclass(frozen=True)
class Node:
    """One step in the picture. fact: its second line. after: titles of the steps it needs. href: "" for no link."""

    id: str
    title: str
    state: str
    word: str
    fact: str
    after: str
    needs: str
    href: str
    box: Box


@dataclass(frozen=True)
class Line:
    """One edge. kinds: any of "past", "crit"."""

    path: str
    kinds: tuple[str, ...]


@dataclass(frozen=True)
class Picture:
    """All of it, in pixels."""

    width: float
    height: float
    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]


def of_definition(definition: Definition) -> Picture:
    """The plan before it ran: every step waits."""
    layout, critical = picture_of(definition)
    nodes = tuple(
        Node(step.id, step.title, StepState.WAITING, what(step), what(step), _titles(definition, step.needs),
             " ".join(f"step:{need}" for need in step.needs), f"#L{step.line}", layout.boxes[step.id])
        for step in definition.plan_order
    )  # fmt: skip
    return Picture(layout.width, layout.height, nodes, _lines(layout, critical, frozenset()))


def of_run(overview: RunOverview) -> Picture:
    """The plan as it stands in a run; each box leads to the page of its step."""
    by_id, uid = overview.by_id, overview.run.uid
    past = frozenset(step.step.id for step in overview.steps if step.state in SETTLED_STEPS)
    nodes = tuple(
        Node(step.id, step.title, by_id[step.id].state, by_id[step.id].state.label, short(by_id[step.id]),
             ", ".join(by_id[step.id].after), " ".join(f"step:{need}" for need in step.needs),
             reverse("runbooks:step", args=[uid, step.id]), overview.picture.boxes[step.id])
        for step in overview.definition.plan_order
    )  # fmt: skip
    return Picture(
        overview.picture.width, overview.picture.height, nodes, _lines(overview.picture, overview.critical, past)
    )


def what(step: Step) -> str:
    """What a step is, in two words that fit its box: that it needs consent, else who or what does it."""
    if step.approval:
        return "needs approval"
    return "By a person" if step.human else step.action


def fact(step: StepOverview) -> str:
    """What matters now of a step in a run."""
    if step.state == StepState.WAITING:
        return f"After {', '.join(step.after)}" if step.after else "Waiting"
    if step.request is not None:
        asked = [str(row.user) for row in step.request.asked.all()]
        return f"Needs {', '.join(asked)}" if asked else "Nobody can approve it"
    if step.step.human and step.assignee and not step.is_over:
        return f"{step.state.label}, {step.assignee}"
    return step.state.label if step.row.tries < 2 else f"{step.state.label}, try {step.row.tries}"


def short(step: StepOverview) -> str:
    """The same, as short as a box is wide."""
    if step.state == StepState.WAITING and len(step.after) > 1:
        return f"After {len(step.after)} steps"
    return fact(step).partition(", ")[0]


def _titles(definition: Definition, needs: Iterable[str]) -> str:
    return ", ".join(definition.by_id[need].title for need in needs)


def _lines(layout: Layout, critical: frozenset[tuple[str, str]], past: frozenset[str]) -> tuple[Line, ...]:
    def kinds(a: str, b: str) -> tuple[str, ...]:
        return tuple(kind for kind, holds in (("past", {a, b} <= past), ("crit", (a, b) in critical)) if holds)

    return tuple(Line(edge.path, kinds(edge.a, edge.b)) for edge in layout.edges)
