"""Turns what an author says about order into needs of steps: models, sections and decisions become edges. Pure.

Only the ends of a section are tied: its *exits* (steps that nothing inside needs) and its *entries* (steps that need
nothing inside). What lies between follows from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from runbooks.definitions.tree import ROOT, Tree
from runbooks.engine.graph import graph_of
from runbooks.engine.model import Definition, Model, OnFailure

MOST_EDGES = 100_000
COUNTS_BRANCHES = frozenset({OnFailure.CONTINUE, OnFailure.QUORUM})

Edges = dict[str, dict[str, str]]  # step -> the step that it needs -> path of the field that says so


@dataclass(frozen=True)
class Tie:
    """`after` waits for `before`; each is a step or a section. path: the field that says so."""

    before: str
    after: str
    path: str
    decides: bool = False  # `before` is a decision that opens `after` or bypasses it


class TooManyEdges(ValueError):
    """The ties would make more edges than MOST_EDGES. tie: the one that went over it."""

    def __init__(self, tie: Tie) -> None:
        super().__init__(tie)
        self.tie = tie


def expanded(definition: Definition, edges: Edges | None = None) -> Definition:
    """The definition with every edge in `step.needs`, and watches that name steps alone.

    edges: those of `edges_of`, if they are known already. Raises TooManyEdges."""
    edges = edges_of(definition) if edges is None else edges
    tree = Tree(definition)
    return replace(
        definition,
        steps=tuple(replace(step, needs=tuple(edges[step.id])) for step in definition.steps),
        watches=tuple(replace(watch, steps=tree.steps_of(watch.steps)) for watch in definition.watches),
    )


def linearised(definition: Definition) -> Definition:
    """One chain of everything, in the order of the plan, for a policy that allows one step at a time.

    Where a decision could bypass a step, or a group counts its branches, the chain is kept in `after`, which says
    nothing about bypassing and ties no branches together."""
    groups = (definition.strategy, *(section.strategy for section in definition.sections))
    counts = any(group is not None and group.on_failure in COUNTS_BRANCHES for group in groups)
    apart = counts or any(step.decide for step in definition.steps)
    chain = _chain(definition) if apart else {}
    chained = {ordered.id: (before.id,) for before, ordered in pairwise(definition.plan_order)}
    steps = []
    for step in definition.steps:
        before = tuple(id_ for id_ in (chain if apart else chained).get(step.id, ()) if id_ not in step.needs)
        steps.append(replace(step, after=before) if apart else replace(step, needs=(*before, *step.needs)))
    return replace(definition, steps=tuple(steps))


def _chain(definition: Definition) -> dict[str, list[str]]:
    """What each step comes after: the step before it, and where that stands in a group that this one stands outside
    of, also the nearest one before that group's: such a group may end well with steps that have not begun."""
    graph, order, chain = graph_of(definition), definition.plan_order, dict[str, list[str]]()
    around = [graph.above[graph.group_of[step.id]] for step in order]
    for place, step in enumerate(order):
        links, passed_by = list[str](), set[str]()  # passed_by: innermost groups on the way back
        for before in range(place - 1, -1, -1):
            if passed_by.isdisjoint(around[before]):
                links.append(order[before].id)
            if around[before][0] in around[place]:
                break  # no group lets it pass: it has, and so has all before it
            passed_by.add(around[before][0])
        chain[step.id] = links
    return chain


def ties_of(definition: Definition, tree: Tree) -> Iterator[Tie]:
    """Everything that the author says about order: by a linear model, by needs, by decisions."""
    for section, children in tree.children.items():
        if tree.model_of(section) is Model.LINEAR:
            path = f"sections.{section}.model" if section else "model"
            yield from (Tie(before, after, path) for before, after in pairwise(children))
    for step in definition.steps:
        yield from (Tie(need, step.id, f"steps.{step.id}.needs") for need in step.needs)
        for index, case in enumerate(step.decide.cases if step.decide else (), 1):
            path = f"steps.{step.id}.decide.cases.{index}.go"
            yield from (Tie(step.id, target, path, decides=True) for target in case.go)
    for each in definition.sections:
        yield from (Tie(need, each.id, f"sections.{each.id}.needs") for need in each.needs)


def edges_of(definition: Definition) -> Edges:
    """All edges between steps. Every name must exist, and nothing may wait for what it stands in (`checks`)."""
    return _Expansion(definition).edges


class _Expansion:
    """Works from the innermost sections outward, so that the ends of a section are known when it is tied."""

    def __init__(self, definition: Definition) -> None:
        self.tree = Tree(definition)
        self.edges: Edges = {step.id: {} for step in definition.steps}
        self.count = 0
        self.ends: dict[str, tuple[list[str], list[str]]] = {}
        ties = [(self._home(tie), tie) for tie in ties_of(definition, self.tree)]
        for _, tie in sorted(ties, key=lambda found: -len(self.tree.around(found[0]))):
            self._tie(tie, self._exits(tie.before), self._entries(tie.after))
        for _, tie in ties:
            if tie.decides:
                self._tie(tie, [tie.before], self._side_doors(tie))

    def _home(self, tie: Tie) -> str:
        """The innermost section that has both ends in it."""
        around = self.tree.around(tie.before)
        return next((section for section in self.tree.around(tie.after) if section in around), ROOT)

    def _tie(self, tie: Tie, before: list[str], after: list[str]) -> None:
        self.count += len(before) * len(after)
        if self.count > MOST_EDGES:
            raise TooManyEdges(tie)
        for step in after:
            for need in before:
                self.edges[step].setdefault(need, tie.path)

    def _entries(self, name: str) -> list[str]:
        return self._ends(name)[0]

    def _exits(self, name: str) -> list[str]:
        return self._ends(name)[1]

    def _ends(self, name: str) -> tuple[list[str], list[str]]:
        """(entries, exits) of a section; a step is both."""
        if name not in self.tree.sections:
            return [name], [name]
        if name not in self.ends:
            members = self.tree.members[name]
            inside = set(members)
            needed = {need for step in members for need in self.edges[step] if need in inside}
            entries = [step for step in members if inside.isdisjoint(self.edges[step])]
            self.ends[name] = entries, [step for step in members if step not in needed]
        return self.ends[name]

    def _side_doors(self, tie: Tie) -> list[str]:
        """Steps of a decision's section that also need something outside, which must not let them in alone."""
        inside = set(self.tree.members.get(tie.after, ()))
        return [step for step in self.tree.members.get(tie.after, ()) if not inside.issuperset(self.edges[step])]
