"""Which case a decision takes, for the values that were seen. Pure: the same values give the same case.

In this order: a value that is missing, broken or too old takes the fallback, whether a case reads it or not (a
decision on half of what its author asked for is none); then the cases; then the fallback for an error in one of them;
and where all that names no case, a person decides.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from plumbing.expressions import ExpressionError, evaluate
from runbooks.engine.model import Case, Decision
from runbooks.engine.values import Seen

CASE, FALLBACK, ASK = "case", "fallback", "ask"


@dataclass(frozen=True)
class Taken:
    """case: None when a person is asked. by: `case`, `fallback` or `ask`. why: for the reader. scores: of `by: best`,
    by case. errors: what stood in the way, one sentence each."""

    case: Case | None
    by: str
    why: str
    scores: Mapping[str, float]
    errors: tuple[str, ...] = ()


def judge(decision: Decision, seen: Mapping[str, Seen], sees: Mapping[str, Any], *, visits: int = 0) -> Taken:
    """The case that is taken. sees: what expressions see; beside it cases see `values.<name>` and `ages.<name>`.

    visits: how often this decision went back already; a case that would go back more than its `most` asks a person."""
    errors = tuple(f"{name}: {one.error}" for name, one in seen.items() if one.error)
    if errors:
        return _instead(decision, errors, visits)
    roots = {
        **sees,
        "values": {name: one.value for name, one in seen.items()},
        "ages": {name: one.age_s for name, one in seen.items()},
    }
    try:
        return _bounded(_best(decision, roots) if decision.by == "best" else _first(decision, roots), visits)
    except ExpressionError as error:
        return _instead(decision, (str(error),), visits)


def _first(decision: Decision, roots: Mapping[str, Any]) -> Taken:
    for case in decision.cases:
        if _holds(case, roots):
            return Taken(case, CASE, f"`{case.when}` is true." if case.when else "No case before it is true.", {})
    return Taken(None, ASK, "No case is true.", {})


def _best(decision: Decision, roots: Mapping[str, Any]) -> Taken:
    """The highest score of those that hold; of equals the one that stands first."""
    scores = {case.id: _score(case, roots) for case in decision.cases if _holds(case, roots)}
    if not scores:
        return Taken(None, ASK, "No case is true.", {})
    best = max(scores, key=lambda id_: scores[id_])
    case = next(case for case in decision.cases if case.id == best)
    return Taken(case, CASE, f"It scores {scores[best]:g}, the highest of {len(scores)}.", scores)


def _holds(case: Case, roots: Mapping[str, Any]) -> bool:
    if not case.when:
        return True
    found = evaluate(case.when, roots)
    if not isinstance(found, bool):
        raise ExpressionError(f"`{case.when}` gives {found!r}, expected true or false.")
    return found


def _score(case: Case, roots: Mapping[str, Any]) -> float:
    found = evaluate(case.score, roots)
    if isinstance(found, bool) or not isinstance(found, int | float) or math.isnan(found):
        raise ExpressionError(f"`{case.score}` gives {found!r}, expected a number.")
    return float(found)


def _instead(decision: Decision, errors: tuple[str, ...], visits: int) -> Taken:
    fallback = next((case for case in decision.cases if case.id == decision.fallback), None)
    if fallback is None:
        return Taken(None, ASK, f"There is no fallback, and: {errors[0]}", {}, errors)
    return _bounded(Taken(fallback, FALLBACK, f"Its fallback, because {errors[0]}", {}, errors), visits)


def _bounded(taken: Taken, visits: int) -> Taken:
    case = taken.case
    if case is None or not case.back or visits < case.most:
        return taken
    return Taken(None, ASK, f"It went back {visits} times; {case.id} may {case.most}.", taken.scores, taken.errors)
