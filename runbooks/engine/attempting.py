"""Attempts of each kind as rows: what exactly they will do, from when on, by whom."""

import datetime as dt

from runbooks.engine import attaching, nested
from runbooks.engine.facts import Kind, QueueAttempt
from runbooks.engine.work import Work
from runbooks.models import Attempt
from runbooks.states import AttemptState, StepState

BOUND = frozenset({Kind.ACT, Kind.VERIFY})  # kinds that fill in templates, and so may find a value missing


def queue(work: Work, wanted: QueueAttempt) -> Attempt:
    """A row for a worker to claim; it says what exactly it will do, so that a later change is noticed.

    A step that is a run begins here: its attempt is held by that run. Raises ExpressionError when a value is missing,
    and what `nested.begin` raises: nothing is queued then."""
    step, row, spec = wanted.step, work.peek(wanted.step), work.spec(wanted.step)
    binding = work.intent(step).digest if wanted.kind in BOUND else ""
    last = work.memory.last.get(step)
    again = last is not None and last.kind is wanted.kind and row.tries == wanted.number
    keeps_losses = again or wanted.kind is Kind.VERIFY
    rounds = wanted.rounds if wanted.kind is Kind.ACT else row.rounds
    losses = row.losses if keeps_losses else 0
    work.set(step, tries=wanted.number, group=wanted.group, losses=losses, rounds=rounds)
    attempt = Attempt(
        step_run=row,
        kind=wanted.kind,
        number=wanted.number,
        group=wanted.group,
        idempotency_key=f"{work.run.uid}/{step}/{wanted.group}",
        binding=binding,
        queued_at=work.now,
        not_before=work.now + dt.timedelta(seconds=wanted.not_before_s),
        executor=spec.executor,
    )
    if wanted.kind is Kind.ACT and nested.is_nested(spec):
        work.flush()
        nested.begin(work, spec, row, attempt)
    elif attaching.begin(work, row, attempt):
        work.flush()
    work.queue(step, attempt)
    if attempt.state == AttemptState.LEASED and row.state == StepState.READY:
        work.move(step, StepState.RUNNING, f"Try {attempt.number} began.", attempt=attempt.number)
    return attempt
