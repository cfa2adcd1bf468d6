"""Diagnostics that would run twice: a step that changes nothing may use the result of one that does the same now.

The same is: the same kind of action with the same inputs, resolved, in the same environment and the same history. An
attached attempt is `leased` by `with/<id of the other attempt>` without a time, so no worker takes it and none can lose
it. The other's end is read by `collect`; if the other is lost or taken back, the step asks for itself after all.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from audit.ledger import Actor
from plumbing import doorbell
from plumbing.expressions import ExpressionError
from runbooks.actions.base import Done, Failed
from runbooks.engine.facts import Kind
from runbooks.engine.graph import spec_of
from runbooks.engine.intent import intent_of
from runbooks.engine.model import Effect, Step
from runbooks.engine.outputs import as_evidence, typed
from runbooks.engine.reading import definition_of_run, values_of
from runbooks.engine.work import Work
from runbooks.errors import NothingToAttach
from runbooks.models import Attempt, Run, StepRun
from runbooks.states import OPEN_ATTEMPTS, AttemptState, Role, RunState, StepState

HOLDER = "with/"  # begins the name of whoever holds an attached attempt
MARK = "attached_to"  # in the scope of a step whose turn has not come: id of the attempt whose result it will use
BEFORE = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.READY})


def twins(run: Run, spec: Step, values: Mapping[str, Any]) -> list[Attempt]:
    """Open attempts in the run's history that do exactly what `spec` would do with these values; empty when that can't
    be told yet, or when it might change something."""
    doing = _doing(spec, values, run.environment) if spec.harmless and not spec.human else ""
    return [attempt for attempt, theirs in _candidates(run, spec.action) if theirs == doing] if doing else []


def _candidates(run: Run, action: str) -> Iterator[tuple[Attempt, str]]:
    open_ones = Attempt.objects.filter(
        kind=Kind.ACT, state__in=OPEN_ATTEMPTS, step_run__run__stream=run.stream, step_run__run__state=RunState.RUNNING
    )
    others = open_ones.exclude(worker__startswith=HOLDER).exclude(step_run__run=run)
    for attempt in others.select_related("step_run__run__version__runbook").order_by("pk"):
        row = attempt.step_run
        spec = spec_of(definition_of_run(row.run), row.step, Role(row.role), row.of)
        if spec.action == action:
            yield attempt, _doing(spec, {**values_of(row.run), **row.scope}, row.run.environment)


def _doing(spec: Step, values: Mapping[str, Any], environment: str) -> str:
    """Digest of what a step does, whatever it is called and in whichever plan it stands; empty: a value is missing."""
    try:
        return intent_of(replace(spec, id=""), values, version="", environment=environment).digest
    except ExpressionError:
        return ""


def attach(work: Work, step: str, attempt_id: int, actor: Actor) -> None:
    """Let the step use the result of another attempt: at once if it is queued, else when its turn has come.

    Raises NothingToAttach when the other doesn't do the same, is over, or the step has begun."""
    row = work.row(step)
    if row.state not in BEFORE:
        raise NothingToAttach(work.title(step), "it has begun already.")
    found = twins(work.run, work.spec(step), work.values_for(step))
    twin = next((each for each in found if each.pk == attempt_id), None)
    if twin is None:
        raise NothingToAttach(work.title(step), "nothing does the same right now, with the same inputs.")
    queued = Attempt.objects.filter(step_run=row, kind=Kind.ACT, state=AttemptState.QUEUED).first()
    if queued is None:
        work.keep(row, scope={**row.scope, MARK: twin.pk}, seen_at=row.seen_at + 1)
    else:
        _follow(work, queued, twin)
        queued.save(update_fields=["state", "worker", "started_at", "lease_until", "fence"])
        work.move(step, StepState.RUNNING, f"It uses the result of {_name(twin)}.")
    fields = {"step": step, "title": work.title(step), "other": _title(twin.step_run), "run_of_other": _uid(twin)}
    work.say("step.attached", {**fields, "why": "The same is asked just now."}, actor)


def begin(work: Work, row: StepRun, attempt: Attempt) -> bool:
    """Let a new attempt, which is not saved here, follow what its step was attached to. False: it is to act itself."""
    marked = row.scope.get(MARK)
    twin = Attempt.objects.select_related("step_run__run").filter(pk=marked).first() if marked else None
    if twin is None or attempt.kind != Kind.ACT:
        return False
    work.keep(row, scope={name: value for name, value in row.scope.items() if name != MARK})
    if twin.state not in (*OPEN_ATTEMPTS, AttemptState.SUCCEEDED):
        return False
    _follow(work, attempt, twin)
    return True


def _follow(work: Work, attempt: Attempt, twin: Attempt) -> None:
    attempt.state, attempt.worker = AttemptState.LEASED, f"{HOLDER}{twin.pk}"
    attempt.started_at, attempt.lease_until, attempt.fence = work.now, None, attempt.fence + 1
    doorbell.ring("run", work.run.uid)  # the other may have ended already


def collect(work: Work) -> list[str]:
    """End the attached attempts whose twins have ended. Returns the steps that they are of."""
    held = Attempt.objects.filter(step_run__run=work.run, state=AttemptState.LEASED, worker__startswith=HOLDER)
    changed = []
    for attempt in held.select_related("step_run").order_by("pk"):
        twin = Attempt.objects.get(pk=_twin_of(attempt.worker))
        if twin.state not in OPEN_ATTEMPTS:
            _end(work, work.row(attempt.step_run.step), attempt, twin)
            changed.append(attempt.step_run.step)
    return changed


def find_due() -> set[str]:
    """Runs with an attached attempt whose twin has ended."""
    held = Attempt.objects.filter(state=AttemptState.LEASED, worker__startswith=HOLDER)
    runs = {_twin_of(worker): uid for worker, uid in held.values_list("worker", "step_run__run__uid")}
    over = Attempt.objects.filter(pk__in=runs).exclude(state__in=OPEN_ATTEMPTS) if runs else Attempt.objects.none()
    return {runs[pk] for pk in over.values_list("pk", flat=True)}


def _end(work: Work, row: StepRun, attempt: Attempt, twin: Attempt) -> None:
    if twin.state not in (AttemptState.SUCCEEDED, AttemptState.FAILED):  # lost, or taken back: it asks for itself
        attempt.state, attempt.worker, attempt.fence = AttemptState.QUEUED, "", attempt.fence + 1
        attempt.save(update_fields=["state", "worker", "fence"])
        doorbell.ring("attempt", str(attempt.pk))
        return
    said = Done(twin.output) if twin.state == AttemptState.SUCCEEDED else _failed(twin)
    outcome = typed(work.spec(row.step), Kind.ACT, said)
    attempt.ended_at, attempt.output = work.now, outcome.output
    attempt.state = AttemptState.SUCCEEDED if isinstance(outcome, Done) else AttemptState.FAILED
    if isinstance(outcome, Failed):
        attempt.error, attempt.effect, attempt.retryable = outcome.error[:1000], outcome.effect, outcome.retryable
    attempt.save(update_fields=["ended_at", "output", "state", "error", "effect", "retryable"])
    fields = {"step": row.step, "title": work.title(row.step), "attempt": attempt.number, "of": attempt.kind}
    fields |= {"key": attempt.idempotency_key, "worker": attempt.worker, **as_evidence(outcome.output)}
    if isinstance(outcome, Failed):
        work.say("attempt.failed", {**fields, "error": outcome.error, "effect": outcome.effect})
    else:
        work.say("attempt.succeeded", fields)
        work.keep_output(row.step, outcome.output)


def _failed(twin: Attempt) -> Failed:
    return Failed(twin.error, retryable=twin.retryable, effect=Effect.NONE, output=twin.output)


def _twin_of(worker: str) -> int:
    return int(worker.removeprefix(HOLDER))


def _name(twin: Attempt) -> str:
    return f"“{_title(twin.step_run)}”"


def _title(row: StepRun) -> str:
    return spec_of(definition_of_run(row.run), row.step, Role(row.role), row.of).title


def _uid(twin: Attempt) -> str:
    return twin.step_run.run.uid
