"""Reads a run for the planner and for expressions: facts from rows, values from inputs and outputs."""

import datetime as dt
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django.db.models import Max, Model, Q

from approvals.models import ApprovalRequest
from approvals.selectors import decision_of, unconfirmed
from approvals.states import Ground, RequestState
from plumbing import statements
from runbooks.definitions import parse
from runbooks.definitions.expanding import linearised
from runbooks.engine import rows
from runbooks.engine.board import Board
from runbooks.engine.facts import GroupFacts, Kind, LastAttempt, StepFacts, Verdict
from runbooks.engine.graph import spec_of
from runbooks.engine.memory import Memory
from runbooks.engine.migrating import migrated
from runbooks.engine.model import Definition, Effect, Step
from runbooks.models import Attempt, GroupRun, Run, RunbookVersion, StepRun
from runbooks.states import AttemptState, Choice, Goal, GroupState, LockState, Role, RunState, StepState

UNSETTLED = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.LOCKED, StepState.READY})  # consent matters
MOST_AT_ONCE = 500  # rows that are named one by one in a statement


@lru_cache(maxsize=256)
def _parsed(digest: str, source: str, filename: str) -> Definition:
    return parse(source, filename=filename)


def definition_of(version: RunbookVersion) -> Definition:
    """The version's definition, parsed once per process and text. Raises DefinitionError for a broken draft."""
    return _parsed(version.digest, version.source, f"{version.runbook.slug}.yaml")


def definition_of_run(run: Run) -> Definition:
    """What a run follows: its version's definition with what people changed in this run, made once per process."""
    if not run.edits and not run.is_linear:
        return definition_of(run.version)
    edits = tuple((edit["was"], edit["to"], tuple(edit["stays"])) for edit in run.edits)
    return _edited(run.version.runbook_id, run.version.digest, edits, run.is_linear)


@lru_cache(maxsize=256)
def _edited(runbook: int, digest: str, edits: tuple[tuple[int, int, tuple[str, ...]], ...], linear: bool) -> Definition:
    """digest: of the newest version; published versions never change, so their numbers say which texts are meant."""
    numbers = {number for was, to, _ in edits for number in (was, to)}
    chosen = Q(number__in=numbers) if numbers else Q(digest=digest)
    versions = RunbookVersion.objects.filter(chosen, runbook=runbook).select_related("runbook")
    texts = {version.number: definition_of(version) for version in versions}
    found = texts[edits[0][0]] if edits else next(iter(texts.values()))
    for _, to, stays in edits:
        found = migrated(found, texts[to], stays)
    return linearised(found) if linear else found


def subject_of(run: Run, step: str) -> str:
    """How an approval request names the step that waits for it."""
    return f"run/{run.uid}/{step}"


def scope_of(row: StepRun) -> dict[str, Any]:
    """The item of a loop that a row is for, or takes back."""
    if row.role != Role.UNDO:
        return dict(row.scope)
    return dict(StepRun.objects.filter(run=row.run_id, step=row.of).values_list("scope", flat=True).first() or {})


def remembered(run: Run, now: dt.datetime, definition: Definition | None = None) -> Memory:
    """Everything about a run, from its rows. now: the database's clock."""
    definition = definition or definition_of_run(run)
    memory = Memory(run, definition, Board(definition, seed=run.uid), run.rev, now)
    _read_all(memory)
    return memory


def refresh(memory: Memory) -> set[str] | None:
    """Bring a memory to what stands in the database, read under lock: one question, answered by what has changed since.

    Returns the steps that have changed; None when the run follows another plan, and all must be read."""
    was, pk = memory.rev, memory.run.pk
    with statements.together():
        told = [rows.select(model, rest, [pk, was][: rest.count("%s")]) for model, rest in CHANGED]
    run = rows.read(Run, told[0])[0]
    if (run.version_id, run.is_linear, run.edits) != (memory.run.version_id, memory.run.is_linear, memory.run.edits):
        return None
    run.version = memory.run.version
    memory.run, memory.rev = run, run.rev
    changed = {row.step: row for row in rows.read(StepRun, told[1])}
    memory.rows |= changed
    for step, row in changed.items():
        memory.keep_output(step, row.output)
    _keep_attempts(memory, changed.values(), rows.read(Attempt, told[2]))
    read_verdicts(memory, changed)
    for step in changed:
        set_facts(memory, step)
    _keep_groups(memory, rows.read(GroupRun, told[3]))
    read_run(memory)
    return set(changed)


CHANGED: tuple[tuple[type[Model], str], ...] = (
    (Run, "WHERE id = %s"),
    (StepRun, "WHERE run_id = %s AND rev > %s"),
    (
        Attempt,
        "JOIN runbooks_steprun step ON step.id = step_run_id WHERE step.run_id = %s AND step.rev > %s AND"
        " runbooks_attempt.id = (SELECT max(id) FROM runbooks_attempt newest WHERE newest.step_run_id = step.id)",
    ),
    (GroupRun, "WHERE run_id = %s AND rev > %s"),
)


def _read_all(memory: Memory) -> None:
    found = {row.step: row for row in memory.run.steps.all()}
    memory.rows |= found
    for step, row in found.items():
        memory.keep_output(step, row.output)
    reread(memory, found, whole=True)
    read_groups(memory)
    read_run(memory)


def reread(memory: Memory, steps: Iterable[str], *, whole: bool = False) -> None:
    """Read the newest attempts and the consent of these steps anew, and set their facts."""
    changed = [memory.rows[step] for step in steps]
    if not changed:
        return
    _read_attempts(memory, changed, whole=whole)
    read_verdicts(memory, [row.step for row in changed])
    for row in changed:
        set_facts(memory, row.step)


def read_new_rows(memory: Memory) -> set[str]:
    """Rows that somebody has made and not told of. Returns their steps."""
    if memory.run.steps.count() == len(memory.rows):
        return set()
    new = {row.step: row for row in memory.run.steps.all() if row.step not in memory.rows}
    memory.rows |= new
    return set(new)


def read_run(memory: Memory) -> None:
    """What the board knows of the run as a whole."""
    run, board = memory.run, memory.board
    board.run_state, board.goal = RunState(run.state), Goal(run.goal)
    board.goal_why, board.width = run.goal_why, run.width


def read_groups(memory: Memory) -> None:
    """All groups that have a row."""
    memory.groups = {}
    _keep_groups(memory, memory.run.groups.all())


def _keep_groups(memory: Memory, found: Iterable[GroupRun]) -> None:
    for row in found:
        memory.groups[row.group] = row
        memory.board.set_group(row.group, group_facts(row))


def _read_attempts(memory: Memory, changed: list[StepRun], *, whole: bool) -> None:
    if whole or len(changed) > MOST_AT_ONCE:
        ours = Attempt.objects.filter(step_run__run=memory.run)
    else:
        ours = Attempt.objects.filter(step_run__in=[row.pk for row in changed])
    newest = ours.order_by().values("step_run").annotate(newest=Max("pk")).values("newest")
    _keep_attempts(memory, changed, Attempt.objects.filter(pk__in=newest).order_by())


def _keep_attempts(memory: Memory, changed: Iterable[StepRun], newest: Iterable[Attempt]) -> None:
    """How the newest attempts at these steps stand."""
    by_pk = {row.pk: row.step for row in changed}
    for known in by_pk.values():
        memory.last.pop(known, None)
        memory.open.pop(known, None)
    for attempt in newest:
        step = by_pk.get(attempt.step_run_id)
        if step is not None and attempt.group >= memory.rows[step].group:  # older: of a visit before
            attempt.step_run = memory.rows[step]
            memory.keep_attempt(step, attempt, last_of(attempt))


def last_of(attempt: Attempt) -> LastAttempt:
    """How an attempt stands, for the planner."""
    return LastAttempt(
        Kind(attempt.kind),
        AttemptState(attempt.state),
        attempt.retryable,
        Effect(attempt.effect),
        attempt.error,
        attempt.holds,
    )


def read_verdicts(memory: Memory, steps: Iterable[str]) -> set[str]:
    """Read where the consent of these steps stands, as far as it matters. Returns those for which it has changed."""
    wanted, changed = dict[str, str](), set[str]()
    for step in steps:
        if _asks(memory, step):
            wanted[subject_of(memory.run, step)] = step
        elif step in memory.verdicts:
            del memory.verdicts[step]
            changed.add(step)
    if not wanted:
        return changed
    newest = {request.subject: request for request in _requests(memory.run, list(wanted))}
    for subject, step in wanted.items():
        request = newest.get(subject)
        found = (_verdict(request), _said(request)) if request else None
        if found != memory.verdicts.get(step):
            changed.add(step)
        if found is None:
            memory.verdicts.pop(step, None)
        else:
            memory.verdicts[step] = found
    return changed


def _requests(run: Run, subjects: list[str]) -> Iterable[ApprovalRequest]:
    """The requests for these subjects, the newest last."""
    if len(subjects) > MOST_AT_ONCE:
        return ApprovalRequest.objects.filter(subject__startswith=subject_of(run, "")).order_by("pk")
    return ApprovalRequest.objects.filter(subject__in=subjects).order_by("pk")


def _asks(memory: Memory, step: str) -> bool:
    return memory.rows[step].state in UNSETTLED and spec_in(memory, step).approval is not None


def _verdict(request: ApprovalRequest) -> Verdict:
    """A request as the planner knows it. A yes that was used, or not used in time, is worth nothing: it is asked anew.
    Where nobody decided in time, or the question was taken back, the step fails, and a person says what follows."""
    match request.state:
        case RequestState.PENDING:
            return Verdict.PENDING
        case RequestState.APPROVED:
            return Verdict.PENDING if unconfirmed(request) else Verdict.APPROVED
        case RequestState.REJECTED | RequestState.WITHDRAWN:
            return Verdict.REJECTED
        case RequestState.EXPIRED if request.expires_at is None:
            return Verdict.REJECTED
    return Verdict.VOID


def _said(request: ApprovalRequest) -> str:
    if request.state == RequestState.PENDING:
        return ""
    if request.why:
        return request.why
    if request.ground == Ground.STANDING:
        return "Approved in advance."
    if request.ground == Ground.BREAK_GLASS:
        return f"{request.review.breaker} broke the glass: {request.review.reason}"
    decision = decision_of(request)
    if decision is None:
        return ""
    verb = "Approved" if decision.verdict == "approve" else "Rejected"
    return f"{verb} by {decision.user}: {decision.reason}" if decision.reason else f"{verb} by {decision.user}."


def spec_in(memory: Memory, step: str) -> Step:
    """What a row stands for: a step, a loop's step under the item's id, or an undo as a step."""
    row = memory.rows[step]
    if row.role == Role.STEP:
        return memory.definition.by_id[step]
    return spec_of(memory.definition, step, Role(row.role), row.of)


def set_facts(memory: Memory, step: str) -> None:
    """Tell the board how a step stands, as its row and its newest attempt say."""
    row = memory.rows[step]
    verdict, why = memory.verdicts.get(step, (None, ""))
    memory.board.set(step, facts_of(row, memory.last.get(step), verdict, why, memory.now))
    if row.state == StepState.APPROVAL:
        memory.asking.add(step)
    else:
        memory.asking.discard(step)


def facts_of(
    row: StepRun, last: LastAttempt | None, verdict: Verdict | None, verdict_why: str, now: dt.datetime
) -> StepFacts:
    """One step's facts."""
    decision = row.decision
    return StepFacts(
        state=StepState(row.state),
        tries=row.tries,
        verdict=verdict,
        last=last,
        group=row.group,
        losses=row.losses,
        verdict_why=verdict_why,
        role=Role(row.role),
        of=row.of,
        needs=tuple(row.needs),
        effect=Effect(row.effect),
        rounds=row.rounds,
        items=row.items,
        condition=row.condition,
        locks=LockState(row.locks),
        choice=Choice(row.choice),
        choice_why=row.choice_why,
        held=bool(row.held),
        first=row.first,
        case=decision.get("case") or "",
        go=tuple(decision.get("go") or ()),
        back=decision.get("back") or "",
        visits=row.visits,
        overdue=row.overdue,
        is_kept=row.is_kept,
        due=None if row.not_before is None else row.not_before <= now,
    )


def group_facts(row: GroupRun) -> GroupFacts:
    """One group's facts."""
    return GroupFacts(GroupState(row.state), Choice(row.choice), row.choice_why)


def values_of(run: Run) -> dict[str, Any]:
    """What expressions see: `inputs`, `steps.<id>.output`, `run`, `env`, and what the run's starter gave."""
    outputs = run.steps.exclude(output={}).values_list("step", "output")
    return values_with(run, definition_of_run(run), {step: {"output": output} for step, output in outputs})


def values_with(run: Run, definition: Definition, outputs: dict[str, Any]) -> dict[str, Any]:
    """The same, of outputs that are known already."""
    return {
        **run.context,
        "run": {"id": run.uid, "mode": run.mode, "environment": run.environment},
        "env": definition.environments.get(run.environment, {}),
        "inputs": run.inputs,
        "steps": outputs,
    }


def step_run_of(run: Run, step: str) -> StepRun:
    """The row of one step. Raises StepRun.DoesNotExist."""
    return run.steps.get(step=step)
