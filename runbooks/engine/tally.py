"""The facts of a run, and how its groups and branches stand: counted along with each change. Decides nothing."""

from runbooks.engine.counts import (
    GROUP_BROKEN,
    GROUP_PASSED,
    TAKEN_BACK,
    Items,
    Node,
    Stand,
    happened,
    has_undo,
    stand_of,
)
from runbooks.engine.facts import GroupFacts, StepFacts
from runbooks.engine.graph import ROOT, graph_of
from runbooks.engine.model import Definition, OnFailure, Rest, Step
from runbooks.states import PASSED_STEPS, GroupState, Role

FREEZING = frozenset({GroupState.UNDOING, GroupState.UNDONE, GroupState.ACCEPTED})
BRANCHED = frozenset({OnFailure.CONTINUE, OnFailure.QUORUM})


class Tally:
    """`steps` and `groups` are to be read only; a step without a row yet has the facts of StepFacts()."""

    def __init__(self, definition: Definition) -> None:
        self.definition, self.graph = definition, graph_of(definition)
        self.steps: dict[str, StepFacts] = {}
        self.groups: dict[str, GroupFacts] = {}
        self.loops: dict[str, Items] = {}
        graph = self.graph
        self.nodes = {g: Node(len(graph.steps_in[g]) + len(graph.groups_in[g])) for g in graph.groups}
        self._branch_of: dict[str, Node] = {}  # of a step, or of a group inside its parent
        for group in graph.groups:
            if graph.strategy(group).on_failure in BRANCHED:
                self._prepare_branches(group)
        self._nodes_above = {group: self._find_nodes_above(group) for group in graph.groups}
        self.missing = {step: len(needs) for step, needs in graph.needs.items()}
        self._stands: dict[str, Stand] = {}
        self._owing: set[str] = set()
        for step in definition.steps:
            self.steps[step.id] = StepFacts()
            self._stands[step.id] = Stand.WAITS
            if step.loop is not None:
                self.loops[step.id] = Items()
            for node in self.nodes_of(step.id):
                node.counts[Stand.WAITS] += 1

    def _prepare_branches(self, group: str) -> None:
        node = self.nodes[group]
        for branch in self.graph.branches(group):
            made = Node(len(branch.steps) + len(branch.groups), node)
            node.branches.append(made)
            self._branch_of |= dict.fromkeys((*branch.steps, *branch.groups), made)

    def _find_nodes_above(self, group: str) -> tuple[Node, ...]:
        """Nodes of everything around a group: its branch, its parent, the parent's branch, …"""
        if group == ROOT:
            return ()
        parent = self.graph.above[group][1]
        branch = (self._branch_of[group],) if group in self._branch_of else ()
        return (*branch, self.nodes[parent], *self._find_nodes_above(parent))

    def nodes_of(self, step: str) -> tuple[Node, ...]:
        """Everything that the step is counted in, innermost first."""
        group = self.graph.group_of[step]
        branch = (self._branch_of[step],) if step in self._branch_of else ()
        return (*branch, self.nodes[group], *self._nodes_above[group])

    def spec(self, row: str) -> Step:
        """What a row is about. Raises KeyError for an unknown one."""
        facts = self.steps[row]
        return self.graph.spec(row, facts.role, facts.of)

    def group(self, group: str) -> GroupFacts:
        return self.groups.get(group) or GroupFacts()

    def state_of(self, group: str) -> GroupState:
        return self.group(group).state

    def owner(self, row: str) -> str:
        """The step of the definition that a row belongs to; empty for a watch."""
        facts = self.steps[row]
        while facts.role is not Role.STEP and facts.of:
            row, facts = facts.of, self.steps[facts.of]
        return row if facts.role is Role.STEP else ""

    def group_of(self, row: str) -> str:
        """The group that a step, an item or an undo belongs to."""
        return self.graph.group_of.get(self.owner(row), ROOT)

    def stand(self, step: str) -> Stand:
        return self._stands[step]

    def is_frozen(self, group: str) -> bool:
        """Whether no step of the group may begin any more."""
        return any(self.state_of(each) in FREEZING for each in self.graph.above[group])

    def closes(self, group: str) -> bool:
        """Whether it has made up its mind, so that failures inside it mean nothing any more."""
        state = self.state_of(group)
        return state in FREEZING or (state is GroupState.PASSED and self.cuts(group))

    def cuts(self, group: str) -> bool:
        """Whether it is content with a quorum, and lets nobody else begin."""
        strategy = self.graph.strategy(group)
        return strategy.on_failure is OnFailure.QUORUM and strategy.rest is not Rest.FINISH

    def passes(self, need: str, between: tuple[str, ...]) -> bool:
        """Whether a need passes, seen from outside of the groups `between`."""
        return self.steps[need].state in PASSED_STEPS or self.is_let_pass(between)

    def is_let_pass(self, between: tuple[str, ...]) -> bool:
        return any(self.state_of(group) in GROUP_PASSED for group in between)

    def restand(self, row: str) -> None:
        """Count a step anew after a change of it, of its items, or of its groups."""
        facts, spec, was = self.steps[row], self.graph.by_id[row], self._stands[row]
        above = self.graph.above[self.graph.group_of[row]]
        now = stand_of(spec, facts, closed=any(self.closes(group) for group in above))
        self._owe(row, spec, facts)
        if now is was:
            return
        self._stands[row] = now
        nodes = self.nodes_of(row)
        for node in nodes:
            node.counts[was] -= 1
            node.counts[now] += 1
        passed = (now is Stand.PASSED) - (was is Stand.PASSED)
        broken = (now is Stand.BROKEN) - (was is Stand.BROKEN)
        if passed or broken:
            for node in nodes[: 1 + (row in self._branch_of)]:
                node.member(passed, broken)

    def _owe(self, row: str, spec: Step, facts: StepFacts) -> None:
        owes = has_undo(spec) and facts.state not in TAKEN_BACK and (row in self.loops or happened(facts))
        owes = owes and (row not in self.loops or self.loops[row].owed > 0)
        if owes is not (row in self._owing):
            (self._owing.add if owes else self._owing.discard)(row)
            for node in self.nodes_of(row):
                node.owed += 1 if owes else -1

    def owes(self, step: str) -> bool:
        """Whether there is something that the step did and its undo can take back."""
        return step in self._owing

    def count_group(self, group: str, state: GroupState, one: int) -> None:
        """Count a group, as it stands, in what is around it (one: 1), or no longer (-1)."""
        above = self._nodes_above[group]
        if state in (GroupState.ASSESSING, GroupState.UNDOING):
            stand = Stand.ASKED if state is GroupState.ASSESSING else Stand.UNDOING
            for node in above:
                node.counts[stand] += one
        elif state is not GroupState.OPEN:
            for node in above[: 1 + (group in self._branch_of)]:
                node.member(one * (state in GROUP_PASSED), one * (state in GROUP_BROKEN))
