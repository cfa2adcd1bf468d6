"""What the planner reads (a snapshot of a run) and what it answers (transitions). Plain words: no Django."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from runbooks.engine.model import Effect
from runbooks.states import (
    OPEN_ATTEMPTS,
    AttemptState,
    Choice,
    Goal,
    GroupState,
    LockState,
    Role,
    RunState,
    StepState,
)


class Kind(StrEnum):
    """What an attempt does."""

    WHEN = "when"  # the step's condition
    ITEMS = "items"  # the list of its loop
    ACT = "act"  # the step's action; a person's outcome is an attempt too
    VERIFY = "verify"  # the step's probe
    CHECK = "check"  # finds out what became of an unknown attempt


class Verdict(StrEnum):
    """Where the step's request for approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"  # what would be done has changed: ask again


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """The newest attempt of a step.

    retryable: another try could end better. effect: what a failed one may have changed. error: for the reader.
    holds: what a WHEN or CHECK attempt found, and whether `until` was met by an ACT; None when that wasn't asked."""

    kind: Kind
    state: AttemptState
    retryable: bool = False
    effect: Effect = Effect.UNKNOWN
    error: str = ""
    holds: bool | None = None

    @property
    def open(self) -> bool:
        return self.state in OPEN_ATTEMPTS


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One step as it stands.

    tries: number of the newest `act` attempt in this visit, 0 before the first. group: its idempotency group; attempts
    of one group share a key at the target. losses: how many attempts like the last (same kind and number) were `lost`.
    verdict_why: who rejected and why, for the reader. role, of: see `Role`; needs: of an UNDO row, ids of undo rows.
    effect: what it may have changed so far; NONE before it ever acted. rounds: of `until`.
    items: how long the loop's list is, None before it is known. condition: what `when` came to.
    choice: what a person said about its failure. held: a person or a watch holds it back. first: put first by a watch.
    case, go, back: what a decision took; back is empty unless it goes back. visits: how often a decision went back.
    overdue: over its `within`, or its lock wait is up and a person was asked. is_kept: the run that this one repeats
    did it; it is never taken back here.
    due: whether the moment of its `not_before` has come; None before SetTimer found out when that is."""

    state: StepState = StepState.WAITING
    tries: int = 0
    verdict: Verdict | None = None
    last: LastAttempt | None = None
    group: int = 1
    losses: int = 0
    verdict_why: str = ""
    role: Role = Role.STEP
    of: str = ""
    needs: tuple[str, ...] = ()
    effect: Effect = Effect.NONE
    rounds: int = 0
    items: int | None = None
    condition: bool | None = None
    locks: LockState = LockState.NONE
    choice: Choice = Choice.NONE
    choice_why: str = ""
    held: bool = False
    first: bool = False
    case: str = ""
    go: tuple[str, ...] = ()
    back: str = ""
    visits: int = 0
    overdue: bool = False
    is_kept: bool = False
    due: bool | None = None


@dataclass(frozen=True, slots=True)
class GroupFacts:
    """One group as it stands. choice: what the person who assessed it said."""

    state: GroupState = GroupState.OPEN
    choice: Choice = Choice.NONE
    choice_why: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment. Every step of the definition has its facts, every item and undo that exists too.

    groups: by section id, "" is the whole run; a missing one is OPEN. width: how many steps may be live at once.
    seed: of jitter, so that runs that fail together don't all try again together: the run's uid."""

    run_state: RunState
    steps: Mapping[str, StepFacts]
    groups: Mapping[str, GroupFacts] = field(default_factory=dict)
    goal: Goal = Goal.FINISH
    goal_why: str = ""
    width: int | None = None
    seed: str = ""


@dataclass(frozen=True, slots=True)
class MoveStep:
    """because: id of the step or decision whose end made it due, for the ledger; empty when it was something else."""

    step: str
    to: StepState
    why: str
    because: str = ""


@dataclass(frozen=True, slots=True)
class QueueAttempt:
    """Let a worker try. number: which try of the step this is (a lost attempt is tried again under its own number).
    group: with run and step, the idempotency key. not_before_s: wait so long first, counted from the commit.
    rounds: of `until` that have been, when this one begins."""

    step: str
    kind: Kind
    number: int
    group: int = 1
    not_before_s: float = 0.0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class SetTimer:
    """Find out when the step's `not_before` is: sets `due` at once if it has come, else a timer that will.

    Missing values fail the step."""

    step: str


@dataclass(frozen=True, slots=True)
class AskApproval:
    step: str


@dataclass(frozen=True, slots=True)
class TakeLocks:
    """Queue for everything that the step locks, all together. The shell asks the planner again when they are held."""

    step: str


@dataclass(frozen=True, slots=True)
class FreeLocks:
    step: str


@dataclass(frozen=True, slots=True)
class TakeBack:
    """Void the step's queued attempt and its request for approval, before a worker or an owner gets to it."""

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class AddItems:
    """Give the loop's step one row per item: `<step>.1` to `<step>.<count>`; those that it has stay as they are."""

    step: str
    count: int


@dataclass(frozen=True, slots=True)
class AddUndo:
    """Give the step an undo row, `undo:<step>`; one of an earlier visit begins anew, under a new key.

    needs: the undo rows that must be done before."""

    step: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveGroup:
    group: str
    to: GroupState
    why: str


@dataclass(frozen=True, slots=True)
class Settle:
    """What a person chose has been carried out: the choice of a step (or a group, by `is_group`) is cleared."""

    subject: str
    is_group: bool = False


@dataclass(frozen=True, slots=True)
class Revisit:
    """A decision goes back: these rows wait again, as if they had not been done; their next keys are new.

    What they changed stays known (`effect`), so that an undo takes it back."""

    decision: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EndRun:
    state: RunState
    why: str


Transition = (
    MoveStep
    | QueueAttempt
    | SetTimer
    | AskApproval
    | TakeLocks
    | FreeLocks
    | TakeBack
    | AddItems
    | AddUndo
    | MoveGroup
    | Settle
    | Revisit
    | EndRun
)


def undo_id(step: str) -> str:
    """Id of the row that takes a step back."""
    return f"undo:{step}"


def item_id(step: str, number: int) -> str:
    """Id of one item's row; numbers count from 1."""
    return f"{step}.{number}"


def item_number(row: str) -> int:
    """Which item a row is about, counted from 1."""
    return int(row.rpartition(".")[2])
