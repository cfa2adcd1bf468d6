"""What came of an attempt, written under its fencing token: a result whose lease is lost changes nothing."""

import datetime as dt
from dataclasses import replace
from typing import Any

from runbooks.actions.base import Again, Done, Failed
from runbooks.actions.sources import echo_of
from runbooks.engine import deciding, watching
from runbooks.engine.facts import Kind
from runbooks.engine.model import Effect
from runbooks.engine.outputs import as_evidence, typed
from runbooks.engine.performing import Ended
from runbooks.engine.work import Work
from runbooks.models import Attempt
from runbooks.states import AttemptState, Role

WORSE = (Effect.NONE, Effect.MAYBE, Effect.UNKNOWN)


def record(work: Work, attempt: Attempt, ended: Ended) -> bool:
    """Write one result. False when the lease was lost: then it is late evidence."""
    step, outcome = attempt.step_run.step, ended.outcome
    ours = work.open_attempt(step)
    if ours is None or (ours.pk, ours.fence, ours.state) != (attempt.pk, attempt.fence, AttemptState.LEASED):
        if not isinstance(outcome, Again):
            work.say("attempt.late", {"step": step, "title": work.title(step), **told(attempt, outcome)})
        return False
    if isinstance(outcome, Again):
        _call_again(work, step, ours, ended, outcome)
        return True
    spec = work.spec(step)
    outcome = typed(spec, attempt.kind, outcome)
    if spec.decide is not None and isinstance(outcome, Done) and attempt.kind == Kind.ACT:
        ended = replace(ended, holds=deciding.chose(outcome.output))
    work.set_attempt(step, ours, **_fields(work, ended, outcome))
    verb = "succeeded" if isinstance(outcome, Done) else "failed"
    fields = {"step": step, "title": work.title(step), **told(attempt, outcome)}
    if ended.holds is not None:
        fields["holds"] = ended.holds
    if attempt.kind == Kind.VERIFY and (echo := echo_of(spec, work.values_for(step))):
        fields["echo"] = echo
    work.say(f"attempt.{verb}", fields)
    _keep(work, step, Kind(attempt.kind), ended, outcome)
    return True


def _call_again(work: Work, step: str, attempt: Attempt, ended: Ended, again: Again) -> None:
    fields: dict[str, Any] = {"state": AttemptState.QUEUED, "memo": again.memo, "lease_until": None}
    fields["not_before"] = work.now + dt.timedelta(seconds=again.after_s)
    if ended.baseline:
        fields["baseline"] = ended.baseline
    work.set_attempt(step, attempt, **fields)


def _fields(work: Work, ended: Ended, outcome: Done | Failed) -> dict[str, Any]:
    fields: dict[str, Any] = {"ended_at": work.now, "lease_until": None, "output": outcome.output, "holds": ended.holds}
    if ended.baseline:
        fields["baseline"] = ended.baseline
    if isinstance(outcome, Done):
        return {**fields, "state": AttemptState.SUCCEEDED}
    failed = {"error": outcome.error[:1000], "retryable": outcome.retryable, "effect": outcome.effect}
    return {**fields, **failed, "state": AttemptState.FAILED}


def _keep(work: Work, step: str, kind: Kind, ended: Ended, outcome: Done | Failed) -> None:
    """What the step itself remembers of it."""
    row = work.peek(step)
    if kind is Kind.ACT:
        _keep_act(work, step, outcome)
    elif kind is Kind.WHEN and ended.holds is not None:
        work.set(step, condition=ended.holds)
    elif kind is Kind.ITEMS and isinstance(outcome, Done):
        work.set(step, items=len(outcome.output["items"]))
    elif kind is Kind.CHECK and ended.holds is False:
        work.set(row.step, effect=Effect.NONE)


def _keep_act(work: Work, step: str, outcome: Done | Failed) -> None:
    row, spec = work.peek(step), work.spec(step)
    effect = Effect.MAYBE if isinstance(outcome, Done) else outcome.effect
    changes: dict[str, Any] = {"effect": max(Effect(row.effect), effect, key=WORSE.index)}
    if any(getattr(row, name) != value for name, value in changes.items()):
        work.set(step, **changes)
    if isinstance(outcome, Failed):
        return
    work.keep_output(step, outcome.output)
    if spec.decide is not None:
        deciding.keep(work, row, outcome.output)
    elif row.role == Role.WATCH:
        watching.fired(work, row, outcome.output)


def told(attempt: Attempt, outcome: Done | Failed) -> dict[str, Any]:
    """What an entry says of a result."""
    fields = {
        "attempt": attempt.number,
        "of": attempt.kind,
        "key": attempt.idempotency_key,
        "worker": attempt.worker,
        **as_evidence(outcome.output),
    }
    return fields if isinstance(outcome, Done) else {**fields, "error": outcome.error, "effect": outcome.effect}
