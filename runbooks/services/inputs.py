"""Changing what a live run was given. Whatever was agreed or queued for the old value is void."""

from typing import Any

from catalog.models import User
from plumbing.database import atomic
from runbooks.engine import consent
from runbooks.engine.inputs import checked_one
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import settle
from runbooks.engine.work import Work
from runbooks.models import Attempt, Run, StepRun
from runbooks.services import guards
from runbooks.states import AttemptState, StepState


@atomic()
def change_input(run_uid: str, name: str, value: Any, *, actor: User, reason: str) -> Run:
    """Give a live run another input. Whatever was agreed or queued for the old one is void. Raises BadInput."""
    work = lock(run_uid)
    guards.is_open(work)
    guards.explained(reason)
    was = work.run.inputs.get(name)
    work.keep_inputs({**work.run.inputs, name: checked_one(work.definition, name, value)})
    work.run.shapers.add(actor)
    work.say("run.input_changed", {"name": name, "was": str(was), "now": str(value), "reason": reason}, actor)
    for row in work.rows.values():
        if row.state in (StepState.APPROVAL, StepState.READY):
            _rebind(work, row, f"Input {name} was changed by {actor}.", actor)
    settle(work)
    work.close()
    return work.run


def _rebind(work: Work, row: StepRun, why: str, actor: User) -> None:
    now_bound = work.intent(row.step).digest
    work.flush()
    withdrawn = consent.withdraw(work, row.step, why, actor, unless_same=True)
    stale = Attempt.objects.filter(step_run=row, state=AttemptState.QUEUED).exclude(binding=now_bound)
    if row.state == StepState.READY and stale.exists():
        work.take_back(row.step, why)
        if withdrawn:
            work.move(row.step, StepState.APPROVAL, why, actor=actor)
