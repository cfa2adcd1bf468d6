"""Reads what a run is given from outside: its inputs, and the parameters of each environment."""

from collections.abc import Mapping
from typing import Any

from plumbing.expressions import suggestion
from runbooks.definitions.fields import Fields, described
from runbooks.definitions.ids import LABEL, LABEL_HINT, RESERVED, STEP_ID, STEP_ID_HINT, matches
from runbooks.definitions.problems import Book
from runbooks.definitions.source import Table
from runbooks.engine.model import Input, Json, ValueType

INPUT_FIELDS = ("type", "required", "default", "choices", "description")
MOST_CHOICES = 100


def read_inputs(fields: Fields, book: Book) -> tuple[Input, ...]:
    """The inputs by name; problems go to the book."""
    return tuple(
        _input(name, Fields(node, f"inputs.{name}", book, INPUT_FIELDS))
        for name, node in fields.named("inputs").items()
    )


def _input(name: str, spec: Fields) -> Input:
    _check_name(name, spec)
    type_ = spec.word("type", ValueType, ValueType.STRING)
    default = spec.typed("default", type_)
    choices = tuple(spec.scalars("choices", type_) or ())
    required = spec.flag("required", default=default is None)
    if required and default is not None:
        spec.problem("required", "An input with a default is never missing.", "Leave out one of the two.")
    _check_choices(spec, choices, default)
    return Input(name, type_, required, default, spec.text("description"), choices)


def _check_name(name: str, spec: Fields) -> None:
    if not matches(STEP_ID, name):
        spec.book.add(spec.path, f"Found `{name}`, expected {STEP_ID_HINT}.")
    elif name in RESERVED:
        spec.book.add(spec.path, f"`{name}` is a word of the expression language.", f"Write {name}_value, say.")


def _check_choices(spec: Fields, choices: tuple[Json, ...], default: Json) -> None:
    if spec.has("choices") and not choices:
        spec.problem("choices", "There is nothing to choose.", "List at least one value, or leave it out.")
    if len(choices) > MOST_CHOICES:
        spec.problem("choices", f"There are {len(choices)}; the limit is {MOST_CHOICES}.")
    for value in default if isinstance(default, list) else [default]:
        if choices and value is not None and value not in choices:
            spec.problem("default", f"`{value}` is none of the choices.", f"They are: {', '.join(map(str, choices))}.")


def read_environments(fields: Fields, book: Book) -> Mapping[str, Mapping[str, Json]]:
    """Parameters by environment. Every environment must give the same names."""
    found: dict[str, dict[str, Json]] = {}
    for name, node in fields.named("environments").items():
        path = f"environments.{name}"
        if not matches(LABEL, name):
            book.add(path, f"Found `{name}`, expected {LABEL_HINT}.")
        if isinstance(node, Table):
            spec = Fields(node, path, book, tuple(node.items))
            found[name] = {key: spec.value(key) for key in spec.items}
            for key in found[name]:
                if not matches(STEP_ID, key) or key in RESERVED:
                    spec.problem(key, f"Found `{key}`, expected {STEP_ID_HINT}.")
        else:
            book.add(path, f"Found {described(node)}, expected parameters with values.")
    _check_same(found, book)
    return found


def _check_same(environments: Mapping[str, Mapping[str, Any]], book: Book) -> None:
    every: dict[str, str] = {}
    for name, parameters in environments.items():
        every |= {key: name for key in parameters if key not in every}
    for name, parameters in environments.items():
        for key in sorted(set(every) - set(parameters)):
            hint = suggestion(
                key, [own for own in parameters if not all(own in each for each in environments.values())]
            )
            remedy = hint or "All environments give the same parameters."
            book.add(f"environments.{name}", f"`{key}` is missing; `{every[key]}` has it.", remedy)
