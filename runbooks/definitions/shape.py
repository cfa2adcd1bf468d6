"""Checks of a plan with all its edges: quorums that can be reached, ways back that lead back, lists to loop over."""

from plumbing.expressions import ExpressionError, names_in
from runbooks.definitions.groups import branches_of, strategies_of
from runbooks.definitions.presence import Presence
from runbooks.definitions.problems import Book
from runbooks.engine.model import Definition, Model, OnFailure, Step, ValueType


def check(definition: Definition, book: Book) -> None:
    """Note every problem in the book."""
    _check_quorums(definition, book)
    presence = Presence(definition)
    for step in definition.steps:
        if step.decide is not None:
            _check_back(step, presence, book)
        if step.loop is not None and is_list(definition, step.loop.items) is False:
            remedy = "Declare it with `type: list`, or loop over something else."
            book.add(f"steps.{step.id}.for_each", f"`{step.loop.items}` is no list.", remedy)


def _check_quorums(definition: Definition, book: Book) -> None:
    for group, strategy in strategies_of(definition).items():
        if strategy.on_failure is not OnFailure.QUORUM or not strategy.quorum:
            continue
        count = len(branches_of(definition, group))
        if strategy.quorum > count:
            what = f"{count} branches" if count != 1 else "one branch"
            remedy = f"Write at most {count}."
            if definition.model is Model.LINEAR or count == 1:
                remedy = "Steps that are tied by needs, as all in a linear section, are one branch."
            path = f"sections.{group}.on_failure.quorum" if group else "on_failure.quorum"
            book.add(path, f"It asks for {strategy.quorum} of {what}.", remedy)


def _check_back(step: Step, presence: Presence, book: Book) -> None:
    for index, case in enumerate(step.decide.cases if step.decide else (), 1):
        if case.back and case.back != step.id and not presence.is_before(step.id, case.back):
            path = f"steps.{step.id}.decide.cases.{index}.back"
            book.add(
                path, f"`{case.back}` is not before this decision.", f"Go on with `go: [{case.back}]`, or name one."
            )


def is_list(definition: Definition, source: str) -> bool | None:
    """Whether an expression is surely a list (True) or surely none (False); None when its type isn't declared."""
    bare = tuple(source.strip().split("."))
    try:
        if bare not in names_in(source):
            return None
    except ExpressionError:
        return None
    declared: dict[str, ValueType] = {}
    if len(bare) == 2 and bare[0] == "inputs":
        declared = {spec.name: spec.type for spec in definition.inputs}
    elif len(bare) == 4 and bare[0] == "steps" and bare[1] in definition.by_id:
        declared = {output.name: output.type for output in definition.by_id[bare[1]].outputs}
    return declared[bare[-1]] is ValueType.LIST if bare[-1] in declared else None
