"""Which outputs are surely there when a step runs: those of steps before it that were surely done.

A step may be passed and leave nothing: its `when` was false, a decision took another way, or the group that it stands
in passed or was accepted without it. The way to a step is kept as alternatives, each a set of choices of decisions.
"""

from functools import cached_property

from plumbing.expressions import ExpressionError, names_in
from runbooks.definitions.tree import Tree
from runbooks.engine.model import Definition, OnFailure, Step

Choice = tuple[str, frozenset[str]]  # a decision, and the cases that lead here
Way = frozenset[Choice]  # all of them were made so
Ways = frozenset[Way]  # one of them came true

ALWAYS: Ways = frozenset({frozenset()})
MOST_WAYS = 64  # beyond them nothing is said: an author of such a plan is not told off for what can't be worked out
FORGIVING = frozenset({OnFailure.CONTINUE, OnFailure.QUORUM})  # a group that may end well with failures in it
LASTING = frozenset({"inputs", "env", "incident", "run"})  # what a condition may read to be the same for two steps


class Presence:
    """Answers for one definition whose plan has an order. Works things out when it is first asked."""

    def __init__(self, definition: Definition) -> None:
        self.definition, self.tree = definition, Tree(definition)
        self.place = {step.id: index for index, step in enumerate(definition.plan_order)}

    @cached_property
    def before(self) -> dict[str, int]:
        """For each step those that are over when it starts, as bits by their place in the plan's order."""
        found: dict[str, int] = {}
        for step in self.definition.plan_order:
            bits = 0
            for need in step.needs:
                bits |= found[need] | 1 << self.place[need]
            found[step.id] = bits
        return found

    def is_before(self, step: str, other: str) -> bool:
        """Whether `other` is over when `step` starts."""
        return bool(self.before[step] >> self.place[other] & 1)

    def why_missing(self, step: Step, other: Step) -> str:
        """Why the output of `other` may not be there when `step` runs; "" when it surely is. `other` is before it."""
        if other.when and not (other.when == step.when and _lasts(other.when)):
            return f"`{other.id}` is skipped when its `when` is false"
        if group := self._forgiving_group(step, other):
            return f"section `{group}` may pass without `{other.id}`"
        if not self._leads_to(self.ways[step.id], self.ways[other.id]):
            return f"a decision may bypass `{other.id}` and not this step"
        return ""

    def _forgiving_group(self, step: Step, other: Step) -> str:
        """A group around `other`, but not around `step`, that may end well although `other` failed."""
        around = self.tree.around(step.id)
        for section in self.tree.around(other.id):
            if section in around:
                return ""
            strategy = self.tree.sections[section].strategy
            if strategy is not None and strategy.on_failure in FORGIVING:
                return section
        return ""

    @staticmethod
    def _leads_to(here: Ways | None, there: Ways | None) -> bool:
        """Whether every way here is a way there too."""
        if here is None or there is None:
            return True
        return all(any(_covers(way, other) for other in there) for way in here)

    @cached_property
    def ways(self) -> dict[str, Ways | None]:
        """The ways to each step; None where there are too many. The planner says the same by `Board.is_dead`."""
        openers = self._openers()
        found: dict[str, Ways | None] = {}
        for step in self.definition.plan_order:
            ways = _either([found[need] for need in step.needs]) if step.needs else ALWAYS
            for level in (step.id, *self.tree.around(step.id)) if openers else ():
                if level in openers:
                    ways = _both(ways, _either([self._opened(choice, found) for choice in openers[level].items()]))
            found[step.id] = ways
        return found

    def _openers(self) -> dict[str, dict[str, frozenset[str]]]:
        """step or section -> decision -> the cases of it that open that."""
        found: dict[str, dict[str, frozenset[str]]] = {}
        for decision in self.definition.steps:
            for case in decision.decide.cases if decision.decide else ():
                for level in case.go:
                    cases = found.setdefault(level, {})
                    cases[decision.id] = cases.get(decision.id, frozenset()) | {case.id}
        return found

    def _opened(self, choice: Choice, found: dict[str, Ways | None]) -> Ways | None:
        decision, cases = choice
        spec = self.definition.by_id[decision].decide
        every = frozenset(case.id for case in spec.cases) if spec else frozenset()
        way: Way = frozenset() if cases == every else frozenset({choice})
        return _both(found[decision], frozenset({way}))


def _lasts(when: str) -> bool:
    try:
        return all(path[0] in LASTING for path in names_in(when))
    except ExpressionError:
        return False


def _covers(way: Way, other: Way) -> bool:
    """Whether taking `way` means that `other` came true."""
    made = dict(way)
    return all(decision in made and made[decision] <= cases for decision, cases in other)


def _both(one: Ways | None, other: Ways | None) -> Ways | None:
    if one is None or other is None:
        return None
    found = set()
    for left in one:
        for right in other:
            made = dict(left)
            for decision, cases in right:
                made[decision] = made.get(decision, cases) & cases
            if all(made.values()):
                found.add(frozenset(made.items()))
    return _shortest(found)


def _either(all_ways: list[Ways | None]) -> Ways | None:
    if ALWAYS in all_ways:
        return ALWAYS
    if len(all_ways) == 1:
        return all_ways[0]
    if None in all_ways:
        return None
    return _shortest({way for ways in all_ways if ways is not None for way in ways})


def _shortest(ways: set[Way]) -> Ways | None:
    """Without the ways that are part of another one; those that differ in one decision alone are made one."""
    merged = _merged(ways)
    kept = {way for way in merged if not any(way != other and _covers(way, other) for other in merged)}
    return frozenset(kept) if len(kept) <= MOST_WAYS else None


def _merged(ways: set[Way]) -> set[Way]:
    for way in sorted(ways, key=lambda way: sorted((decision, sorted(cases)) for decision, cases in way)):
        for decision, cases in way:
            rest = way - {(decision, cases)}
            for other in ways - {way}:
                found = dict(other)
                if found.keys() == dict(way).keys() and other - {(decision, found[decision])} == rest:
                    return _merged((ways - {way, other}) | {rest | {(decision, cases | found[decision])}})
    return ways
