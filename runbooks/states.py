"""States of runs, steps and attempts, and the moves between them. No queries, no clock, no Django registry."""

from enum import StrEnum

from runbooks.errors import IllegalTransition


class Word(StrEnum):
    """A state: its value is stored, its label is shown. (Not Django's TextChoices: the planner knows no Django.)"""

    @property
    def label(self) -> str:
        return LABELS.get(self.value, self.value.capitalize())

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        return [(word.value, word.label) for word in cls]


LABELS = {"approval": "Needs approval", "verifying": "Checking"}


class RunState(Word):
    RUNNING = "running"  # something is live, or waits for a person
    SUCCEEDED = "succeeded"  # every step done or skipped
    FAILED = "failed"  # a step failed and nothing else can go on; a retry reopens it
    STOPPED = "stopped"  # a person said no: an approval was rejected, or the run was cancelled


class StepState(Word):
    WAITING = "waiting"  # for the steps it needs
    APPROVAL = "approval"  # for the accountable owner
    READY = "ready"  # queued for a worker, or a person may start it
    RUNNING = "running"  # a worker or a person is at it
    VERIFYING = "verifying"  # done, the probe has the word
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the worker was lost; it may or may not have happened
    SKIPPED = "skipped"
    CANCELLED = "cancelled"


class AttemptState(Word):
    QUEUED = "queued"  # for a worker, not before a moment
    LEASED = "leased"  # a worker holds it under a fencing token
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"  # its worker vanished and nobody knows what it did
    VOID = "void"  # taken back before anything was done


R, S, A = RunState, StepState, AttemptState
RUN_MOVES: dict[str, frozenset[str]] = {
    R.RUNNING: frozenset({R.SUCCEEDED, R.FAILED, R.STOPPED}),
    R.SUCCEEDED: frozenset(),
    R.FAILED: frozenset({R.RUNNING, R.STOPPED}),  # a person retries or skips the failed step
    R.STOPPED: frozenset(),
}
STEP_MOVES: dict[str, frozenset[str]] = {
    S.WAITING: frozenset({S.APPROVAL, S.READY, S.SKIPPED, S.CANCELLED}),
    S.APPROVAL: frozenset({S.READY, S.CANCELLED, S.SKIPPED, S.FAILED}),
    S.READY: frozenset({S.RUNNING, S.DONE, S.FAILED, S.SKIPPED, S.CANCELLED, S.APPROVAL}),
    S.RUNNING: frozenset({S.VERIFYING, S.DONE, S.FAILED, S.UNKNOWN, S.READY, S.CANCELLED}),
    S.VERIFYING: frozenset({S.DONE, S.FAILED, S.READY, S.CANCELLED}),
    S.DONE: frozenset(),
    S.FAILED: frozenset({S.READY, S.APPROVAL, S.SKIPPED, S.CANCELLED}),  # retried or skipped by a person
    S.UNKNOWN: frozenset({S.DONE, S.VERIFYING, S.FAILED, S.READY, S.APPROVAL, S.CANCELLED}),  # by a person
    S.SKIPPED: frozenset(),
    S.CANCELLED: frozenset(),
}
ATTEMPT_MOVES: dict[str, frozenset[str]] = {
    A.QUEUED: frozenset({A.LEASED, A.VOID}),
    A.LEASED: frozenset({A.QUEUED, A.SUCCEEDED, A.FAILED, A.LOST}),  # back to queued: it asked to be called again
    A.SUCCEEDED: frozenset(),
    A.FAILED: frozenset(),
    A.LOST: frozenset(),
    A.VOID: frozenset(),
}
LIVE_STEPS = frozenset({S.APPROVAL, S.READY, S.RUNNING, S.VERIFYING})
SETTLED_STEPS = frozenset({S.DONE, S.SKIPPED, S.CANCELLED})
OPEN_ATTEMPTS = frozenset({A.QUEUED, A.LEASED})


def check_move(moves: dict[str, frozenset[str]], subject: str, current: str, target: str) -> None:
    """Raises IllegalTransition unless the table allows current -> target."""
    if target not in moves[current]:
        raise IllegalTransition(subject, current, target)
