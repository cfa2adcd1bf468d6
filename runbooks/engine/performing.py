"""What happens between claim and result, outside of any transaction: the action, the probe, the expression."""

import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from plumbing.errors import MusterError
from plumbing.expressions import evaluate
from plumbing.secrets import Watch, closed, names_in, opened, watched
from runbooks import actions
from runbooks.actions.base import Again, Context, Done, Failed, Outcome
from runbooks.engine.claiming import Claimed
from runbooks.engine.facts import Kind
from runbooks.engine.live import Voice
from runbooks.engine.model import Effect

log = logging.getLogger(__name__)

BASELINE_S = 5.0  # the longest that the question before the action may take


@dataclass(frozen=True)
class Ended:
    """What came of one call. holds: see LastAttempt. baseline: what the probe saw before the action."""

    outcome: Outcome
    holds: bool | None = None
    baseline: dict[str, Any] = field(default_factory=dict)
    took_s: float = 0.0


def perform(claimed: Claimed, voice: Voice, should_stop: Callable[[], bool]) -> Ended:
    """Do it, open secrets only for as long, and let nothing out that holds one of them. Never raises."""
    began = time.monotonic()
    with watched() as watch:
        voice.redact = watch.redacted

        def asked() -> bool:
            voice.breathe()
            return should_stop()

        heard = replace(claimed.context, say=voice.say, should_stop=asked)
        try:
            ended = PERFORM[Kind(claimed.attempt.kind)](replace(claimed, context=heard), watch)
        except MusterError as error:  # refused before anything was done
            ended = Ended(Failed(str(error), retryable=False, effect=Effect.NONE))
        except Exception as error:
            where, trace = f"{claimed.kind} broke in attempt {claimed.attempt.pk}", traceback.format_exc()
            log.error("Action %s\n%s", where, watch.redacted(trace))
            ended = Ended(Failed(f"{type(error).__name__}: {error}", retryable=False, effect=Effect.UNKNOWN))
        voice.close()  # what it prints is redacted by this watch, so before it ends
        clean = replace(ended, outcome=_clean(ended.outcome, watch), baseline=watch.redacted_tree(ended.baseline))
    return replace(clean, took_s=time.monotonic() - began)


def _act(claimed: Claimed, watch: Watch) -> Ended:
    baseline = _baseline(claimed) if claimed.baseline else {}
    outcome, until = _call(claimed), claimed.spec.until
    holds = None
    if until is not None and isinstance(outcome, Done):
        holds = _is_true(until.condition, {**claimed.values, "output": outcome.output})
    return Ended(outcome, holds, baseline)


def _call(claimed: Claimed) -> Outcome:
    action, config = actions.get(claimed.kind), claimed.config
    if names_in(claimed.template):
        config = {**config, **opened(dict(claimed.template), claimed.values)}
    return action.perform(action.parse(config), claimed.context)


def _baseline(claimed: Claimed) -> dict[str, Any]:
    """One question to the probe before the action, so that the change is evidence; no answer is evidence too."""
    verify = claimed.spec.verify
    probe, config = actions.get("probe"), {**claimed.baseline, "for": 0, "within": 0}
    if verify is not None and names_in(verify.config):
        config |= opened(dict(verify.config), claimed.values)
    asked = Context("", claimed.context.now, min(BASELINE_S, claimed.context.deadline_s))
    try:
        outcome = probe.perform(probe.parse(config), asked)
    except MusterError as error:
        return {"ok": False, "detail": str(error)}
    output = {} if isinstance(outcome, Again) else outcome.output
    return {"ok": isinstance(outcome, Done), **output}


def _verify(claimed: Claimed, watch: Watch) -> Ended:
    return Ended(_call(claimed))


def _check(claimed: Claimed, watch: Watch) -> Ended:
    """Held: it happened. Missed: it did not. A probe that isn't answered says neither, and the attempt fails."""
    outcome = _call(claimed)
    if isinstance(outcome, Failed) and outcome.output.get("answered"):
        return Ended(Done({**outcome.output, "missed": outcome.error}), holds=False)
    return Ended(outcome, holds=True if isinstance(outcome, Done) else None)


def _when(claimed: Claimed, watch: Watch) -> Ended:
    holds = _is_true(claimed.spec.when, closed(claimed.values))
    return Ended(Done({"holds": holds}), holds)


def _is_true(source: str, values: Any) -> bool:
    found = evaluate(source, values)
    if not isinstance(found, bool):
        raise NotABoolean(source, found)
    return found


class NotABoolean(MusterError):
    """A condition gave something that is neither true nor false."""

    code = "not_a_boolean"
    status = 422

    def __init__(self, source: str, found: object) -> None:
        super().__init__(source, found)
        self.source, self.found = source, found

    def __str__(self) -> str:
        return f"`{self.source}` gives {self.found!r}; expected true or false."


def _items(claimed: Claimed, watch: Watch) -> Ended:
    loop = claimed.spec.loop
    if loop is None:
        raise ValueError(f"step {claimed.step} has no list")
    found = evaluate(loop.items, closed(claimed.values))
    if not isinstance(found, list):
        return Ended(Failed(f"`{loop.items}` gives a {type(found).__name__}; expected a list.", effect=Effect.NONE))
    if len(found) > loop.most:
        error = f"`{loop.items}` has {len(found)} items; at most {loop.most} are allowed."
        return Ended(Failed(error, effect=Effect.NONE))
    return Ended(Done({"items": found}))


PERFORM: dict[Kind, Callable[[Claimed, Watch], Ended]] = {
    Kind.ACT: _act,
    Kind.VERIFY: _verify,
    Kind.CHECK: _check,
    Kind.WHEN: _when,
    Kind.ITEMS: _items,
}


def _clean(outcome: Outcome, watch: Watch) -> Outcome:
    if isinstance(outcome, Again):
        return replace(outcome, memo=watch.redacted_tree(outcome.memo))
    outcome = replace(outcome, output=watch.redacted_tree(outcome.output))
    return replace(outcome, error=watch.redacted(outcome.error)) if isinstance(outcome, Failed) else outcome
