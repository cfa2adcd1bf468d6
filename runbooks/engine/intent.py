"""Exactly what a step would do now: the thing that consent is bound to, and that a worker compares before it acts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from approvals.policies.binding import plain
from audit.canonical import canon, tidy
from plumbing.expressions import ExpressionError, render, resolve
from plumbing.secrets import closed
from runbooks.engine.model import Step


@dataclass(frozen=True)
class Intent:
    """One step with everything filled in. Two intents with the same digest do the same thing to the same targets."""

    version: str  # digest of the runbook version
    step: str
    action: str
    config: Mapping[str, Any]
    targets: tuple[str, ...]
    environment: str

    @cached_property
    def text(self) -> str:
        """Canonical JSON (RFC 8785, restricted): the bytes that `digest` is the SHA-256 of, in UTF-8."""
        bound = {
            "action": self.action,
            "environment": self.environment,
            "inputs": [[key, plain(value)] for key, value in sorted(self.config.items())],
            "step": self.step,
            "targets": list(self.targets),
            "version": self.version,
        }
        return canon(tidy(bound)).decode()

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()


def intent_of(step: Step, values: Mapping[str, Any], *, version: str, environment: str) -> Intent:
    """What `step` would do with these values. Raises ExpressionError when one of them is missing."""
    return Intent(
        version=version,
        step=step.id,
        action=step.action,
        config=resolve(dict(step.with_), closed(values)),  # secrets by name: never in digest or ledger
        targets=tuple(str(render(touched, values)) for touched in step.touches),
        environment=environment,
    )


def as_known(given: Any, values: Mapping[str, Any]) -> Any:
    """The same with its templates filled in, each where its values are known by now; secrets stay names."""
    match given:
        case Mapping():
            return {key: as_known(value, values) for key, value in given.items()}
        case list() | tuple():
            return [as_known(value, values) for value in given]
    try:
        return resolve({"it": given}, closed(values))["it"]
    except ExpressionError:
        return given
