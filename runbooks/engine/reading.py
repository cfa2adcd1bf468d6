"""Reads a run for the planner and for expressions: facts from rows, values from inputs and outputs."""

from functools import lru_cache
from typing import Any

from approvals.models import ApprovalRequest
from approvals.selectors import latest_of
from runbooks.definitions import parse
from runbooks.engine.facts import Kind, LastAttempt, Snapshot, StepFacts, Verdict
from runbooks.engine.model import Definition, Effect
from runbooks.models import Attempt, Run, RunbookVersion, StepRun
from runbooks.states import LIVE_STEPS, AttemptState, RunState, StepState


@lru_cache(maxsize=256)
def _parsed(digest: str, source: str, filename: str) -> Definition:
    return parse(source, filename=filename)


def definition_of(version: RunbookVersion) -> Definition:
    """The version's definition, parsed once per process and text. Raises DefinitionError for a broken draft."""
    return _parsed(version.digest, version.source, f"{version.runbook.slug}.yaml")


def subject_of(run: Run, step: str) -> str:
    """How an approval request names the step that waits for it."""
    return f"run/{run.uid}/{step}"


def snapshot_of(run: Run, definition: Definition) -> Snapshot:
    """What the planner needs to know. Three queries, whatever the size of the plan."""
    last = _last_attempts(run)
    steps: dict[str, StepFacts] = {}
    rows = run.steps.values_list("pk", "step", "state", "tries", "group", "losses")
    for pk, step, state, tries, group, losses in rows:
        consent, why = _verdict(run, definition, step, StepState(state))
        steps[step] = StepFacts(StepState(state), tries, consent, last.get(pk), group, losses, why)
    return Snapshot(RunState(run.state), steps)


def _last_attempts(run: Run) -> dict[int, LastAttempt]:
    live = Attempt.objects.filter(step_run__run=run, step_run__state__in=[state.value for state in LIVE_STEPS])
    rows = live.order_by("pk").values_list("step_run_id", "kind", "state", "retryable", "effect", "error")
    return {  # the newest of a step overwrites its older ones
        step: LastAttempt(Kind(kind), AttemptState(state), retryable, Effect(effect), error)
        for step, kind, state, retryable, effect, error in rows
    }


def _verdict(run: Run, definition: Definition, step: str, state: StepState) -> tuple[Verdict | None, str]:
    """Where the step's consent stands. Asked only while it matters."""
    if definition.by_id[step].approval is None or state not in (StepState.WAITING, StepState.APPROVAL):
        return None, ""
    request = latest_of(subject_of(run, step))
    if request is None:
        return None, ""
    return Verdict(request.state), _said(request)


def _said(request: ApprovalRequest) -> str:
    decision = request.decisions.select_related("user").order_by("-pk").first()
    if decision is None:
        return ""
    verb = "Approved" if decision.verdict == "approve" else "Rejected"
    return f"{verb} by {decision.user}: {decision.reason}" if decision.reason else f"{verb} by {decision.user}."


def values_of(run: Run) -> dict[str, Any]:
    """What expressions see: `inputs`, `steps.<id>.output`, `run`, and what the run's starter gave (`incident`)."""
    outputs = run.steps.exclude(output={}).values_list("step", "output")
    return {
        **run.context,
        "run": {"id": run.uid, "mode": run.mode, "environment": run.environment},
        "inputs": run.inputs,
        "steps": {step: {"output": output} for step, output in outputs},
    }


def step_run_of(run: Run, step: str) -> StepRun:
    """The row of one step. Raises StepRun.DoesNotExist."""
    return run.steps.get(step=step)
