"""A worksheet's rule applied to facts, explained line by line. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from audit.regimes import tree
from audit.regimes.model import Criterion, Operand, Worksheet
from audit.regimes.tree import COMPARE, Finding, Rules, Value

LineState = Literal["met", "not_met", "missing"]
STATE_WORDS: dict[LineState, str] = {"met": "Met", "not_met": "Not met", "missing": "Not known"}


@dataclass(frozen=True, slots=True)
class Line:
    """One comparison as people read it. missing: labels of facts it lacks. matters: they could change the outcome."""

    id: str
    words: str
    state: LineState
    missing: tuple[str, ...]
    matters: bool
    operands: tuple[str, ...]

    @property
    def state_words(self) -> str:
        """Met, Not met, or Not known."""
        return STATE_WORDS[self.state]


@dataclass(frozen=True, slots=True)
class CriterionFound:
    """One criterion with its lines."""

    criterion: Criterion
    state: LineState
    lines: tuple[Line, ...]

    @property
    def state_words(self) -> str:
        """Met, Not met, or Not known."""
        return STATE_WORDS[self.state]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a worksheet's rule says about the facts.

    is_met: the rule is met, with unknown facts counting as not met. is_open: a missing fact could still change that."""

    is_met: bool
    is_open: bool
    criteria: tuple[CriterionFound, ...]
    own_lines: tuple[Line, ...]  # of the rule itself, outside of any criterion
    missing_that_matter: tuple[str, ...]  # names of operands
    met_ids: tuple[str, ...]

    def met_criteria(self, role: str = "") -> set[str]:
        """Names of the criteria that are met, of that role or of any."""
        return {
            one.criterion.id for one in self.criteria if one.state == "met" and (not role or one.criterion.role == role)
        }

    @property
    def lines(self) -> tuple[Line, ...]:
        """Every comparison, in order."""
        return (*(line for one in self.criteria for line in one.lines), *self.own_lines)


def evaluate(
    worksheet: Worksheet, facts: Mapping[str, Value], *, home_state: str = "", count_home: bool = True
) -> Evaluation:
    """What the worksheet's rule says. A fact that is absent or None is unknown.

    count_home: whether the home Member State counts for the spread; the text leaves that open, the entity decides."""
    known = derived(worksheet, facts, home_state=home_state, count_home=count_home)
    rules = Rules({name: criterion.rule for name, criterion in worksheet.criteria.items()})
    whole = tree.evaluate(worksheet.rule, known, rules)
    matter = {id(leaf.node) for leaf in whole.leaves() if leaf.matters}  # a condition may be reached on two ways

    def lines(finding: Finding) -> tuple[Line, ...]:
        return tuple(_line(leaf, worksheet, matters=id(leaf.node) in matter) for leaf in finding.leaves())

    criteria = tuple(
        CriterionFound(criterion, _state(found.result), lines(found))
        for criterion in worksheet.criteria.values()
        for found in (tree.evaluate(criterion.rule, known, rules),)
    )
    own = tuple(_line(leaf, worksheet, matters=leaf.matters) for leaf in _outside(whole))
    return Evaluation(whole.is_met, whole.result is None, criteria, own, tree.missing_facts(whole), tree.met_ids(whole))


def derived(worksheet: Worksheet, facts: Mapping[str, Value], *, home_state: str, count_home: bool) -> dict[str, Value]:
    """The facts with those counted that can be: the number of States from their names."""
    known = dict(facts)
    for operand in worksheet.operands.values():
        named = known.get(operand.counts) if operand.counts else None
        if isinstance(named, list) and known.get(operand.name) is None:
            known[operand.name] = len({state for state in named if count_home or state != home_state})
    return known


def _outside(finding: Finding) -> Iterator[Finding]:
    """Comparisons that stand in the rule itself."""
    if finding.node.op in ("criterion", "count_gte", "sub"):
        return
    if finding.node.op in COMPARE or finding.node.op in ("true", "has"):
        yield finding
    for child in finding.children:
        yield from _outside(child)


def _state(result: bool | None) -> LineState:
    return "missing" if result is None else "met" if result else "not_met"


def _line(leaf: Finding, worksheet: Worksheet, *, matters: bool) -> Line:
    operands = [worksheet.operands[name] for name in leaf.node.names]
    return Line(
        leaf.node.id,
        _words(leaf, operands),
        _state(leaf.result),
        tuple(worksheet.operands[name].label for name in leaf.missing),
        matters,
        leaf.node.names,
    )


def _words(leaf: Finding, operands: list[Operand]) -> str:
    first = operands[0]
    if leaf.node.op not in COMPARE:
        return f"{first.label} {said(leaf.figure, first)}"
    word, unit = COMPARE[leaf.node.op][1], first.unit
    threshold = leaf.node.value
    if len(operands) == 2:
        label = f"{first.label}, as a share of {operands[1].label[:1].lower()}{operands[1].label[1:]}"
        found = "not known" if leaf.figure is None else f"{number(leaf.figure)} %"
        return f"{label}: {found}, threshold {word} {number(threshold)} %"
    return f"{first.label}: {said(leaf.figure, first)}, threshold {word} {number(threshold)} {unit}".rstrip()


def said(value: Value, operand: Operand) -> str:
    """A value as people read it, with its unit; "not known" for none."""
    if value is None:
        return "not known"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return f"{number(value)} {operand.unit}".rstrip() if isinstance(value, int | float) else value


def number(value: Value) -> str:
    """150,000 or 2.0167: at most four digits behind the point."""
    figure = float(value) if isinstance(value, int | float) else 0.0
    return f"{figure:,.4f}".rstrip("0").rstrip(".")
