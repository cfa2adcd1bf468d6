"""The durable shell around the planner: locks a run, asks what is due, writes it all in one transaction, then rings."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from audit import ledger
from plumbing.database import atomic
from plumbing.errors import MusterError
from runbooks.engine import attaching, attempting, consent, following, growing, locks, moments, nested
from runbooks.engine.applying import is_another_try
from runbooks.engine.facts import (
    AddItems,
    AddUndo,
    AskApproval,
    EndRun,
    FreeLocks,
    MoveGroup,
    MoveStep,
    QueueAttempt,
    Revisit,
    SetTimer,
    Settle,
    TakeBack,
    TakeLocks,
    Transition,
)
from runbooks.engine.memory import memories
from runbooks.engine.planner import plan
from runbooks.engine.run_lock import lock
from runbooks.engine.unwritten import Overtaken
from runbooks.engine.work import Work
from runbooks.states import Choice, StepState

MAX_ROUNDS = 12  # locks that are free, a list that is empty, a value that is missing: each takes the planner once more
TRIES = 3

Answer = TypeVar("Answer")


def advance(run_uid: str) -> None:
    """Take a run as far as it can go now. Safe when called twice, late or never: the sweep finds it."""

    def once() -> None:
        work = lock(run_uid)
        following.follow(work)
        nested.collect(work)
        work.touched |= set(locks.collect(work))
        attaching.collect(work)
        settle(work, whole=True)
        work.close()

    transacted(once)


def transacted(act: Callable[[], Answer]) -> Answer:
    """The answer of `act`, in one transaction; once more, with nothing remembered, when its memory was wrong."""
    for _ in range(TRIES - 1):
        try:
            with atomic():
                return act()
        except Overtaken as error:
            memories.forget(error.run_uid)
    with atomic():
        return act()


def settle(work: Work, *, whole: bool = False) -> None:
    """Ask the planner and apply what it says, until it says nothing.

    A worker's transaction asks about what it changed; a person's, and one that advances a run, about everything."""
    touched = None if whole or not work.is_hot else work.touched
    for _ in range(MAX_ROUNDS):
        work.notice()
        asked = None if touched is None else frozenset(work.touched)
        if asked is not None and not asked:
            return
        work.touched = set()
        if apply(work, plan(work.memory.board, asked)):
            return  # the planner is a fixpoint: asked again it would say nothing


def apply(work: Work, transitions: Iterable[Transition]) -> bool:
    """Write transitions as rows and entries. False when something came out that the planner couldn't know: ask again.

    That is a value that is missing, and locks that are free."""
    as_planned = True
    for transition in transitions:
        as_planned &= _apply(work, transition)
    if as_planned:
        work.touched = set()
    return as_planned


def _apply(work: Work, transition: Transition) -> bool:
    match transition:
        case QueueAttempt() | AskApproval() | AddItems() | TakeLocks() | SetTimer():
            return _prepare(work, transition)
        case MoveStep(step, to, why, because):
            _move(work, step, to, why, because)
        case AddUndo(step, needs):
            growing.add_undo(work, step, needs)
        case Revisit(decision, steps):
            growing.revisit(work, decision, steps)
        case TakeBack(step, why):
            growing.take_back(work, step, why)
        case FreeLocks(step):
            work.flush()
            locks.free(work, step)
        case _:
            _apply_to_many(work, transition)
    return True


def _move(work: Work, step: str, to: StepState, why: str, because: str) -> None:
    is_new_try = is_another_try(StepState(work.peek(step).state), to)
    work.move(step, to, why, because=because)
    if is_new_try and work.spec(step).approval is not None:
        work.flush()
        consent.withdraw(work, step, "It is tried again.", ledger.SYSTEM)
        work.reconsider(step)


def _apply_to_many(work: Work, transition: Transition) -> None:
    """Transitions of groups and of the run; a choice that was carried out, of a group or of a step."""
    match transition:
        case EndRun(state, why):
            work.end(state, why)
            following.ring_parent(work.run)
        case MoveGroup(group, to, why):
            work.move_group(group, to, why)
        case Settle(subject, True):
            work.set_group(subject, choice=Choice.NONE, choice_why="")
        case Settle(subject, False):
            work.set(subject, choice=Choice.NONE, choice_why="")


def _prepare(work: Work, transition: QueueAttempt | AskApproval | AddItems | TakeLocks | SetTimer) -> bool:
    """What may find a value missing. False when it did, and when locks are held at once: then there is more to plan."""
    try:
        match transition:
            case QueueAttempt():
                attempting.queue(work, transition)
            case AddItems(step, count):
                growing.add_items(work, step, count)
            case TakeLocks(step):
                work.flush()
                return not locks.take(work, step)
            case SetTimer(step):
                work.flush()
                return not moments.wait_until(work, step)
            case AskApproval(step):
                work.flush()  # the ledger says that the step waits before it says who was asked
                consent.ask(work, step)
                work.reconsider(step)
    except MusterError as error:
        return not _refuse(work, transition, str(error))
    return True


def _refuse(work: Work, transition: QueueAttempt | AskApproval | AddItems | TakeLocks | SetTimer, error: str) -> bool:
    """It can't begin: a value is missing. The step fails, unless it is unknown: then a person is asked anyway."""
    if work.peek(transition.step).state in (StepState.UNKNOWN, StepState.UNDOING):
        return False
    work.move(transition.step, StepState.FAILED, f"It could not start: {error}")
    return True
