"""Who or what keeps a run from going on right now: a person, an approval, a lock, a time, a worker, a probe."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from approvals.models import ApprovalRequest
from approvals.states import RequestState
from runbooks.engine.model import Definition, Step
from runbooks.engine.reading import subject_of
from runbooks.models import Attempt, GroupRun, Run, StepRun
from runbooks.states import OPEN_ATTEMPTS, GroupState, Role, RunState, StepState

COMMANDER = "the commander"
S = StepState
WAITED_FOR = {S.APPROVAL, S.LOCKED, S.READY, S.RUNNING, S.VERIFYING, S.FAILED, S.UNKNOWN, S.UNDOING, S.STUCK}


class Holder(StrEnum):
    """What kind of thing holds a step."""

    PERSON = "person"
    APPROVAL = "approval"
    LOCK = "lock"
    TIME = "time"
    WORKER = "worker"
    PROBE = "probe"


@dataclass(frozen=True)
class Holding:
    """One thing that the run waits for. step: "" when it is the whole run or a group. who: a name, as far as there is
    one. why: for the reader. since: it came into this state. until: when a time ends it."""

    kind: Holder
    step: str
    title: str
    who: str
    why: str
    since: dt.datetime
    until: dt.datetime | None = None


def holding(run: Run, definition: Definition, now: dt.datetime) -> tuple[Holding, ...]:
    """All that the run waits for now, the longest first. Four queries."""
    if run.ended_at is not None and run.state != RunState.FAILED:
        return ()
    rows = [row for row in run.steps.select_related("assignee") if row.role != Role.WATCH and _is_waited_for(row, now)]
    attempts = Attempt.objects.filter(step_run__run=run, state__in=[state.value for state in OPEN_ATTEMPTS])
    open_attempts = {attempt.step_run_id: attempt for attempt in attempts}
    asked = _asked(run, [row for row in rows if row.state == S.APPROVAL])
    found = [_of(row, definition, open_attempts.get(row.pk), asked, now) for row in rows]
    found += [
        Holding(Holder.PERSON, "", group.group or "The run", COMMANDER, group.why, group.changed_at)
        for group in GroupRun.objects.filter(run=run, state=GroupState.ASSESSING)
    ]
    if run.state == RunState.PAUSED:
        found.append(Holding(Holder.PERSON, "", "The run", "", run.why or "It is paused.", run.started_at))
    return tuple(sorted(found, key=lambda one: (one.since, one.step)))


def _is_waited_for(row: StepRun, now: dt.datetime) -> bool:
    """Live, waiting for somebody's word, or kept back on purpose; not a container whose items do the work."""
    if row.state == S.WAITING:
        return bool(row.held) or (row.not_before is not None and row.not_before > now)
    return row.state in WAITED_FOR and not (row.state == S.UNDOING or (row.state == S.RUNNING and row.items))


def _asked(run: Run, rows: Iterable[StepRun]) -> dict[str, ApprovalRequest]:
    subjects = [subject_of(run, row.step) for row in rows]
    if not subjects:
        return {}
    pending = ApprovalRequest.objects.filter(subject__in=subjects, state=RequestState.PENDING)
    return {request.subject.rpartition("/")[2]: request for request in pending.prefetch_related("asked__user")}


def _of(
    row: StepRun, definition: Definition, attempt: Attempt | None, asked: dict[str, ApprovalRequest], now: dt.datetime
) -> Holding:
    step = definition.by_id.get(row.of or row.step)
    kind, who, until = _what(row, step, attempt, now)
    if kind is Holder.APPROVAL and row.step in asked:
        who = ", ".join(str(one.user) for one in asked[row.step].asked.all())
        until = asked[row.step].due_at
    title = step.title if step is not None else row.step
    if row.role == Role.UNDO:
        title = f"Undo: {title}"
    return Holding(kind, row.step, title, who, row.held or row.why, row.changed_at, until)


def _what(
    row: StepRun, step: Step | None, attempt: Attempt | None, now: dt.datetime
) -> tuple[Holder, str, dt.datetime | None]:
    """(kind, who, until) of what a row waits for."""
    human = step is not None and step.human and row.role != Role.UNDO
    match StepState(row.state):
        case S.APPROVAL:
            return Holder.APPROVAL, "", None
        case S.LOCKED:
            return Holder.LOCK, "", None
        case S.WAITING if not row.held:
            return Holder.TIME, "", row.not_before
        case S.FAILED | S.UNKNOWN | S.STUCK | S.WAITING:
            return Holder.PERSON, COMMANDER if not row.held else "", None
        case _ if human or attempt is None:
            return Holder.PERSON, str(row.assignee) if row.assignee else "nobody yet", None
        case S.VERIFYING:
            return Holder.PROBE, attempt.worker, None
    if attempt.not_before > now:
        return Holder.TIME, "", attempt.not_before
    return Holder.WORKER, attempt.worker, None
