"""What happens next in a run: a pure function of its definition and a snapshot. No Django, no clock, no I/O.

The rules, in the order they are asked:
1. Only a running run moves.
2. An attempt's end moves its step: done, to the probe, tried again, failed or unknown.
3. A step whose needs are done or skipped opens: first to its approval, then to a worker or a person.
4. A rejected or cancelled step stops the run: nothing new starts, what is live comes to its end.
5. When nothing is live and nothing waits for a person, the run ends.
An `unknown` step waits for a person: only somebody who looks can say what happened.
"""

from dataclasses import dataclass, field

from runbooks.engine.facts import (
    AskApproval,
    EndRun,
    Kind,
    LastAttempt,
    MoveStep,
    QueueAttempt,
    Snapshot,
    StepFacts,
    Transition,
    Verdict,
)
from runbooks.engine.model import Definition, Effect, Retry, Step
from runbooks.states import AttemptState, RunState, StepState

MAX_LOSSES = 5  # workers that one attempt may cost before it is taken for poison
MAX_DELAY_S = 3600.0

PASSED = frozenset({StepState.DONE, StepState.SKIPPED})
OVER = PASSED | {StepState.FAILED, StepState.UNKNOWN, StepState.CANCELLED}


def plan(definition: Definition, snapshot: Snapshot) -> tuple[Transition, ...]:
    """All transitions that are due now, in causal order; () when there is nothing to do.

    Deterministic, and a fixpoint: planned again after its own transitions, it gives ()."""
    if snapshot.run_state is not RunState.RUNNING:
        return ()
    planning = _Planning(snapshot, stopping=any(map(_stops, snapshot.steps.values())))
    for step in definition.plan_order:
        planning.advance(step)
    planning.end(definition)
    return tuple(planning.transitions)


def delay_s(retry: Retry, tries: int) -> float:
    """Seconds to wait after the failure of try number `tries`, at most MAX_DELAY_S."""
    try:
        return min(retry.delay_s * retry.backoff ** (tries - 1), MAX_DELAY_S)
    except OverflowError:
        return MAX_DELAY_S


def _stops(facts: StepFacts) -> bool:
    return facts.state is StepState.CANCELLED or (
        facts.state is StepState.APPROVAL and facts.verdict is Verdict.REJECTED
    )


@dataclass
class _Planning:
    """One call of `plan`: collects transitions and keeps the states as they will be after them."""

    snapshot: Snapshot
    stopping: bool
    transitions: list[Transition] = field(default_factory=list)
    states: dict[str, StepState] = field(default_factory=dict)

    def advance(self, step: Step) -> None:
        facts = self.snapshot.steps[step.id]
        self.states[step.id] = facts.state
        match facts.state:
            case StepState.WAITING:
                if not self.stopping and all(self.states[need] in PASSED for need in step.needs):
                    self._open(step, facts)
            case StepState.APPROVAL:
                self._approval(step, facts)
            case StepState.READY:
                self._ready(step, facts)
            case StepState.RUNNING | StepState.VERIFYING:
                self._outcome(step, facts)

    def end(self, definition: Definition) -> None:
        """Ends the run when every step is over, or waits for one that never will be done."""
        states = list(self.states.values())
        if any(state not in OVER and state is not StepState.WAITING for state in states):
            return
        if self.stopping:
            stopped = [step.title for step in definition.steps if self.states[step.id] is StepState.CANCELLED]
            self._add(EndRun(RunState.STOPPED, f"Cancelled: {', '.join(stopped)}."))
        elif all(state in PASSED for state in states):
            self._add(EndRun(RunState.SUCCEEDED, "Every step is done or skipped."))
        elif StepState.UNKNOWN not in states:
            failed = [step.title for step in definition.steps if self.states[step.id] is StepState.FAILED]
            self._add(EndRun(RunState.FAILED, f"Failed: {', '.join(failed)}. Nothing else can go on."))

    def _open(self, step: Step, facts: StepFacts) -> None:
        if step.approval is not None and facts.verdict is not Verdict.APPROVED:
            self._move(step, StepState.APPROVAL, "Its needs are met; it needs consent.")
            self._add(AskApproval(step.id))
            return
        self._move(step, StepState.READY, "Its needs are met." if step.needs else "It needs nothing.")
        self._queue_first(step, facts)

    def _approval(self, step: Step, facts: StepFacts) -> None:
        if facts.verdict is Verdict.REJECTED:
            self._move(step, StepState.CANCELLED, facts.verdict_why or "The approval was rejected.")
        elif self.stopping:
            self._move(step, StepState.CANCELLED, "The run stops.")
        elif facts.verdict is Verdict.APPROVED:
            self._move(step, StepState.READY, facts.verdict_why or "Approved.")
            self._queue_first(step, facts)
        elif facts.verdict is not Verdict.PENDING:
            self._add(AskApproval(step.id))

    def _ready(self, step: Step, facts: StepFacts) -> None:
        """Ready without an open attempt: a person may start it, or a person sent it back to be tried again."""
        if facts.last is not None and facts.last.open:
            return
        if self.stopping:
            self._move(step, StepState.CANCELLED, "The run stops.")
        else:
            self._queue_first(step, facts)

    def _queue_first(self, step: Step, facts: StepFacts) -> None:
        if not step.human:
            group = facts.group + (facts.tries > 0)
            self._add(QueueAttempt(step.id, Kind.ACT, facts.tries + 1, group))

    def _outcome(self, step: Step, facts: StepFacts) -> None:
        last = facts.last
        if last is None or last.open:
            return  # a person is at it, or a worker is
        if last.state is AttemptState.SUCCEEDED:
            self._succeeded(step, facts, last)
        elif last.kind is Kind.VERIFY:
            self._not_verified(step, facts, last)
        elif last.state is AttemptState.FAILED:
            self._failed(step, facts, last)
        else:
            self._lost(step, facts)

    def _succeeded(self, step: Step, facts: StepFacts, last: LastAttempt) -> None:
        if last.kind is Kind.VERIFY:
            self._move(step, StepState.DONE, "Its probe held.")
        elif step.verify is None:
            self._move(step, StepState.DONE, "It ended well.")
        else:
            if facts.state is not StepState.VERIFYING:
                self._move(step, StepState.VERIFYING, "It ended well; its probe has the word.")
            self._add(QueueAttempt(step.id, Kind.VERIFY, facts.tries, facts.group))

    def _failed(self, step: Step, facts: StepFacts, last: LastAttempt) -> None:
        harmless = step.idempotent or last.effect is Effect.NONE
        if last.retryable and harmless and self._may_try_again(step, facts):
            self._try_again(step, facts, last.error, facts.group)
        elif last.effect is Effect.UNKNOWN and not step.human:
            self._move(step, StepState.UNKNOWN, last.error or "No answer: it may have happened.")
        else:
            self._move(step, StepState.FAILED, last.error or "It failed.")

    def _not_verified(self, step: Step, facts: StepFacts, last: LastAttempt) -> None:
        if last.state is not AttemptState.FAILED and facts.losses < MAX_LOSSES:
            self._add(QueueAttempt(step.id, Kind.VERIFY, facts.tries, facts.group))  # asking again harms nobody
        elif last.state is AttemptState.FAILED and step.idempotent and self._may_try_again(step, facts):
            self._try_again(
                step, facts, last.error, facts.group + 1
            )  # a new key, or the target would answer from memory
        else:
            self._move(step, StepState.FAILED, last.error or "Its probe could not be asked.")

    def _lost(self, step: Step, facts: StepFacts) -> None:
        if not step.idempotent:
            self._move(step, StepState.UNKNOWN, "Its worker was lost; it may have happened.")
        elif facts.losses >= MAX_LOSSES:
            self._move(step, StepState.UNKNOWN, f"It cost {facts.losses} workers and is tried no more.")
        elif self.stopping:
            self._move(step, StepState.UNKNOWN, "Its worker was lost, and the run stops.")
        else:
            self._move(step, StepState.READY, "Its worker was lost; the same try goes to another.")
            self._add(QueueAttempt(step.id, Kind.ACT, facts.tries, facts.group))

    def _may_try_again(self, step: Step, facts: StepFacts) -> bool:
        return not self.stopping and not step.human and facts.tries < step.retry.attempts

    def _try_again(self, step: Step, facts: StepFacts, error: str, group: int) -> None:
        number = facts.tries + 1
        why = f"Try {number} of {step.retry.attempts}, after: {error or 'a failure'}"
        self._move(step, StepState.READY, why)
        self._add(QueueAttempt(step.id, Kind.ACT, number, group, delay_s(step.retry, facts.tries)))

    def _move(self, step: Step, to: StepState, why: str) -> None:
        self.states[step.id] = to
        self._add(MoveStep(step.id, to, why))

    def _add(self, transition: Transition) -> None:
        self.transitions.append(transition)
