"""Every text of a definition that reads values: where it stands, what it sees there, and whose output is there."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from runbooks.engine.model import Definition, Step, Value

RUN_ROOTS = ("inputs", "steps", "incident", "run", "env")
GUARD = re.compile(r"\bhas\(\s*steps\.(\w+)")


@dataclass(frozen=True)
class Place:
    """One text. step: whose it is, None for a watch. roots: the names that it may begin with. values: of a decision.

    is_expression: else it is a text with `{{ path }}`. sees_own: the step's own output is there by then.
    opens_secrets: secrets may stand in it. guarded: steps that the step's `when` asked for with `has`."""

    path: str
    text: str
    step: Step | None
    roots: tuple[str, ...] = RUN_ROOTS
    is_expression: bool = False
    sees_own: bool = False
    opens_secrets: bool = False
    values: tuple[str, ...] = ()
    guarded: frozenset[str] = frozenset()


def places_of(definition: Definition) -> Iterator[Place]:
    """Every place, in the order of the steps; watches come last."""
    for step in definition.steps:
        yield from _of_step(step)
    for watch in definition.watches:
        path = f"watches.{watch.id}"
        names = tuple(value.name for value in watch.values)
        roots = (*RUN_ROOTS, "values", "ages")
        yield Place(f"{path}.when", watch.when, None, roots, is_expression=True, values=names)
        yield from _of_values(watch.values, path, None)


def _of_step(step: Step) -> Iterator[Place]:
    path, guarded = f"steps.{step.id}", frozenset(GUARD.findall(step.when))
    if step.when:
        yield Place(f"{path}.when", step.when, step, is_expression=True)
    if step.loop is not None:
        yield Place(f"{path}.for_each", step.loop.items, step, is_expression=True, guarded=guarded)
    if step.until is not None:
        yield Place(f"{path}.until.condition", step.until.condition, step, ("output",), is_expression=True)
    for index, output in enumerate(step.outputs, 1):
        if output.value:
            yield Place(f"{path}.outputs.{index}.value", output.value, step, ("output",), is_expression=True)
    if step.decide is not None:
        yield from _of_decision(step, guarded)
    roots = (*RUN_ROOTS, step.loop.name, "index") if step.loop is not None else RUN_ROOTS
    for where, text, sees_own, opens_secrets in _templates(step):
        yield Place(
            f"{path}.{where}",
            text,
            step,
            roots,
            sees_own=sees_own,
            opens_secrets=opens_secrets,
            guarded=guarded,
        )


def _of_decision(step: Step, guarded: frozenset[str]) -> Iterator[Place]:
    if step.decide is None:
        return
    path = f"steps.{step.id}.decide"
    names, roots = tuple(value.name for value in step.decide.values), (*RUN_ROOTS, "values", "ages")
    yield from _of_values(step.decide.values, path, step, guarded)
    for index, case in enumerate(step.decide.cases, 1):
        for field, text in (("when", case.when), ("score", case.score)):
            if text:
                where = f"{path}.cases.{index}.{field}"
                yield Place(where, text, step, roots, is_expression=True, values=names, guarded=guarded)


def _of_values(
    values: Iterable[Value], path: str, step: Step | None, guarded: frozenset[str] = frozenset()
) -> Iterator[Place]:
    for value in values:
        where = f"{path}.values.{value.name}"
        if value.source == "expression":
            yield Place(where, str(value.config["expression"]), step, is_expression=True, guarded=guarded)
            continue
        for name, text in _texts(value.config, f"{where}.{value.source}"):
            yield Place(name, text, step, guarded=guarded, opens_secrets=True)


def _templates(step: Step) -> Iterator[tuple[str, str, bool, bool]]:
    """(place, text, whether the step's own output is there by then, whether secrets are opened there)."""
    yield from ((*found, False, True) for found in _texts(step.with_, "with"))
    yield from (("touches", service, False, False) for service in step.touches)
    yield from (("resources", resource, False, False) for resource in step.resources)
    yield from (("instructions", step.instructions, False, False), ("assign", step.assign, False, False))
    yield "not_before", step.not_before, False, False
    if step.verify is not None:
        yield from ((*found, True, True) for found in _texts(step.verify.config, "verify"))
    if step.check is not None:
        yield from ((*found, False, True) for found in _texts(step.check, "check"))
    if step.approval is not None:
        for name in ("reason", "effect", "undo", "proof"):
            yield f"approval.{name}", getattr(step.approval, name), False, False
    if step.undo is not None:
        yield from _of_undo(step)


def _of_undo(step: Step) -> Iterator[tuple[str, str, bool, bool]]:
    undo = step.undo
    if undo is None:
        return
    yield from ((*found, True, True) for found in _texts(undo.with_, "undo.with"))
    yield from ((f"undo.{name}", getattr(undo, name), True, False) for name in ("title", "assign", "instructions"))
    if undo.verify is not None:
        yield from ((*found, True, True) for found in _texts(undo.verify.config, "undo.verify"))
    if undo.approval is not None:
        for name in ("reason", "effect", "undo", "proof"):
            yield f"undo.approval.{name}", getattr(undo.approval, name), True, False


def _texts(tree: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _texts(value, f"{path}.{key}")
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _texts(value, f"{path}.{index}")
