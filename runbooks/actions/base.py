"""What an action is: a typed configuration, and one function that acts and says what came of it.

An action never sleeps and never touches the database: it is called by a worker that holds a lease, outside of any
transaction. One that has to wait returns `Again` and is called later with the memo that it left.
"""

import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, is_dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

from plumbing.documented import BadField, about, documentation, filled
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

__all__ = ["Action", "Again", "Context", "Done", "Failed", "Outcome", "about", "documentation", "fill"]


def _to_nobody(text: str) -> None:
    """Nobody listens."""


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Context:
    """What a worker tells an action. idempotency_key: equal for every attempt that may do the same thing once.

    now: the database's clock. deadline_s: seconds that this call may take. waited_s: since the attempt's first call.
    memo: what the last call left; {} at the first. say: live output for whoever watches, text as it comes, bounded by
    the action. should_stop: whether to end early; ask it while something takes long."""

    idempotency_key: str
    now: dt.datetime
    deadline_s: float
    waited_s: float = 0.0
    memo: Mapping[str, Any] = field(default_factory=dict)
    say: Callable[[str], None] = _to_nobody
    should_stop: Callable[[], bool] = _never


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

    def source(self, config: Config) -> str:
        """Which tool or host acts, such as `control.bank.example:443`: equal for two that would err together."""
        return self.kind

    def preview(self, config: Config, context: Context) -> str:
        """What would be done, for people: a few lines. Changes nothing. May raise MusterError."""
        plain: Any = config
        shown = json.dumps(plain.__dict__ if is_dataclass(plain) else plain, default=str, ensure_ascii=False)
        return f"{self.title}: {shown}"


def fill(config: type[Config], given: Mapping[str, Any], *, action: str) -> Config:
    """A configuration from resolved values. Raises BadConfig for an unknown, missing or wrongly typed field."""
    try:
        return filled(config, given)
    except BadField as error:
        raise BadConfig(action, error.name, error.message) from None
