"""Frozen dataclasses as configurations: fields that document themselves, filled in from what somebody wrote.

Needed by runbooks (actions) and plumbing (probes, toolbox). Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING, field, fields
from typing import Any, TypeVar, get_origin

Config = TypeVar("Config")
WORDS = {list: "a list of texts", dict: "texts by name", str: "a text", int: "a whole number", bool: "true or false"}
SIMPLE = (str, int, float, bool)


class BadField(ValueError):
    """A field is unknown, missing or wrong. name: its name, with dots where it is inside of others."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(name, message)
        self.name, self.message = name, message

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"


def about(text: str, *, of: type[Any] | None = None, literal: bool = False, secret: bool = False, **more: Any) -> Any:
    """A field that documents itself. Give `default` or `default_factory` where it is optional.

    of: the configuration that a table in this field is. literal: an author writes it out, nothing is filled in.
    secret: only a reference to a secret may stand here."""
    return field(metadata={"about": text, "of": of, "literal": literal, "secret": secret}, **more)


def names(config: type[Any]) -> tuple[str, ...]:
    """The fields' names as authors write them: `for_` is `for`."""
    return tuple(spec.name.rstrip("_") for spec in fields(config))


def filled(config: type[Config], given: Mapping[str, Any]) -> Config:
    """The configuration. Raises BadField for an unknown, missing or wrongly typed field."""
    specs = {spec.name.rstrip("_"): spec for spec in fields(config)}  # type: ignore[arg-type]
    for name in given:
        if name not in specs:
            raise BadField(str(name), f"unknown; expected {', '.join(specs)}")
    values = {}
    for name, spec in specs.items():
        if name in given:
            values[spec.name] = _checked(name, spec.type, given[name])
        elif spec.default is MISSING and spec.default_factory is MISSING:
            raise BadField(name, "missing")
    return config(**values)


def documentation(config: type[Any]) -> list[tuple[str, str, str]]:
    """(name, default or "required", about) of each field: what the docs and the editor show."""
    return [(spec.name.rstrip("_"), _default(spec), str(spec.metadata.get("about", ""))) for spec in fields(config)]


def _checked(name: str, wanted: Any, value: Any) -> Any:
    """The value, if it is of a declared type that is simple; numbers widen to float. `Any` is the reader's to check."""
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted in SIMPLE and type(value) is not wanted:
        raise BadField(name, f"found {type(value).__name__} {value!r}, expected {wanted.__name__}")
    plain = get_origin(wanted)
    if plain in WORDS and not (isinstance(value, plain) and all(isinstance(item, str) for item in _inner(value))):
        raise BadField(name, f"found {value!r}, expected {WORDS[plain]}")
    return value


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value


def _default(spec: Any) -> str:
    if spec.default is not MISSING:
        return repr(spec.default)
    return "required" if spec.default_factory is MISSING else repr(spec.default_factory())
