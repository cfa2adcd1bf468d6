"""The durable shell around the planner: locks a run, asks what is due, writes it all in one transaction, then rings."""

import datetime as dt
from collections.abc import Iterable

from plumbing.database import atomic
from plumbing.errors import MusterError
from runbooks.engine import consent
from runbooks.engine.facts import AskApproval, EndRun, Kind, MoveStep, QueueAttempt, Transition
from runbooks.engine.planner import plan
from runbooks.engine.reading import snapshot_of
from runbooks.engine.work import Work, lock
from runbooks.models import Attempt
from runbooks.states import StepState

MAX_ROUNDS = 3  # the planner reaches its fixpoint in one; a step that can't be resolved fails and takes another


def advance(run_uid: str) -> None:
    """Take a run as far as it can go now. Safe when called twice, late or never: the sweep finds it."""
    with atomic():
        work = lock(run_uid)
        settle(work)
        work.close()


def settle(work: Work) -> None:
    """Ask the planner and apply what it says, until it says nothing."""
    for _ in range(MAX_ROUNDS):
        transitions = plan(work.definition, snapshot_of(work.run, work.definition))
        if apply(work, transitions):
            return  # the planner is a fixpoint: asked again it would say nothing


def apply(work: Work, transitions: Iterable[Transition]) -> bool:
    """Write transitions as rows and entries. False when a step failed because its values are missing: plan again."""
    all_began = True
    for transition in transitions:
        match transition:
            case MoveStep(step, to, why):
                work.move(step, to, why)
            case EndRun(state, why):
                work.end(state, why)
            case QueueAttempt() | AskApproval():
                all_began &= _prepare(work, transition)
    return all_began


def _prepare(work: Work, transition: QueueAttempt | AskApproval) -> bool:
    try:
        if isinstance(transition, QueueAttempt):
            _queue(work, transition)
        else:
            work.flush()  # the ledger says that the step waits before it says who was asked
            consent.ask(work, transition.step)
    except MusterError as error:
        work.move(transition.step, StepState.FAILED, f"It could not start: {error}")
        return False
    return True


def _queue(work: Work, transition: QueueAttempt) -> None:
    """A row for a worker to claim; it says what exactly it will do, so that a later change is noticed."""
    intent, row = work.intent(transition.step), work.row(transition.step)
    again = row.tries == transition.number and transition.kind is Kind.ACT
    row.losses = row.losses if again or transition.kind is Kind.VERIFY else 0
    row.tries, row.group = transition.number, transition.group
    row.save(update_fields=["tries", "group", "losses"])
    attempt = Attempt.objects.create(
        step_run=row,
        kind=transition.kind,
        number=transition.number,
        group=transition.group,
        idempotency_key=f"{work.run.uid}/{transition.step}/{transition.group}",
        binding=intent.digest,
        queued_at=work.now,
        not_before=work.now + dt.timedelta(seconds=transition.not_before_s),
    )
    work.queued.append(attempt)
