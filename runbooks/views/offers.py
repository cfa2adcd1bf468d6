"""Which acts a page offers. The services have the last word; this only keeps dead buttons off the page."""

from dataclasses import dataclass

from catalog.models import User
from catalog.permissions import Right
from runbooks.models import GroupRun, Run
from runbooks.selectors import StepOverview
from runbooks.states import Goal, GroupState, Role, RunState, StepState

S = StepState
NOT_BEGUN = frozenset({S.WAITING, S.APPROVAL, S.LOCKED, S.READY})
HAPPENED = frozenset({S.DONE, S.UNKNOWN, S.FAILED})
SKIPPABLE = NOT_BEGUN | {S.FAILED}
ACTED_ON = frozenset({RunState.RUNNING, RunState.PAUSED, RunState.FAILED})
OVER = frozenset({RunState.SUCCEEDED, RunState.FAILED, RunState.STOPPED, RunState.UNDONE})


@dataclass(frozen=True)
class Offer:
    """One act. key: "start", "finish", ...: names the URL runbooks:step-<key>, or runbooks:<key> for a run.

    right: what it takes; who doesn't have it isn't offered it."""

    key: str
    label: str
    is_main: bool = False
    right: Right = Right.EXECUTE


def is_open(run: Run) -> bool:
    """Whether people can still change anything about the run."""
    return run.state in (RunState.RUNNING, RunState.PAUSED)


def for_run(run: Run) -> tuple[Offer, ...]:
    """What people may do with the run as a whole now."""
    undo = Offer("undo", "Undo run…", right=Right.COMMAND)
    if run.state == RunState.FAILED:
        return (undo,)
    if not is_open(run):
        return ()
    paused = run.state == RunState.PAUSED
    found = [Offer("resume", "Resume run…", is_main=True) if paused else Offer("pause", "Pause run…")]
    found += [Offer("speed", "Speed limit…"), Offer("move", "Move to another version…"), Offer("cancel", "Cancel run…")]
    return tuple(found) if run.goal == Goal.UNDO else (*found, undo)


def for_group(group: GroupRun) -> bool:
    """Whether a group asks what its failures mean."""
    return group.state == GroupState.ASSESSING and not group.choice


def for_step(run: Run, step: StepOverview, user: User) -> tuple[Offer, ...]:
    """What people may do with the step now, the likeliest first."""
    again = [Offer("rerun", "Run again from here…")] if run.state in OVER and step.row.role == Role.STEP else []
    if run.state not in ACTED_ON:
        return tuple(again)
    found = [*_by_hand(step, user), *_waiting(step)] if is_open(run) else []
    if step.state == S.UNKNOWN:
        found += _unknown(step)
    if step.state == S.FAILED and not step.row.choice:
        found += [Offer("retry", "Try again…", is_main=True), Offer("replace", "Done in another way…")]
        found += [Offer("give-up", "Give up…")] if is_open(run) else []
    if step.state in SKIPPABLE and step.row.role != Role.UNDO:
        found.append(Offer("skip", "Skip step…"))
    if step.row.held:
        found.append(Offer("release", "Release step…", is_main=True))
    elif step.state in NOT_BEGUN and is_open(run):
        found.append(Offer("hold", "Hold step…"))
    if step.state == S.STUCK:
        found += [Offer("undo-retry", "Retry the undo…", is_main=True), Offer("undone", "Undone by hand…")]
    if step.state in HAPPENED and step.row.role == Role.STEP:
        found.append(Offer("undo-branch", "Undo its branch…", right=Right.COMMAND))
    return (*found, *again)


def _waiting(step: StepOverview) -> list[Offer]:
    """For what waits for a person's word: a lock that is held up, a decision that could not decide."""
    if step.state == S.LOCKED:
        return [Offer("override", "Override the lock…", right=Right.COMMAND)]
    asks = step.step.decide is not None and step.state == S.READY and step.attempt is not None
    return [Offer("decide", "Decide…", is_main=True)] if asks else []


def _unknown(step: StepOverview) -> list[Offer]:
    check = [Offer("check", "Ask its check…")] if step.step.check else []
    return [Offer("settle", "Say what happened…", is_main=True), *check, Offer("replace", "Done in another way…")]


def _by_hand(step: StepOverview, user: User) -> list[Offer]:
    if not step.step.human or step.state not in (S.READY, S.RUNNING):
        return []
    reassign = Offer("reassign", "Reassign…")
    if step.assignee is not None and step.assignee != user:
        return [Offer("take", "Take it over…"), reassign]
    start = [Offer("start", "Start step", is_main=True)] if step.state == S.READY else []
    return [*start, Offer("finish", "Finish step…", is_main=not start), reassign]
