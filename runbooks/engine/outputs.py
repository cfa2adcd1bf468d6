"""What a step leaves behind: typed values for later steps, and a bounded copy of everything for the ledger."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from plumbing.errors import MusterError
from plumbing.expressions import evaluate
from runbooks.actions.base import Done, Failed
from runbooks.engine.facts import Kind
from runbooks.engine.model import Effect, Output, Step, ValueType

EVIDENCE_LIMIT = 4_000  # characters of an output that an entry carries; the digest covers all of it
OUTPUT_LIMIT = 64 * 1024  # bytes of JSON that a step may keep
PYTHON_TYPES: dict[ValueType, tuple[type, ...]] = {
    ValueType.STRING: (str,),
    ValueType.INTEGER: (int,),
    ValueType.NUMBER: (int, float),
    ValueType.BOOLEAN: (bool,),
    ValueType.LIST: (list,),
}
SCALARS = (str, int, float, bool)  # what a list may hold


def fits(value: Any, wanted: ValueType) -> bool:
    """Whether a value is of the declared type. True is no integer."""
    if wanted is ValueType.LIST:
        return isinstance(value, list) and all(isinstance(item, SCALARS) for item in value)
    return isinstance(value, PYTHON_TYPES[wanted]) and (wanted is ValueType.BOOLEAN or not isinstance(value, bool))


def typed(step: Step, kind: str, outcome: Done | Failed) -> Done | Failed:
    """The outcome with the step's declared outputs computed and checked.

    A value of the wrong type, or an output over 64 KiB, fails the step: the action was done, its word can't be used.
    """
    if isinstance(outcome, Failed) or kind != Kind.ACT:
        return outcome
    values = dict(outcome.output)
    for output in step.outputs:
        problem = _fill(output, values, outcome.output)
        if problem:
            return Failed(
                f"Output {output.name}: {problem}", retryable=False, effect=Effect.MAYBE, output=outcome.output
            )
    size = len(json.dumps(values).encode())
    if size > OUTPUT_LIMIT:
        return Failed(f"Its output has {size} bytes; at most {OUTPUT_LIMIT} are kept.", effect=Effect.MAYBE)
    return Done(values)


def _fill(output: Output, values: dict[str, Any], raw: Mapping[str, Any]) -> str:
    """Put one declared output into `values`. Returns what is wrong with it, or nothing."""
    if output.value:
        try:
            values[output.name] = evaluate(output.value, {"output": raw})
        except MusterError as error:
            return str(error)
    if output.name not in values:
        return "it is missing." if output.required else ""
    found = values[output.name]
    return "" if fits(found, output.type) else f"found {type(found).__name__}, declared {output.type}."


def as_evidence(output: Mapping[str, Any]) -> dict[str, str]:
    """The output as an entry carries it: its JSON, cut to 4,000 characters, and the SHA-256 of the whole."""
    text = json.dumps(output, sort_keys=True, ensure_ascii=True)
    return {"output": text[:EVIDENCE_LIMIT], "output_sha256": hashlib.sha256(text.encode()).hexdigest()}
