"""Checks the fields of an action before any value is known: names now, values as far as they hold no template."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from plumbing.expressions import suggestion
from runbooks.actions.base import Action
from runbooks.definitions.problems import Book
from runbooks.errors import BadConfig


def check_config(action: Action[Any], given: Mapping[str, Any], path: str, book: Book) -> None:
    """Note unknown, missing and wrong fields of `given`. An action without a declared `config` takes anything."""
    config = getattr(action, "config", None)
    if config is None:
        return
    specs = {spec.name.rstrip("_"): spec for spec in fields(config)}
    wrong = False
    for name in given:
        if name not in specs:
            known = f"{action.kind} knows {', '.join(specs)}." if specs else f"{action.kind} has no fields."
            book.add(f"{path}.{name}", "There is no such field.", suggestion(name, specs) or known)
            wrong = True
    for name, spec in specs.items():
        if name not in given and spec.default is MISSING and spec.default_factory is MISSING:
            about = spec.metadata.get("about", "")
            book.add(f"{path}.{name}", f"{action.kind} needs `{name}`.", f"Add it: {about}." if about else "")
            wrong = True
    if not wrong:
        _check_values(action, given, path, book)


def _check_values(action: Action[Any], given: Mapping[str, Any], path: str, book: Book) -> None:
    """The action's own check. What it says about a field with a template waits until the value is known."""
    try:
        action.parse(given)
    except BadConfig as error:
        if not has_template(given.get(error.name)):
            message = f"{error.message[0].upper()}{error.message[1:]}."
            place = f"{path}.{error.name}" if error.name in given else path
            book.add(place, message)
            return
        rest = {name: value for name, value in given.items() if name != error.name}
        _check_rest(action, rest, path, book)


def _check_rest(action: Action[Any], rest: Mapping[str, Any], path: str, book: Book) -> None:
    """Once more without the field that can't be judged yet, where the action can do without it."""
    try:
        action.parse(rest)
    except BadConfig as error:
        if error.name in rest and not has_template(rest[error.name]):
            book.add(f"{path}.{error.name}", f"{error.message[0].upper()}{error.message[1:]}.")


def has_template(value: Any) -> bool:
    """Whether a `{{` stands anywhere in the value."""
    if isinstance(value, Mapping):
        return any(map(has_template, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_template, value))
    return isinstance(value, str) and "{{" in value
