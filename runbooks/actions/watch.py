"""`watch`: looks at a condition again and again, until it has held for a while. It changes nothing and never sleeps.

A look that misses, or can't be had, begins the count anew, and so does a silence: what nobody looked at didn't hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from plumbing.expressions import ExpressionError, evaluate
from runbooks.actions.base import Action, Again, Context, Done, Outcome
from runbooks.actions.decide import value_of
from runbooks.engine.model import Value
from runbooks.engine.values import LONGEST_S, Question, Seen, gather
from runbooks.errors import BadConfig

SHORTEST_EVERY_S = 0.2
SILENCE = 3  # looks that may be missed in a row
LEAST_SILENCE_S = 10.0


@dataclass(frozen=True)
class WatchConfig:
    """No fields of `with`: a watch stands under the runbook's `watches`. The engine fills this in."""

    when: str = "false"
    values: tuple[Value, ...] = ()
    for_s: float = 0.0
    every_s: float = 5.0
    stream: str = ""
    sees: Mapping[str, Any] = field(default_factory=dict)
    ages: Mapping[str, float] = field(default_factory=dict)


class Watching(Action[WatchConfig]):
    kind: ClassVar = "watch"
    title: ClassVar = "Watch"
    human: ClassVar = False
    config: ClassVar = WatchConfig

    def parse(self, given: Mapping[str, Any]) -> WatchConfig:
        """What `watching.order` put together. Raises BadConfig for what an author wrote: a watch is no step."""
        if "stream" not in given:
            raise BadConfig(self.kind, "action", "a watch is no step; it stands under the runbook's `watches`")
        return WatchConfig(**{**given, "values": tuple(value_of(value) for value in given.get("values", ()))})

    def perform(self, config: WatchConfig, context: Context) -> Outcome:
        """Done when it has held for long enough, with what was seen; before that, again."""
        timeout_s = min(context.deadline_s, LONGEST_S)
        seen = gather(config.values, Question(config.stream, config.sees, context.now, timeout_s, config.ages))
        holds, why = _holds(config, seen)
        memo: dict[str, Any] = {
            "looks": int(context.memo.get("looks", 0)) + 1,
            "looked_s": context.waited_s,
            "why": why,
            "seen": {name: one.told() for name, one in seen.items()},
        }
        if not holds:
            return Again(max(config.every_s, SHORTEST_EVERY_S), memo)
        since_s = _since(config, context)
        held_s = context.waited_s - since_s
        if held_s >= config.for_s:
            return Done({"why": why, "held_s": round(held_s, 3), "looks": memo["looks"], "values": memo["seen"]})
        return Again(max(min(config.every_s, config.for_s - held_s), SHORTEST_EVERY_S), memo | {"since_s": since_s})


def _since(config: WatchConfig, context: Context) -> float:
    """Since when it has held without a miss or a silence, in seconds after the first look."""
    since_s, looked_s = context.memo.get("since_s"), context.memo.get("looked_s", context.waited_s)
    silent_s = max(SILENCE * config.every_s, LEAST_SILENCE_S)
    if since_s is None or context.waited_s - looked_s > silent_s:
        return context.waited_s
    return float(since_s)


def _holds(config: WatchConfig, seen: Mapping[str, Seen]) -> tuple[bool, str]:
    """Whether the condition holds now, and why, for the reader."""
    errors = [f"{name}: {one.error}" for name, one in seen.items() if one.error]
    if errors:
        return False, errors[0]
    roots = {
        **config.sees,
        "values": {name: one.value for name, one in seen.items()},
        "ages": {name: one.age_s for name, one in seen.items()},
    }
    try:
        found = evaluate(config.when, roots)
    except ExpressionError as error:
        return False, str(error)
    if not isinstance(found, bool):
        return False, f"`{config.when}` gives {found!r}, expected true or false."
    return found, f"`{config.when}` is {str(found).lower()}."
