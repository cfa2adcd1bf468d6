"""What a probe is: one question to a target, and a short sentence for whoever reads the answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any, ClassVar, Protocol, Self

from plumbing import egress
from plumbing.documented import BadField, filled
from plumbing.expressions import ExpressionError, compile_expression, evaluate
from plumbing.secrets import hidden

MAX_DETAIL = 300  # characters


@dataclass(frozen=True)
class ProbeAnswer:
    """Whether the target is as expected. latency_ms: until the answer, or until it was clear that there is none.

    value: what was measured, JSON. source: which tool or host answered. memo: what the next question must know."""

    ok: bool
    latency_ms: int
    detail: str
    value: Any = None
    source: str = ""
    memo: Mapping[str, Any] = field(default_factory=dict)


class Question(Protocol):
    """One kind of probe: a frozen dataclass whose fields say what is asked."""

    kind: ClassVar[str]

    @classmethod
    def read(cls, given: Any) -> Self:
        """The question in what an author wrote. Raises BadField. Looks at nothing else."""

    @property
    def source(self) -> str:
        """Which tool or host will answer: equal for two that would err together."""

    @property
    def target(self) -> str:
        """What is asked about, for a sentence."""

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        """Ask once. May raise MusterError or ValueError: `probing.ask` makes a sentence of it."""


class Stopwatch:
    """Milliseconds since it was made."""

    def __init__(self) -> None:
        self._begun = monotonic()

    @property
    def ms(self) -> int:
        return round((monotonic() - self._begun) * 1_000)


def read_fields(cls: type[Any], given: Any, *, short: str = "") -> Any:
    """The question in a table of fields, or in a text alone that is its field `short`. Raises BadField."""
    if isinstance(given, str) and short:
        given = {short: given}
    if not isinstance(given, Mapping):
        raise BadField("", f"found {given!r}, expected fields" + (f" or its {short}" if short else ""))
    return filled(cls, given)


def check_expectation(expect: str) -> None:
    """Raises BadField unless the text is an expression (CEL)."""
    try:
        compile_expression(expect)
    except ExpressionError as error:
        raise BadField("expect", str(error).rstrip(".")) from None


def is_met(expect: str, values: Mapping[str, Any]) -> bool:
    """Whether an expectation holds for what was measured. Raises ValueError when it gives no truth value."""
    found = evaluate(expect, values)
    if not isinstance(found, bool):
        raise ValueError(f"`{expect}` gives {found!r}, expected true or false")
    return found


def sentence(error: Exception) -> str:
    """What went wrong, short enough for a list and without secrets."""
    match error:
        case egress.Unreachable():
            text = f"no connection: {error.reason}"
        case egress.TooSlow():
            text = f"no {'connection' if error.effect == 'none' else 'answer'} within {error.deadline_s:g} s"
        case egress.TooLarge():
            text = f"the answer is longer than {error.limit} bytes"
        case egress.Broken():
            text = f"no complete answer: {error.reason}"
        case _:
            text = str(error)
    return hidden(text)[:MAX_DETAIL]
