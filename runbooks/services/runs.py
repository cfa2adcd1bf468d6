"""Starting, changing and stopping runs. Each is one transaction and says in the ledger who and why."""

from collections.abc import Iterable, Mapping
from typing import Any

from audit import ledger
from catalog.models import Team, User
from plumbing import clock
from plumbing.database import atomic
from runbooks.engine import consent
from runbooks.engine.inputs import checked, checked_one
from runbooks.engine.reading import definition_of
from runbooks.engine.shell import settle
from runbooks.engine.work import Work, lock
from runbooks.errors import VersionNotPublished
from runbooks.models import Attempt, Run, RunbookVersion, StepRun, VersionState
from runbooks.services import guards
from runbooks.signals import run_started
from runbooks.states import AttemptState, StepState


@atomic()
def start_run(
    version: RunbookVersion,
    *,
    stream: str,
    inputs: Mapping[str, Any],
    starter: User | None,
    teams: Iterable[Team],
    context: Mapping[str, Any] | None = None,
    assignees: Mapping[str, User] | None = None,
    mode: str = "live",
    environment: str = "production",
) -> Run:
    """Start one run of a published version; its history goes to `stream`.

    inputs: by name, checked against the definition. context: what expressions see beside (`{"incident": {...}}`).
    assignees: who does a human step, by the step's `assign` (`role:commander`). starter: None when a rule started it.
    Raises BadInput, VersionNotPublished; DefinitionError if the text no longer parses.
    """
    if version.state != VersionState.PUBLISHED:
        raise VersionNotPublished(str(version), version.state)
    definition = definition_of(version)
    now = clock.now()
    run = Run.objects.create(
        version=version,
        stream=stream,
        mode=mode,
        environment=environment,
        inputs=checked(definition, inputs),
        context=dict(context or {}),
        starter=starter,
        started_at=now,
    )
    run.teams.set(teams)
    rows = [
        StepRun(run=run, step=step.id, position=position, changed_at=now, assignee=(assignees or {}).get(step.assign))
        for position, step in enumerate(definition.steps)
    ]
    StepRun.objects.bulk_create(rows)
    work = Work(run, definition, now)
    work.say("run.started", _told(run, definition.title), starter or ledger.SYSTEM)
    settle(work)
    run_started.send(sender=Run, run=run)
    work.close()
    return run


def _told(run: Run, title: str) -> dict[str, Any]:
    return {
        "runbook": title,
        "version": run.version.number,
        "digest": run.version.digest,
        "mode": run.mode,
        "environment": run.environment,
        **{f"input_{key}": str(value) for key, value in run.inputs.items()},
    }


@atomic()
def change_input(run_uid: str, name: str, value: Any, *, actor: User, reason: str) -> Run:
    """Give a running run another input. Whatever was agreed or queued for the old one is void. Raises BadInput."""
    work = lock(run_uid)
    guards.running(work)
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
    withdrawn = consent.withdraw(work, row.step, why, actor, unless=now_bound)
    stale = Attempt.objects.filter(step_run=row, state=AttemptState.QUEUED).exclude(binding=now_bound)
    if row.state == StepState.READY and stale.exists():
        work.take_back(row.step, why)
        if withdrawn:
            work.move(row.step, StepState.APPROVAL, why, actor=actor)


@atomic()
def cancel_run(run_uid: str, *, actor: User, reason: str) -> Run:
    """Stop a run: nothing new starts, what a worker holds comes to its end. Raises ReasonNeeded, RunbookError."""
    work = lock(run_uid)
    guards.running(work)
    guards.explained(reason)
    work.say("run.cancelled", {"reason": reason}, actor)
    for row in work.rows.values():
        _cancel(work, row, actor, reason)
    settle(work)
    work.close()
    return work.run


CANCELLABLE = frozenset(
    {StepState.WAITING, StepState.APPROVAL, StepState.READY, StepState.RUNNING, StepState.FAILED, StepState.UNKNOWN}
)


def _cancel(work: Work, row: StepRun, actor: User, reason: str) -> None:
    if row.state not in CANCELLABLE or Attempt.objects.filter(step_run=row, state=AttemptState.LEASED).exists():
        return
    if row.state in (StepState.APPROVAL, StepState.READY):
        work.take_back(row.step, "The run was cancelled.")
        work.flush()
        consent.withdraw(work, row.step, "The run was cancelled.", actor)
    work.move(row.step, StepState.CANCELLED, f"{actor} cancelled the run: {reason}", actor=actor)
