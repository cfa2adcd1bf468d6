"""From a YAML file to a Regime or a Worksheet: strict, every mistake named by file and line. Pure."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from audit.regimes import yaml_lines
from audit.regimes.errors import RegimeRefused
from audit.regimes.limits import read_limit
from audit.regimes.model import (
    EVENTS,
    SUBMITTED,
    Cap,
    Citation,
    Clock,
    Criterion,
    DayRule,
    Operand,
    Regime,
    Stage,
    Variant,
    Worksheet,
)
from audit.regimes.tree import COMPARE, Node, Rules, every_node
from audit.regimes.yaml_lines import Document

DATA = Path(__file__).parent / "data"
ENTITY_FACTS = frozenset({"home_state", "states", "types", "nis2", "significant"})  # what `applies_if` may ask
OWN = "own_"  # how the names of an institution's own regimes begin
Sets = Mapping[str, list[str]]


@cache
def _validator(kind: str) -> Draft7Validator:
    schema = json.loads((DATA / "schema.json").read_text())
    return Draft7Validator({"$ref": f"#/definitions/{kind}", "definitions": schema["definitions"]})


def document(text: str, file: str, kind: str) -> Document:
    """The document, well-formed as a `regime`, `worksheet` or `terms`. Raises RegimeRefused with all mistakes."""
    read = yaml_lines.read(text, file)
    problems = [
        f"{read.at(tuple(error.absolute_path))}: {_said(error)}."
        for error in sorted(_validator(kind).iter_errors(read.value), key=lambda error: list(map(str, error.path)))
    ]
    if problems:
        raise RegimeRefused(problems)
    return read


def _said(error: Any) -> str:
    """What is wrong, in words; jsonschema's own are for programmers."""
    where = ".".join(str(part) for part in error.absolute_path) or "the file"
    if error.validator == "enum":
        return f"{where}: found {error.instance!r}, expected one of {', '.join(map(str, error.validator_value))}"
    if error.validator == "type":
        return f"{where}: found {error.instance!r}, expected {error.validator_value}"
    if error.validator == "pattern":
        return f"{where}: found {error.instance!r}, expected something like {error.validator_value}"
    if error.validator == "oneOf":
        names = [" and ".join(each.get("required", [])) for each in error.validator_value]
        return f"{where}: give exactly one of {', '.join(names)}"
    return f"{where}: {error.message[:200]}"


def read_regime(text: str, file: str, *, sets: Sets, is_own: bool = False) -> Regime:
    """The regime that a file says. Raises RegimeRefused with every mistake, each with file and line."""
    read = document(text, file, "regime")
    said, check = read.value, _Check(read)
    rules = {
        name: DayRule(name, rule["rule"], frozenset(rule.get("not_for", [])), rule.get("citation", ""))
        for name, rule in said.get("day_rules", {}).items()
    }
    stages = tuple(_stage(stage, ("stages", place), said, rules, check) for place, stage in enumerate(said["stages"]))
    applies = node_of(said["applies_if"], sets, lambda name: check.name(("applies_if",), name, ENTITY_FACTS, "fact"))
    check.stages(stages)
    check.known_event(("question", "yields"), said.get("question", {}).get("yields", "aware"), frozenset())
    if said["regime"].startswith(OWN) is not is_own:
        check.wrong(("regime",), f"the name of an institution's own regime begins with {OWN}, and no other's does")
    check.done()
    who = said["who"] if isinstance(said["who"], dict) else {"": said["who"]}
    return Regime(
        id=said["regime"], name=said["name"], short=said["short"], jurisdiction=said["jurisdiction"],
        status=said["status"], confidence=said["confidence"], basis=said["basis"], who=tuple(who.items()),
        trigger=said["trigger"], authority=said["authority"], applies=applies,
        worksheets=tuple(said.get("worksheets", [f"trigger_{said['regime']}"])), stages=stages,
        citations=_citations(said), applies_from=said.get("applies_from", ""), calendar=said.get("calendar", ""),
        period_ends=said.get("period_ends", ""), facts=tuple(said.get("facts", {}).items()), is_own=is_own,
        digest=hashlib.sha256(text.encode()).hexdigest(), source=text,
    )  # fmt: skip


def question_of(regime: Regime, text: str, file: str) -> Worksheet | None:
    """The one-question worksheet of a regime that has no worksheet of its own; None for the others."""
    said = document(text, file, "regime").value
    if "question" not in said:
        return None
    asked = said["question"]
    operand = Operand("trigger_met", "boolean", asked["label"], meaning=regime.trigger, group="Trigger")
    rule = Node("true", names=("trigger_met",))
    return Worksheet(
        id=regime.worksheets[0], title=f"{regime.short}: trigger", question=asked["label"],
        operands={"trigger_met": operand}, criteria={}, rule=rule, yes="Reportable", no="Not reportable",
        yields=asked["yields"], confidence=regime.confidence, basis=regime.basis, citations=regime.citations,
        digest=regime.digest,
    )  # fmt: skip


def _stage(
    said: dict[str, Any], path: yaml_lines.Path, of: dict[str, Any], rules: dict[str, DayRule], check: "_Check"
) -> Stage:
    rule = said.get("day_rule")
    if rule is not None and rule not in rules:
        check.wrong((*path, "day_rule"), f"there is no day rule {rule!r} among {', '.join(rules) or 'none'}")
    return Stage(
        id=said["id"], name=said["name"], obligation=said["obligation"],
        clock=_clock(said["clock"], (*path, "clock"), check), citation=said["citation"],
        confidence=said.get("confidence", of["confidence"]), basis=said.get("basis", of["basis"]),
        trigger=said.get("trigger", ""), applies_to=frozenset(said.get("applies_to", [])),
        day_rule=rules.get(rule or ""), day_note=said.get("day_note", ""), contents=tuple(said.get("contents", [])),
        fields=said.get("fields", ""), notes=tuple(said.get("notes", [])),
    )  # fmt: skip


def _clock(said: dict[str, Any], path: yaml_lines.Path, check: "_Check") -> Clock:
    cap = said.get("cap")
    starts = (said["start"], *([said["alternative_start"]] if "alternative_start" in said else []))
    variants = tuple(
        Variant(frozenset(one["for"]), check.limit((*path, "variants", place, "limit"), one["limit"]))
        for place, one in enumerate(said.get("variants", []))
    )
    return Clock(
        starts=starts, limit=check.limit((*path, "limit"), said["limit"]),
        cap=Cap(cap["start"], check.limit((*path, "cap", "limit"), cap["limit"]), cap.get("dropped_when_passed", False))
        if cap else None,
        also_on=tuple(said.get("also_on", [])), after=said.get("after", ""), variants=variants,
        wording=said.get("wording", ""), exception=said.get("exception", ""),
    )  # fmt: skip


class _Check:
    """Collects mistakes that a schema can't see."""

    def __init__(self, read: Document) -> None:
        self.read = read
        self.problems: list[str] = []

    def wrong(self, path: yaml_lines.Path, message: str) -> None:
        self.problems.append(f"{self.read.at(path)}: {message}.")

    def limit(self, path: yaml_lines.Path, text: str) -> Any:
        try:
            return read_limit(text)
        except ValueError as error:
            self.wrong(path, str(error))
            return read_limit("none_stated")

    def name(self, path: yaml_lines.Path, name: str, known: frozenset[str], what: str) -> None:
        if name not in known:
            self.wrong(path, f"there is no {what} {name!r}, expected one of {', '.join(sorted(known))}")

    def known_event(self, path: yaml_lines.Path, event: str, stages: frozenset[str]) -> None:
        filed = event.removeprefix(SUBMITTED)
        if event not in EVENTS and not (filed != event and filed in stages | {"latest_intermediate"}):
            self.wrong(path, f"{event!r} is no event, and no {SUBMITTED}<stage> of this regime")

    def stages(self, stages: tuple[Stage, ...]) -> None:
        names = frozenset(stage.id for stage in stages)
        for place, stage in enumerate(stages):
            path = ("stages", place)
            if sum(other.id == stage.id for other in stages) > 1:
                self.wrong(path, f"two stages are called {stage.id!r}")
            clock = stage.clock
            for event in (
                *clock.starts,
                *clock.also_on,
                *([clock.cap.start] if clock.cap else []),
                *filter(None, [clock.after]),
            ):
                self.known_event((*path, "clock"), event, names)

    def done(self) -> None:
        if self.problems:
            raise RegimeRefused(self.problems)


def _citations(said: dict[str, Any]) -> tuple[Citation, ...]:
    return tuple(Citation(one["ref"], one.get("url", ""), one.get("basis", "")) for one in said.get("citations", []))


def read_worksheet(text: str, file: str, *, sets: Sets, base: Worksheet | None = None) -> Worksheet:
    """The worksheet that a file says. base: the one that it is `like`, whose operands and criteria it has too.

    Raises RegimeRefused with every mistake."""
    read = document(text, file, "worksheet")
    said, check = read.value, _Check(read)
    operands = dict(base.operands) if base else {}
    operands |= {name: _operand(name, one) for name, one in said["operands"].items()}

    def reader(*path: str) -> Callable[[str], None]:
        return lambda name: check.name(path, name, frozenset(operands), "operand")

    criteria = dict(base.criteria) if base else {}
    for name, one in said["criteria"].items():
        rule = node_of(one["met_if"], sets, reader("criteria", name))
        criteria[name] = Criterion(name, one["label"], one["role"], one["article"], rule, tuple(one.get("notes", [])))
    rule = node_of(said["met_if"], sets, reader("met_if"))
    _check_references(rule, criteria, check)
    check.known_event(("yields",), said["yields"], frozenset())
    check.done()
    return Worksheet(
        id=said["worksheet"], title=said["title"], question=said["question"], operands=operands, criteria=criteria,
        rule=rule, yes=said["yes"], no=said["no"], yields=said["yields"], article=said.get("article", ""),
        confidence=said["confidence"], basis=said["basis"], notes=tuple(said.get("notes", [])),
        citations=_citations(said), digest=hashlib.sha256(text.encode()).hexdigest(),
    )  # fmt: skip


def _check_references(rule: Node, criteria: dict[str, Criterion], check: _Check) -> None:
    rules = Rules({name: criterion.rule for name, criterion in criteria.items()})
    for node in every_node(rule):
        if node.op in ("criterion", "count_gte"):
            for name in node.names:
                check.name(("met_if",), name, frozenset(criteria), "criterion")
        elif node.op == "sub":
            known = frozenset(each.id for root in rules.criteria.values() for each in every_node(root) if each.id)
            check.name(("met_if",), node.names[0], known, "condition")


def _operand(name: str, said: dict[str, Any]) -> Operand:
    return Operand(
        name, said["type"], said["label"], said.get("meaning", ""), said.get("article", ""), said.get("unit", ""),
        said["group"], said.get("estimate_allowed", False), said.get("counts", ""),
    )  # fmt: skip


def node_of(said: dict[str, Any], sets: Sets, check: Callable[[str], None]) -> Node:
    """A condition as the interpreter takes it. check: is told each operand that it names."""
    named = said.get("id", "")
    op, what = next((key, value) for key, value in said.items() if key != "id")
    if op in ("any", "all"):
        return Node(op, named, children=tuple(node_of(child, sets, check) for child in what))
    if op == "not":
        return Node(op, named, children=(node_of(what, sets, check),))
    if op in ("criterion", "sub"):
        return Node(op, named, (what,))
    if op == "count_gte":
        return Node(op, named, tuple(what["of"]), what["value"])
    names = (what,) if op == "true" else (what["operand"],) if "operand" in what else tuple(what["ratio_pct"])
    for name in names:
        check(name)
    if op == "has":
        wanted = what["any_of"]
        if isinstance(wanted, str) and wanted[1:] not in sets:
            check(wanted)  # which says that there is no such thing
        return Node(op, named, names, sets.get(wanted[1:], []) if isinstance(wanted, str) else wanted)
    return Node(op, named, names, what["value"] if op in COMPARE else None)
