"""Rules as trees of conditions, and their interpreter. Pure; knows no regime.

A condition is true, false, or unknown while a fact that it needs is missing (Kleene's logic). A rule that is unknown
counts as not met, and says which missing facts could change that.

    {true: op}   {gt: {operand: op, value: 10}}   {gt: {ratio_pct: [part, whole], value: 10}}   gte, lt, lte
    {has: {operand: op, any_of: [a, b]}}   {any: [...]}   {all: [...]}   {not: ...}
    {criterion: name}   {sub: id}   {count_gte: {value: 2, of: [names]}}
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import ge, gt, le, lt
from typing import Any

Value = bool | int | float | str | list[str] | None
COMPARE: dict[str, tuple[Callable[[Any, Any], bool], str]] = {
    "gt": (gt, "more than"),
    "gte": (ge, "at least"),
    "lt": (lt, "less than"),
    "lte": (le, "at most"),
}


@dataclass(frozen=True, slots=True)
class Node:
    """One condition. op: its operator; names: operands, criteria or ids that it is about."""

    op: str
    id: str = ""
    names: tuple[str, ...] = ()
    value: Value = None
    children: tuple["Node", ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one condition. result: None while unknown. figure: what was compared, None when not known.

    missing: names of facts that it lacks. matters: whether those could still change the whole rule's outcome."""

    node: Node
    result: bool | None
    figure: Value = None
    missing: tuple[str, ...] = ()
    children: tuple["Finding", ...] = ()
    matters: bool = False

    @property
    def is_met(self) -> bool:
        """Unknown counts as not met."""
        return self.result is True

    def leaves(self) -> Iterator["Finding"]:
        """The comparisons in it, in order."""
        if self.node.op in COMPARE or self.node.op in ("true", "has"):
            yield self
        for child in self.children:
            yield from child.leaves()


@dataclass(frozen=True, slots=True)
class Rules:
    """What a tree may refer to: criteria by name, conditions by id."""

    criteria: Mapping[str, Node]

    def by_id(self, wanted: str) -> Node:
        """The condition of that id in any criterion. Raises KeyError."""
        for root in self.criteria.values():
            for node in every_node(root):
                if node.id == wanted:
                    return node
        raise KeyError(wanted)


def every_node(root: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield root
    for child in root.children:
        yield from every_node(child)


def evaluate(root: Node, facts: Mapping[str, Value], rules: Rules) -> Finding:
    """What becomes of a rule with these facts. A fact that is absent or None is unknown."""
    return _matter(_find(root, facts, rules), undecided=True)


def _find(node: Node, facts: Mapping[str, Value], rules: Rules) -> Finding:
    if node.op in COMPARE:
        return _compare(node, facts)
    if node.op in ("true", "has"):
        return _is_so(node, facts)
    children = tuple(_find(child, facts, rules) for child in _below(node, rules))
    return Finding(node, _combine(node, [child.result for child in children]), children=children)


def _below(node: Node, rules: Rules) -> tuple[Node, ...]:
    if node.op in ("criterion", "count_gte"):
        return tuple(rules.criteria[name] for name in node.names)
    return (rules.by_id(node.names[0]),) if node.op == "sub" else node.children


def _compare(node: Node, facts: Mapping[str, Value]) -> Finding:
    missing = tuple(name for name in node.names if facts.get(name) is None)
    figure = None if missing else _figure(node, facts)
    if figure is None:
        return Finding(node, None, missing=missing or node.names[1:])  # a whole of 0 is no base: ask for it
    return Finding(node, COMPARE[node.op][0](figure, node.value), figure)


def _figure(node: Node, facts: Mapping[str, Value]) -> float | None:
    numbers = [float(facts[name]) for name in node.names]  # type: ignore[arg-type]
    if len(numbers) == 1:
        return numbers[0]
    part, whole = numbers
    return part * 100 / whole if whole > 0 else None  # times first: 10 of 100 is exactly 10 %


def _is_so(node: Node, facts: Mapping[str, Value]) -> Finding:
    known = facts.get(node.names[0])
    if known is None:
        return Finding(node, None, missing=node.names)
    if node.op == "true":
        return Finding(node, known is True, known)
    wanted = node.value if isinstance(node.value, list) else [str(node.value)]
    have = known if isinstance(known, list) else [known]
    return Finding(node, any(each in wanted for each in have), known)


def _combine(node: Node, results: list[bool | None]) -> bool | None:
    if node.op == "not":
        return None if results[0] is None else not results[0]
    needed = {"all": len(results), "count_gte": int(str(node.value or 0))}.get(node.op, 1)
    if results.count(True) >= needed:
        return True
    return None if results.count(True) + results.count(None) >= needed else False


def _matter(finding: Finding, *, undecided: bool) -> Finding:
    """The same with `matters` set where a missing fact could change the outcome of the whole."""
    undecided = undecided and finding.result is None
    children = tuple(_matter(child, undecided=undecided) for child in finding.children)
    return Finding(finding.node, finding.result, finding.figure, finding.missing, children, undecided)


def missing_facts(finding: Finding) -> tuple[str, ...]:
    """Names of missing facts that could change the outcome, in order."""
    names = (name for leaf in finding.leaves() if leaf.matters for name in leaf.missing)
    return tuple(dict.fromkeys(names))


def met_ids(finding: Finding) -> tuple[str, ...]:
    """Ids of the conditions that are met: "9_5_b"."""
    found = (one.node.id for one in every_finding(finding) if one.is_met and one.node.id)
    return tuple(dict.fromkeys(found))


def every_finding(root: Finding) -> Iterator[Finding]:
    """The finding and all below it."""
    yield root
    for child in root.children:
        yield from every_finding(child)
