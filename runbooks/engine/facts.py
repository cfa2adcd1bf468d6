"""What the planner reads (a snapshot of a run) and what it answers (transitions). Plain words: no Django."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from runbooks.engine.model import Effect
from runbooks.states import OPEN_ATTEMPTS, AttemptState, RunState, StepState


class Kind(StrEnum):
    """What an attempt does."""

    ACT = "act"  # the step's action; a person's outcome is an attempt too
    VERIFY = "verify"  # the step's probe


class Verdict(StrEnum):
    """Where the step's request for approval stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    VOID = "void"  # what would be done has changed: ask again


@dataclass(frozen=True, slots=True)
class LastAttempt:
    """The newest attempt of a step.

    retryable: another try could end better. effect: what a failed one may have changed. error: for the reader."""

    kind: Kind
    state: AttemptState
    retryable: bool = False
    effect: Effect = Effect.UNKNOWN
    error: str = ""

    @property
    def open(self) -> bool:
        return self.state in OPEN_ATTEMPTS


@dataclass(frozen=True, slots=True)
class StepFacts:
    """One step as it stands.

    tries: number of the newest `act` attempt, 0 before the first. group: its idempotency group; attempts of one group
    share a key at the target. losses: how many attempts like the last (same kind, same number) ended as `lost`.
    verdict_why: who rejected and why, for the reader."""

    state: StepState = StepState.WAITING
    tries: int = 0
    verdict: Verdict | None = None
    last: LastAttempt | None = None
    group: int = 1
    losses: int = 0
    verdict_why: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A run at one moment. Every step of the definition has its facts."""

    run_state: RunState
    steps: Mapping[str, StepFacts]


@dataclass(frozen=True, slots=True)
class MoveStep:
    step: str
    to: StepState
    why: str


@dataclass(frozen=True, slots=True)
class QueueAttempt:
    """Let a worker try. number: which try of the step this is (a lost attempt is tried again under its own number).
    group: with run and step, the idempotency key. not_before_s: wait so long first, counted from the commit."""

    step: str
    kind: Kind
    number: int
    group: int = 1
    not_before_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AskApproval:
    step: str


@dataclass(frozen=True, slots=True)
class EndRun:
    state: RunState
    why: str


Transition = MoveStep | QueueAttempt | AskApproval | EndRun


def applied(snapshot: Snapshot, transitions: tuple[Transition, ...]) -> Snapshot:
    """The snapshot after the transitions: what the shell writes in rows, said in one place."""
    steps = dict(snapshot.steps)
    run_state = snapshot.run_state
    for transition in transitions:
        match transition:
            case MoveStep(step, to):
                steps[step] = replace(steps[step], state=to)
            case QueueAttempt(step, kind, number, group):
                last, queued = steps[step].last, LastAttempt(kind, AttemptState.QUEUED)
                again = last is not None and last.kind is kind and steps[step].tries == number
                losses = steps[step].losses if again else 0
                steps[step] = replace(steps[step], tries=number, group=group, losses=losses, last=queued)
            case AskApproval(step):
                steps[step] = replace(steps[step], verdict=Verdict.PENDING)
            case EndRun(state):
                run_state = state
    return Snapshot(run_state, steps)
