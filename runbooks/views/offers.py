"""Which acts a page offers on a step. The services have the last word; this only keeps dead buttons off the page."""

from dataclasses import dataclass

from catalog.models import User
from runbooks.models import Run
from runbooks.selectors import StepOverview
from runbooks.states import RunState, StepState

SKIPPABLE = frozenset({StepState.WAITING, StepState.APPROVAL, StepState.READY, StepState.FAILED})


@dataclass(frozen=True)
class Offer:
    """One act. key: "start", "finish", ...: names the URL runbooks:step-<key>."""

    key: str
    label: str
    is_main: bool = False


def is_open(run: Run) -> bool:
    """Whether people can still change anything about the run."""
    return run.state == RunState.RUNNING


def for_step(run: Run, step: StepOverview, user: User) -> tuple[Offer, ...]:
    """What somebody with the right to execute may do with the step now, the likeliest first."""
    if run.state not in (RunState.RUNNING, RunState.FAILED):
        return ()
    found = [*_by_hand(step, user)] if is_open(run) else []
    if step.state == StepState.UNKNOWN:
        found.append(Offer("settle", "Say what happened…", is_main=True))
    if step.state == StepState.FAILED:
        found.append(Offer("retry", "Try again…", is_main=True))
    if step.state in SKIPPABLE:
        found.append(Offer("skip", "Skip step…"))
    return tuple(found)


def _by_hand(step: StepOverview, user: User) -> list[Offer]:
    if not step.step.human or step.state not in (StepState.READY, StepState.RUNNING):
        return []
    if step.assignee is not None and step.assignee != user:
        return [Offer("take", "Take it over…")]
    start = [Offer("start", "Start step", is_main=True)] if step.state == StepState.READY else []
    return [*start, Offer("finish", "Finish step…", is_main=not start)]
