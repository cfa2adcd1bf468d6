"""Checks the fields of an action before any value is known: names now, values as far as they hold no template."""

import logging
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from plumbing import secrets
from plumbing.expressions import suggestion
from runbooks.actions.base import Action
from runbooks.definitions.problems import Book
from runbooks.errors import BadConfig

log = logging.getLogger(__name__)


def check_config(action: Action[Any], given: Mapping[str, Any], path: str, book: Book) -> None:
    """Note unknown, missing and wrong fields of `given`. An action without a declared `config` takes anything."""
    config = getattr(action, "config", None)
    if config is None or not _are_fields_right(config, action.kind, given, path, book):
        return
    try:
        _check_values(action, given, path, book)
    except Exception as error:  # an action of somebody else must not take the whole definition with it
        log.exception("Action %s can't check its fields", action.kind)
        book.add(path, f"The action `{action.kind}` is broken: {type(error).__name__}: {error}.")


def _are_fields_right(config: type[Any], kind: str, given: Mapping[str, Any], path: str, book: Book) -> bool:
    """Whether the names are known, none is missing, and what must be written out is. Also of tables in fields."""
    specs = {spec.name.rstrip("_"): spec for spec in fields(config)}
    before = len(book.problems)
    for name, value in given.items():
        if name not in specs:
            known = f"{kind} knows {', '.join(specs)}." if specs else f"{kind} has no fields."
            book.add(f"{path}.{name}", "There is no such field.", suggestion(name, specs) or known)
            continue
        _check_rules(specs[name].metadata, name, value, f"{path}.{name}", book)
        inner = specs[name].metadata.get("of")
        if inner is not None and isinstance(value, Mapping):
            _are_fields_right(inner, name, value, f"{path}.{name}", book)
    for name, spec in specs.items():
        if name not in given and spec.default is MISSING and spec.default_factory is MISSING:
            about = spec.metadata.get("about", "")
            book.add(f"{path}.{name}", f"{kind} needs `{name}`.", f"Add it: {about}." if about else "")
    return len(book.problems) == before


def _check_rules(rules: Mapping[str, Any], name: str, value: Any, path: str, book: Book) -> None:
    if rules.get("literal") and has_template(value):
        remedy = "Give values apart, in `params`." if name == "query" else "Write it out."
        book.add(path, f"`{name}` is read as it stands; nothing is filled in here.", remedy)
    if rules.get("secret") and not _is_secret(value):
        book.add(path, f"`{name}` stands in the runbook for everybody to read.", "Write {{ secrets.<name> }}.")


def _is_secret(value: Any) -> bool:
    """Whether it is one reference to a secret and nothing else."""
    text = value.strip() if isinstance(value, str) else ""
    return text.startswith("{{") and text.endswith("}}") and text.count("{{") == 1 and bool(secrets.names_in(text))


def _check_values(action: Action[Any], given: Mapping[str, Any], path: str, book: Book) -> None:
    """The action's own check. What it says about a field with a template waits until the value is known: it is asked
    again without that field, where the action can do without it."""
    rest = dict(given)
    while True:
        try:
            action.parse(rest)
            return
        except BadConfig as error:
            found = _look_up(rest, error.name)
            if not has_template(found):
                if found is not None or rest == given:
                    place = f"{path}.{error.name}" if found is not None else path
                    book.add(place, f"{error.message[0].upper()}{error.message[1:]}.")
                return
            rest = _without(rest, error.name)


def _look_up(given: Any, name: str) -> Any:
    """The value of a field, by names with dots."""
    for part in name.split("."):
        given = given.get(part) if isinstance(given, Mapping) else None
    return given


def _without(given: Mapping[str, Any], name: str) -> dict[str, Any]:
    first, _, more = name.partition(".")
    rest = {key: value for key, value in given.items() if key != first}
    return {**rest, first: _without(given[first], more)} if more else rest


def has_template(value: Any) -> bool:
    """Whether a `{{` stands anywhere in the value."""
    if isinstance(value, Mapping):
        return any(map(has_template, value.values()))
    if isinstance(value, list | tuple):
        return any(map(has_template, value))
    return isinstance(value, str) and "{{" in value
