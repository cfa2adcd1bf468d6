"""What an action is: a typed configuration, and one function that acts and says what came of it.

An action never sleeps and never touches the database: it is called by a worker that holds a lease, outside of any
transaction. One that has to wait returns `Again` and is called later with the memo that it left.
"""

import datetime as dt
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from runbooks.engine.model import Effect
from runbooks.errors import BadConfig


@dataclass(frozen=True)
class Context:
    """What a worker tells an action. idempotency_key: equal for every attempt that may do the same thing once.

    now: the database's clock. deadline_s: seconds that this call may take. waited_s: since the attempt's first call.
    memo: what the last call left; {} at the first."""

    idempotency_key: str
    now: dt.datetime
    deadline_s: float
    waited_s: float = 0.0
    memo: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """It worked. output: JSON that later steps may use."""

    output: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failed:
    """It did not. retryable: another try could end better. effect: what may have changed out there all the same."""

    error: str
    retryable: bool = False
    effect: Effect = Effect.UNKNOWN
    output: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Again:
    """Not yet: call the same attempt again after `after_s` seconds, with this memo (JSON)."""

    after_s: float
    memo: dict[str, Any] = field(default_factory=dict)


Outcome = Done | Failed | Again
Config = TypeVar("Config")


class Action(Protocol, Generic[Config]):
    """One kind of action. `Config` is a frozen dataclass; its fields' metadata documents them (`about`).

    human: a person does it, no worker is asked."""

    kind: ClassVar[str]
    title: ClassVar[str]
    human: ClassVar[bool]
    config: ClassVar[type[Any]]

    def parse(self, given: Mapping[str, Any]) -> Config:
        """The typed configuration of resolved values. Raises BadConfig."""

    def perform(self, config: Config, context: Context) -> Outcome:
        """Do it once, or a part of it. May raise MusterError before it did anything."""


def about(text: str, **more: Any) -> Any:
    """A field of a configuration that documents itself. Give `default` or `default_factory` where it is optional."""
    return field(metadata={"about": text}, **more)


def fill(config: type[Config], given: Mapping[str, Any], *, action: str) -> Config:
    """A configuration from resolved values. Raises BadConfig for an unknown, missing or wrongly typed field."""
    specs = {spec.name.rstrip("_"): spec for spec in fields(config)}  # type: ignore[arg-type]
    for name in given:
        if name not in specs:
            raise BadConfig(action, name, f"unknown; {action} knows {', '.join(specs)}")
    values = {}
    for name, spec in specs.items():
        if name in given:
            values[spec.name] = _checked(action, name, spec.type, given[name])
        elif spec.default is MISSING and spec.default_factory is MISSING:
            raise BadConfig(action, name, "missing")
    return config(**values)


def _checked(action: str, name: str, wanted: Any, value: Any) -> Any:
    """The value, if it is of a simple declared type; numbers widen to float. Other types are the action's to check."""
    if wanted is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if wanted in (str, int, float, bool) and (type(value) is not wanted):
        raise BadConfig(action, name, f"found {type(value).__name__} {value!r}, expected {wanted.__name__}")
    return value


def documentation(config: type[Any]) -> list[tuple[str, str, str]]:
    """(name, default or "required", about) of each field: what the docs and the editor show."""
    return [(spec.name.rstrip("_"), _default(spec), str(spec.metadata.get("about", ""))) for spec in fields(config)]


def _default(spec: Any) -> str:
    if spec.default is not MISSING:
        return repr(spec.default)
    return "required" if spec.default_factory is MISSING else repr(spec.default_factory())
