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


LABELS = {"approval": "Needs approval", "verifying": "Checking", "locked": "Waits for a lock"}
LABELS |= {"bypassed": "Not taken", "stuck": "Undo failed"}
LABELS |= {"happened": "It happened", "partly": "A part of it happened", "not": "Nothing of it happened"}


class RunState(Word):
    RUNNING = "running"  # something is live, or waits for a person
    SUCCEEDED = "succeeded"  # every step done or skipped
    FAILED = "failed"  # a step failed and nothing else can go on; a retry reopens it
    STOPPED = "stopped"  # a person said no: an approval was rejected, or the run was cancelled
    PAUSED = "paused"  # nothing new starts; what is live comes to its end
    UNDONE = "undone"  # everything that it did was taken back


class Goal(Word):
    """What a run is after."""

    FINISH = "finish"
    STOP = "stop"  # start nothing, let what is live end
    UNDO = "undo"  # the same, then take everything back


class Role(Word):
    """What a row of a run's plan is there for."""

    STEP = "step"  # stands in the definition
    ITEM = "item"  # one item of a loop; `of` names the loop's step
    UNDO = "undo"  # takes the step `of` back
    WATCH = "watch"  # looks at a condition for as long as the run is live; never holds up its end


class GroupState(Word):
    OPEN = "open"  # under way, or not begun
    ASSESSING = "assessing"  # a person says what its failures mean
    UNDOING = "undoing"  # nothing new starts; what happened is taken back
    PASSED = "passed"
    ACCEPTED = "accepted"  # with its failures, by a person
    FAILED = "failed"
    UNDONE = "undone"


class Choice(Word):
    """What a person says about a failure: of a step that asks, or of a group that is assessed."""

    NONE = ""
    RETRY = "retry"
    SKIP = "skip"
    UNDO_BRANCHES = "undo_branch"
    UNDO_ALL = "undo_all"
    ACCEPT = "accept"
    GIVE_UP = "give_up"


class Found(Word):
    """What a person found out about a step whose outcome nobody knew."""

    HAPPENED = "happened"
    PARTLY = "partly"  # a part of it: it failed, and may have to be taken back
    NOT = "not"  # nothing of it: it failed, and has changed nothing


class LockState(Word):
    NONE = ""  # not asked for yet, or given back
    QUEUED = "queued"
    HELD = "held"


class StepState(Word):
    WAITING = "waiting"  # for the steps it needs
    APPROVAL = "approval"  # for the accountable owner
    LOCKED = "locked"  # another step works on the same or a neighbouring service, or a resource is full
    READY = "ready"  # queued for a worker, or a person may start it
    RUNNING = "running"  # a worker or a person is at it
    VERIFYING = "verifying"  # done, the probe has the word
    DONE = "done"
    FAILED = "failed"
    UNKNOWN = "unknown"  # the worker was lost; it may or may not have happened
    SKIPPED = "skipped"
    BYPASSED = "bypassed"  # a decision took another way
    CANCELLED = "cancelled"
    UNDOING = "undoing"  # its undo runs
    UNDONE = "undone"
    STUCK = "stuck"  # its undo failed; a person is asked


class AttemptState(Word):
    QUEUED = "queued"  # for a worker, not before a moment
    LEASED = "leased"  # a worker holds it under a fencing token
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    LOST = "lost"  # its worker vanished and nobody knows what it did
    VOID = "void"  # taken back before anything was done


R, S, A, G = RunState, StepState, AttemptState, GroupState
RUN_MOVES: dict[str, frozenset[str]] = {
    R.RUNNING: frozenset({R.SUCCEEDED, R.FAILED, R.STOPPED, R.PAUSED, R.UNDONE}),
    R.PAUSED: frozenset({R.RUNNING, R.STOPPED, R.UNDONE}),
    R.SUCCEEDED: frozenset({R.RUNNING}),  # a nested run, when the run that it is part of is taken back
    R.FAILED: frozenset({R.RUNNING, R.STOPPED}),  # a person retries or skips the failed step
    R.STOPPED: frozenset({R.RUNNING}),  # likewise
    R.UNDONE: frozenset(),
}
LEFT_OUT = {S.SKIPPED, S.BYPASSED, S.CANCELLED}
AFTER_THE_FACT = {S.UNDOING, S.UNDONE}  # undone at once, where nothing has to be done for it
EARLIER_VISIT = {S.UNDOING}  # what it did before a decision went back is taken back
STEP_MOVES: dict[str, frozenset[str]] = {
    S.WAITING: frozenset({S.APPROVAL, S.LOCKED, S.READY, S.RUNNING, S.DONE, S.FAILED, *LEFT_OUT, *EARLIER_VISIT}),
    S.APPROVAL: frozenset({S.READY, S.LOCKED, S.FAILED, *LEFT_OUT}),
    S.LOCKED: frozenset({S.READY, S.APPROVAL, S.FAILED, *LEFT_OUT}),
    S.READY: frozenset({S.RUNNING, S.DONE, S.FAILED, S.APPROVAL, S.LOCKED, S.WAITING, *LEFT_OUT}),
    S.RUNNING: frozenset({S.VERIFYING, S.DONE, S.FAILED, S.UNKNOWN, S.READY, S.CANCELLED}),
    S.VERIFYING: frozenset({S.DONE, S.FAILED, S.READY, S.CANCELLED}),
    S.DONE: frozenset({S.WAITING, *AFTER_THE_FACT}),  # waiting: a decision went back
    S.FAILED: frozenset(  # running: an item of the loop is tried again
        {S.READY, S.APPROVAL, S.LOCKED, S.WAITING, S.RUNNING, S.DONE, S.SKIPPED, S.CANCELLED, *AFTER_THE_FACT}
    ),
    S.UNKNOWN: frozenset({S.DONE, S.VERIFYING, S.FAILED, S.READY, S.APPROVAL, S.LOCKED, S.CANCELLED, *AFTER_THE_FACT}),
    S.SKIPPED: frozenset({S.WAITING, *EARLIER_VISIT}),
    S.BYPASSED: frozenset({S.WAITING, *EARLIER_VISIT}),
    S.CANCELLED: frozenset({S.WAITING, S.SKIPPED, *EARLIER_VISIT}),  # first two: a person says so
    S.UNDOING: frozenset({S.UNDONE, S.STUCK}),
    S.UNDONE: frozenset({S.WAITING, S.SKIPPED}),  # a decision went back; a person goes on without it
    S.STUCK: frozenset({S.UNDOING, S.UNDONE}),
}
GROUP_MOVES: dict[str, frozenset[str]] = {
    G.OPEN: frozenset({G.ASSESSING, G.UNDOING, G.PASSED, G.FAILED, G.UNDONE}),
    G.ASSESSING: frozenset({G.OPEN, G.UNDOING, G.PASSED, G.ACCEPTED, G.FAILED, G.UNDONE}),
    G.UNDOING: frozenset({G.UNDONE, G.ASSESSING}),
    G.PASSED: frozenset({G.OPEN, G.UNDOING}),  # open: a decision went back
    G.ACCEPTED: frozenset({G.OPEN, G.UNDOING}),
    G.FAILED: frozenset({G.OPEN, G.UNDOING, G.ACCEPTED}),  # open: a retry or a skip
    G.UNDONE: frozenset({G.OPEN, G.UNDOING, G.ACCEPTED}),  # accepted: skipped by who assesses the group around it
}
ATTEMPT_MOVES: dict[str, frozenset[str]] = {
    A.QUEUED: frozenset({A.LEASED, A.VOID}),
    A.LEASED: frozenset({A.QUEUED, A.SUCCEEDED, A.FAILED, A.LOST}),  # back to queued: it asked to be called again
    A.SUCCEEDED: frozenset(),
    A.FAILED: frozenset(),
    A.LOST: frozenset(),
    A.VOID: frozenset(),
}
LIVE_STEPS = frozenset({S.APPROVAL, S.LOCKED, S.READY, S.RUNNING, S.VERIFYING, S.UNDOING})
SETTLED_STEPS = frozenset({S.DONE, S.SKIPPED, S.BYPASSED, S.CANCELLED, S.UNDONE})
PASSED_STEPS = frozenset({S.DONE, S.SKIPPED, S.BYPASSED})
OPEN_ATTEMPTS = frozenset({A.QUEUED, A.LEASED})


def check_move(moves: dict[str, frozenset[str]], subject: str, current: str, target: str) -> None:
    """Raises IllegalTransition unless the table allows current -> target."""
    if target not in moves[current]:
        raise IllegalTransition(subject, current, target)
