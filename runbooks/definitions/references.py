"""Checks what templates and expressions refer to: known inputs, and outputs of steps that come before."""

from collections.abc import Iterator, Mapping
from typing import Any

from plumbing.expressions import ExpressionError, Path, names_in, paths_in, suggestion
from runbooks.definitions.problems import Book
from runbooks.engine.model import Definition, Step

ROOTS = ("inputs", "steps", "incident", "run")


def check(definition: Definition, book: Book) -> None:
    """Note every reference that can't be filled in when the step runs."""
    before = _before(definition)
    for step in definition.steps:
        for path, text, own in _templates(step):
            try:
                references = paths_in(text)
            except ExpressionError as error:
                book.add(path, str(error))
                continue
            for reference in references:
                reachable = before[step.id] | ({step.id} if own else set())
                _check_reference(reference, definition, reachable, path, book)
        for index, output in enumerate(step.outputs):
            if output.value:
                _check_output(output.value, f"steps.{step.id}.outputs.{index + 1}.value", book)


def _before(definition: Definition) -> dict[str, set[str]]:
    """For each step the ids of all steps that are over when it starts. A circle leaves its steps without any."""
    found: dict[str, set[str]] = {step.id: set() for step in definition.steps}
    try:
        ordered = definition.plan_order
    except (ValueError, KeyError):  # noted already: a circle, or a need that doesn't exist
        everything = set(found)
        return dict.fromkeys(found, everything)
    for step in ordered:
        for need in step.needs:
            found[step.id] |= found[need] | {need}
    return found


def _templates(step: Step) -> Iterator[tuple[str, str, bool]]:
    """(path, text, whether the step's own output is there by then) of every text that may hold a `{{ path }}`."""
    path = f"steps.{step.id}"
    yield from ((*found, False) for found in _texts(step.with_, f"{path}.with"))
    yield from ((f"{path}.touches", service, False) for service in step.touches)
    yield f"{path}.instructions", step.instructions, False
    if step.verify is not None:
        yield from ((*found, True) for found in _texts(step.verify.config, f"{path}.verify"))
    if step.undo is not None:
        yield from ((*found, True) for found in _texts(step.undo.with_, f"{path}.undo.with"))
    if step.approval is not None:
        for name in ("reason", "effect", "undo", "proof"):
            yield f"{path}.approval.{name}", getattr(step.approval, name), False


def _texts(tree: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(tree, str):
        yield path, tree
    elif isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _texts(value, f"{path}.{key}")
    elif isinstance(tree, list | tuple):
        for index, value in enumerate(tree):
            yield from _texts(value, f"{path}.{index}")


def _check_reference(reference: Path, definition: Definition, reachable: set[str], path: str, book: Book) -> None:
    whole, root = ".".join(reference), reference[0]
    if root not in ROOTS:
        hint = suggestion(root, ROOTS) or f"There are: {', '.join(ROOTS)}."
        book.add(path, f"`{whole}` begins with an unknown name.", hint)
    elif root == "inputs":
        inputs = [spec.name for spec in definition.inputs]
        if len(reference) < 2 or reference[1] not in inputs:
            hint = suggestion(reference[1], inputs) if len(reference) > 1 else ""
            book.add(path, f"`{whole}` is no input.", hint or f"Inputs are: {', '.join(inputs) or 'none'}.")
    elif root == "steps":
        _check_step(reference, definition, reachable, path, book)


def _check_step(reference: Path, definition: Definition, reachable: set[str], path: str, book: Book) -> None:
    whole = ".".join(reference)
    id_ = reference[1] if len(reference) > 1 else ""
    if id_ not in definition.by_id:
        hint = suggestion(id_, definition.by_id) or "Write steps.<id>.output.<name>."
        book.add(path, f"`{whole}`: there is no step `{id_}`.", hint)
    elif id_ not in reachable:
        remedy = f"Add `{id_}` to its needs."
        book.add(path, f"`{whole}`: step `{id_}` need not be over when this one starts.", remedy)
    elif len(reference) < 4 or reference[2] != "output":
        book.add(path, f"`{whole}` is no output of a step.", f"Write steps.{id_}.output.<name>.")
    elif definition.by_id[id_].human:
        names = [output.name for output in definition.by_id[id_].outputs]
        if reference[3] not in names:
            hint = suggestion(reference[3], names) or f"Declare it under outputs of `{id_}`."
            book.add(path, f"`{whole}`: the person who does `{id_}` isn't asked for `{reference[3]}`.", hint)


def _check_output(source: str, path: str, book: Book) -> None:
    try:
        wrong = sorted(name for name in names_in(source) if name[0] != "output")
    except ExpressionError as error:
        book.add(path, str(error))
        return
    for name in wrong:
        hint = suggestion(name[0], ["output"]) or "It sees only `output`, what the action gave."
        book.add(path, f"`{'.'.join(name)}` is unknown here.", hint)
