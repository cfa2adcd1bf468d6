"""Patterns: a runbook as one step of another. The step's attempt is the nested run; its end is the attempt's end.

Parent and child are two runs in one stream, and no transaction but the child's creation locks both. What one must hear
of the other is read without a lock, and rung for after the commit; `following.find_due` finds what nobody rang for:
- the child begins by itself, in its own transaction, so that a kill after its creation is no more than a late ring;
- the child's end is read by the parent (`collect`), so that a kill between the two leaves an open attempt, to be found;
- what the parent is told (pause, resume, cancel) is read by the child (`following.follow`).
An attempt of a nested run is `leased` by `run/<uid of the child>` without a time: no worker can lose it.
"""

import json
from typing import Any

from approvals.selectors import latest_of
from catalog.models import User
from plumbing import doorbell
from runbooks.actions.base import Done, Failed
from runbooks.actions.run import RUN, UNDO_RUN, NestedRun, RunConfig
from runbooks.engine import starting
from runbooks.engine.deadlines import who
from runbooks.engine.facts import Kind
from runbooks.engine.family import DEEPEST, ancestors
from runbooks.engine.model import Effect, Step
from runbooks.engine.outputs import OUTPUT_LIMIT, as_evidence, typed
from runbooks.engine.reading import definition_of, subject_of
from runbooks.engine.work import Work
from runbooks.errors import NestedRefused
from runbooks.models import Attempt, Run, RunbookVersion, StepRun, VersionState
from runbooks.states import AttemptState, Goal, Role, RunState, StepState

HOLDER = "run/"  # begins the name of whoever holds a nested attempt
ENDED = (RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.UNDONE)
MOST_STEPS_TOLD = OUTPUT_LIMIT // 2  # bytes of JSON of the child's outputs that its parent's step keeps


def is_nested(step: Step) -> bool:
    """Whether the engine does this step itself, as a run."""
    return step.action in (RUN, UNDO_RUN)


def begin(work: Work, step: Step, row: StepRun, attempt: Attempt) -> None:
    """Let the attempt stand for a run: a new one, or for `undo_run` the one that is taken back.

    In the transaction that makes the attempt, which is not saved here. Raises NestedRefused, BadInput,
    ExpressionError, DefinitionError; then nothing has begun."""
    child = _to_take_back(row) if step.action == UNDO_RUN else _start(work, step, row)
    attempt.state, attempt.worker = AttemptState.LEASED, f"{HOLDER}{child.uid if child else ''}"
    attempt.started_at, attempt.lease_until, attempt.fence = work.now, None, attempt.fence + 1
    doorbell.ring("run", child.uid if child else work.run.uid)  # with nothing to take back, the parent goes on


def _start(work: Work, step: Step, row: StepRun) -> Run:
    config = NestedRun().parse(work.intent(row.step).config)
    version = version_of(config)
    check_family(work.run, version)
    _check_consent(work, step, row, version)
    order = starting.Order(
        version=version,
        stream=work.run.stream,
        inputs=config.inputs,
        starter=work.run.starter,
        teams=work.run.teams.all(),
        context=work.run.context,
        assignees=_assignees(work, version),
        mode=work.run.mode,
        environment=work.run.environment,
        is_linear=work.run.is_linear,
        parent=row,
    )
    child, definition = starting.create(order, work.now)
    child.shapers.set(work.run.shapers.all())
    work.say("run.started", {**starting.told(child, definition.title), "run": child.uid})
    return child


def version_of(config: RunConfig) -> RunbookVersion:
    """The version that would run: the published one, or the numbered one that is or was published.

    Raises NestedRefused."""
    versions = RunbookVersion.objects.filter(runbook__slug=config.runbook).select_related("runbook")
    if config.version:
        found = versions.filter(number=config.version).exclude(state=VersionState.DRAFT).first()
    else:
        found = versions.filter(state=VersionState.PUBLISHED).order_by("-number").first()
    if found is None:
        which = f"version {config.version}" if config.version else "version"
        raise NestedRefused(config.runbook, f"it has no published {which}. Publish it first.")
    return found


def check_family(run: Run, version: RunbookVersion) -> None:
    """Raises NestedRefused when the runbook would run inside itself, or too deep."""
    above = [run, *(row.run for row in ancestors(run))]
    if version.runbook_id in {one.version.runbook_id for one in above}:
        raise NestedRefused(version.runbook.slug, "it would run inside itself.")
    if len(above) >= DEEPEST:
        raise NestedRefused(
            version.runbook.slug, f"{DEEPEST} runs inside each other are allowed; it would be one more."
        )


def _check_consent(work: Work, step: Step, row: StepRun, version: RunbookVersion) -> None:
    """Consent was given to what was published then."""
    request = latest_of(subject_of(work.run, row.step)) if step.approval is not None else None
    if request is not None and version.published_at is not None and version.published_at > request.asked_at:
        raise NestedRefused(version.runbook.slug, "it was published anew after consent was asked. Ask again.")


def _assignees(work: Work, version: RunbookVersion) -> dict[str, User]:
    """Who does what in the parent does it in the child; else whoever holds the role now."""
    rows = work.run.steps.exclude(assignee=None).select_related("assignee")
    mine = {row.step: row.assignee for row in rows}
    found = {step.assign: mine[step.id] for step in work.definition.steps if step.id in mine}
    for wanted in {step.assign for step in definition_of(version).steps} - found.keys() - {""}:
        found[wanted] = who(work.run, wanted)
    return {wanted: user for wanted, user in found.items() if user is not None}


def _to_take_back(row: StepRun) -> Run | None:
    """The newest run of the step that this undo is for that isn't taken back; None when there is none."""
    children = Run.objects.filter(parent__run=row.run_id, parent__step=row.of)
    return children.exclude(state=RunState.UNDONE).order_by("-pk").first()


def open_attempts(run: Run) -> list[Attempt]:
    """Attempts of this run that stand for other runs."""
    held = Attempt.objects.filter(step_run__run=run, state=AttemptState.LEASED, worker__startswith=HOLDER)
    return list(held.select_related("step_run").order_by("pk"))


def collect(work: Work) -> list[str]:
    """End the attempts whose runs have ended. Returns the steps that they are of: the planner is to be asked."""
    changed = []
    for attempt in open_attempts(work.run):
        row = work.row(attempt.step_run.step)
        uid = attempt.worker.removeprefix(HOLDER)
        child = Run.objects.select_related("version__runbook").get(uid=uid) if uid else None
        outcome = _undo_outcome(row, child) if row.role == Role.UNDO else _outcome(child) if child else None
        if outcome is not None:
            _finish(work, row, attempt, outcome)
            changed.append(row.step)
    return changed


def _outcome(child: Run) -> Done | Failed | None:
    """What a nested run's end means for its step; None while it goes on."""
    if child.state not in ENDED:
        return None
    output = {"run": child.uid, "state": child.state, "why": child.why, "steps": _outputs(child)}
    if child.state == RunState.SUCCEEDED:
        return Done(output)
    word = RunState(child.state).label.lower()
    effect = Effect.MAYBE if has_changed_something(child) else Effect.NONE
    return Failed(f"{child.version} is {word}: {child.why}", retryable=False, effect=effect, output=output)


def _outputs(child: Run) -> dict[str, Any]:
    """What its steps left, by step; nothing when that is too much to be kept twice."""
    found = dict(child.steps.filter(role=Role.STEP).exclude(output={}).values_list("step", "output"))
    return found if len(json.dumps(found)) <= MOST_STEPS_TOLD else {}


def has_changed_something(run: Run) -> bool:
    """Whether something of the run happened, or may have, and was not taken back; of runs inside it too."""
    specs = definition_of(run.version).by_id
    rows = run.steps.exclude(effect=Effect.NONE).exclude(state=StepState.UNDONE).filter(role__in=[Role.STEP, Role.ITEM])
    named = {of or step for step, of in rows.values_list("step", "of")}
    return any(step not in specs or not specs[step].harmless for step in named)  # unknown: another version did it


def _undo_outcome(row: StepRun, child: Run | None) -> Done | Failed | None:
    """None while it is being taken back. An end that is none of an undo means that somebody stopped it."""
    if child is None:
        return Done({"note": "There was nothing to take back."})
    if child.state == RunState.UNDONE:
        return Done({"run": child.uid, "why": child.why})
    if child.goal == Goal.UNDO and child.state in ENDED:
        return Failed(f"{child.version} could not be taken back: {child.why}", effect=Effect.MAYBE)
    return None


def _finish(work: Work, row: StepRun, attempt: Attempt, outcome: Done | Failed) -> None:
    """Write how an attempt ended, and say it."""
    if row.role != Role.UNDO:
        outcome = typed(work.spec(row.step), Kind.ACT, outcome)
    attempt.ended_at, attempt.output = work.now, outcome.output
    attempt.state = AttemptState.SUCCEEDED if isinstance(outcome, Done) else AttemptState.FAILED
    if isinstance(outcome, Failed):
        attempt.error, attempt.effect, attempt.retryable = outcome.error[:1000], outcome.effect, outcome.retryable
    attempt.save(update_fields=["ended_at", "output", "state", "error", "effect", "retryable"])
    if row.role != Role.UNDO and (isinstance(outcome, Done) or outcome.effect is not Effect.NONE):
        work.keep(row, effect=Effect.MAYBE)
    fields = {"step": row.step, "title": work.title(row.step), "attempt": attempt.number, "of": attempt.kind}
    fields |= {"key": attempt.idempotency_key, "worker": attempt.worker, **as_evidence(outcome.output)}
    if isinstance(outcome, Failed):
        work.say("attempt.failed", {**fields, "error": outcome.error, "effect": outcome.effect})
        return
    work.say("attempt.succeeded", fields)
    work.keep_output(row.step, outcome.output)
