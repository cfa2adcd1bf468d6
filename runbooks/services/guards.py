"""Checks that every act of a person on a run begins with."""

from typing import Any

from audit.selectors import latest
from catalog.models import User
from runbooks.engine.following import check_reopen
from runbooks.engine.work import Work
from runbooks.errors import NotYours, ReasonNeeded, RunbookError, StaleRun, StaleStep
from runbooks.models import GroupRun, StepRun
from runbooks.states import GroupState, RunState, StepState

PERSON = "usr_"
RECENT = 200  # entries among which the last act on something is looked for
OPEN_RUNS = frozenset({RunState.RUNNING, RunState.PAUSED})
DID = {  # in a refusal: what somebody else did meanwhile
    "step.running": "began it",
    "attempt.succeeded": "finished it",
    "attempt.failed": "said that it failed",
    "step.skipped": "left it out",
    "step.held": "held it back",
    "step.released": "let it go on",
    "step.answered": "said what its failure means",
    "step.replaced": "did it in another way",
    "step.settled": "said what happened",
    "step.reassigned": "gave it to somebody else",
    "run.paused": "paused the run",
    "run.resumed": "let the run go on",
    "run.cancelled": "cancelled the run",
    "run.width_set": "changed the speed limit",
    "run.undo_asked": "let it be taken back",
    "run.migrated": "moved the run to another version",
    "lock.overridden": "let it act beside the others",
    "group.assessed": "said what its failures mean",
}


def seen(work: Work, step: str, seen_at: int) -> StepRun:
    """The row, unless it has moved since the person looked at it. Raises StaleStep."""
    row = work.row(step)
    if row.seen_at != seen_at:
        raise stale(work, row)
    return row


def stale(work: Work, row: StepRun) -> StaleStep:
    """The refusal of a late click on a step: what it is now, and who made it so."""
    who = _last_act(work, step=row.step) or row.why
    return StaleStep(work.title(row.step), StepState(row.state).label, who)


def seen_run(work: Work, seen_at: int) -> None:
    """Raises StaleRun when somebody acted on the run as a whole since the person looked at it."""
    if work.run.seen_at != seen_at:
        who = _last_act(work, step=None) or work.run.why
        raise StaleRun(str(work.run.version), RunState(work.run.state).label, who)


def seen_group(work: Work, group: str, seen_at: int) -> GroupRun:
    """The row of a group, unless it has moved since. Raises StaleStep, RunbookError when there is no such group."""
    row = work.run.groups.filter(group=group).first()
    if row is None:
        raise RunbookError(f"This run has no group {group!r}. Known: {', '.join(_groups(work)) or 'none'}.")
    if row.seen_at != seen_at:
        who = _last_act(work, group=group) or row.why
        raise StaleStep(group_title(work, group), GroupState(row.state).label, who)
    return row


def _groups(work: Work) -> list[str]:
    return sorted(work.run.groups.values_list("group", flat=True))


def _last_act(work: Work, **about: Any) -> str:
    """What a person did last to this step, group, or the run as a whole: "Lena Vogt held it back". Empty for none."""
    for entry in latest(work.run.stream, limit=RECENT):
        fields = entry.fields
        if entry.kind not in DID or fields.get("run") != work.run.uid or not entry.actor.startswith(PERSON):
            continue
        if all(fields.get(name) == wanted for name, wanted in about.items()):
            name = User.objects.filter(uid=entry.actor.removeprefix(PERSON)).first()
            return f"{name or entry.actor} {DID[entry.kind]}"
    return ""


def group_title(work: Work, group: str) -> str:
    """What a group is called; the outermost one is the runbook."""
    titles = {section.id: section.title for section in work.definition.sections}
    return titles.get(group, work.definition.title)


def human(work: Work, step: str) -> None:
    spec = work.spec(step)
    if not spec.human:
        raise RunbookError(f"“{spec.title}” is done by a worker; nobody starts or finishes it by hand.")


def theirs(work: Work, row: StepRun, actor: User) -> None:
    """Raises NotYours when the step waits for somebody else."""
    if row.assignee is not None and row.assignee != actor:
        raise NotYours(work.title(row.step), str(row.assignee))


def in_state(work: Work, row: StepRun, *states: StepState) -> None:
    """Raises StaleStep unless the step is in one of these states."""
    if row.state not in states:
        raise stale(work, row)


def explained(reason: str) -> None:
    if not reason.strip():
        raise ReasonNeeded


def is_open(work: Work) -> None:
    """Raises RunbookError unless the run is running or paused."""
    if work.run.state not in OPEN_RUNS:
        raise RunbookError(f"The run is {RunState(work.run.state).label.lower()} already: {work.run.why}")


def running(work: Work) -> None:
    """Raises RunbookError unless the run goes on."""
    is_open(work)
    if work.run.state != RunState.RUNNING:
        raise RunbookError(f"The run is paused: {work.run.why} Resume it first.")


def reopen(work: Work, actor: User, reason: str) -> None:
    """A failed run runs again when one of its steps is retried, skipped, replaced or taken back."""
    if work.run.state == RunState.FAILED:
        check_reopen(work.run)
        check_reopen(work.run)
        work.run.state, work.run.why, work.run.ended_at = RunState.RUNNING, "", None
        work.run.save(update_fields=["state", "why", "ended_at"])
        work.say("run.reopened", {"reason": reason}, actor)
    is_open(work)
