"""What the end of an attempt means to its step."""

from runbooks.engine.facts import Kind, LastAttempt, StepFacts
from runbooks.engine.model import Effect, Step
from runbooks.engine.planner.planning import MAX_LOSSES, Planning
from runbooks.engine.planner.waits import delay_s
from runbooks.states import AttemptState, StepState


def outcome(call: Planning, row: str) -> None:
    """A step that is at work: nothing while an attempt is open or a person is at it."""
    step, facts = call.spec(row), call.facts(row)
    last = facts.last
    if last is None or last.open:
        return
    if last.kind is Kind.VERIFY:
        _verified(call, row, step, last)
    elif last.kind is not Kind.ACT:
        return  # its condition, long ago
    elif step.decide is not None:
        _decided(call, row, last)
    elif last.state is AttemptState.SUCCEEDED:
        _succeeded(call, row, step, last)
    elif last.state is AttemptState.FAILED:
        _failed(call, row, step, last)
    elif last.state is AttemptState.LOST:
        _lost(call, row, step)


def asked(call: Planning, row: str) -> None:
    """A step that waits for its condition or its list."""
    facts = call.facts(row)
    last = facts.last
    if last is None or last.open or last.kind not in (Kind.WHEN, Kind.ITEMS) or not call.may_begin(row):
        return
    what = "condition" if last.kind is Kind.WHEN else "list"
    if last.state is AttemptState.FAILED:
        call.move(row, StepState.FAILED, last.error or f"Its {what} could not be found out.")
    elif last.state is AttemptState.LOST and not call.is_paused and not call.queue_again(row, last.kind):
        call.move(row, StepState.FAILED, f"Its {what} cost {facts.losses} workers.")


def checked(call: Planning, row: str) -> None:
    """A step of which nobody knows whether it happened: what its check found. No answer leaves it to a person."""
    last = call.facts(row).last
    if last is None or last.open or last.kind is not Kind.CHECK:
        return
    if last.state is AttemptState.SUCCEEDED and last.holds is not None:
        to = StepState.DONE if last.holds else StepState.FAILED
        call.move(
            row, to, "Its check found that it happened." if last.holds else "Its check found that it didn't happen."
        )
    elif last.state is AttemptState.LOST and not call.is_paused:
        call.queue_again(row, Kind.CHECK)


def _succeeded(call: Planning, row: str, step: Step, last: LastAttempt) -> None:
    facts = call.facts(row)
    if step.until is not None and not last.holds and facts.state is not StepState.VERIFYING:
        _next_round(call, row, step)
    elif step.verify is None:
        call.move(row, StepState.DONE, "It ended well.")
    else:
        if facts.state is not StepState.VERIFYING:
            call.move(row, StepState.VERIFYING, "It ended well; its probe has the word.")
        call.queue(row, Kind.VERIFY, facts.tries, facts.group)


def _next_round(call: Planning, row: str, step: Step) -> None:
    facts, until = call.facts(row), step.until
    been = facts.rounds + 1
    if until is not None and been < until.most and not facts.overdue and call.may_begin(row):
        call.move(row, StepState.READY, f"Round {been + 1} of {until.most}: not yet {until.condition}")
        call.queue_round(row, until.every_s)
    else:
        call.move(row, StepState.FAILED, f"After {been} rounds still not {until.condition if until else ''}".rstrip())


def _decided(call: Planning, row: str, last: LastAttempt) -> None:
    facts = call.facts(row)
    if last.state is AttemptState.LOST and facts.losses < MAX_LOSSES and call.may_begin(row):
        call.move(row, StepState.READY, "Its worker was lost; another one looks.")
        call.queue(row, Kind.ACT, facts.tries, facts.group)
    elif last.state is not AttemptState.SUCCEEDED:
        call.move(row, StepState.READY, f"{last.error or 'It could not be decided.'} A person decides.")
    elif not facts.case:
        call.move(row, StepState.READY, "No case was true: a person decides.")
    elif not facts.back:
        call.move(row, StepState.DONE, f"Case {facts.case}.")


def _failed(call: Planning, row: str, step: Step, last: LastAttempt) -> None:
    if last.retryable and _is_repeatable(step, last.effect) and _may_try_again(call, row, step):
        _try_again(call, row, step, last.error, call.facts(row).group)
    elif last.effect is Effect.UNKNOWN and not step.human and not step.harmless:
        _nobody_knows(call, row, step, last.error or "No answer: it may have happened.")
    else:
        call.move(row, StepState.FAILED, last.error or "It failed.")


def _is_repeatable(step: Step, effect: Effect) -> bool:
    approved = step.may_override_retry and effect is not Effect.UNKNOWN
    return step.idempotent or step.harmless or effect is Effect.NONE or approved


def _verified(call: Planning, row: str, step: Step, last: LastAttempt) -> None:
    facts, again = call.facts(row), step.idempotent or step.harmless
    if last.state is AttemptState.SUCCEEDED:
        call.move(row, StepState.DONE, "Its probe held.")
    elif last.state is not AttemptState.FAILED:
        if not call.queue_again(row, Kind.VERIFY):
            call.move(row, StepState.FAILED, last.error or "Its probe could not be asked.")
    elif again and _may_try_again(call, row, step):
        # a new key, or the target would answer from memory
        _try_again(call, row, step, last.error, facts.group + 1)
    else:
        call.move(row, StepState.FAILED, last.error or "Its probe did not hold.")


def _lost(call: Planning, row: str, step: Step) -> None:
    facts = call.facts(row)
    if not step.idempotent and not step.harmless:
        _nobody_knows(call, row, step, "Its worker was lost; it may have happened.")
    elif facts.losses >= MAX_LOSSES:
        _gone(call, row, step, f"It cost {facts.losses} workers and is tried no more.")
    elif not call.may_begin(row):
        _gone(call, row, step, "Its worker was lost, and nothing new starts.")
    else:
        call.move(row, StepState.READY, "Its worker was lost; the same try goes to another.")
        call.queue(row, Kind.ACT, facts.tries, facts.group)


def _gone(call: Planning, row: str, step: Step, why: str) -> None:
    if step.harmless:
        call.move(row, StepState.FAILED, why)
    else:
        _nobody_knows(call, row, step, why)


def _nobody_knows(call: Planning, row: str, step: Step, why: str) -> None:
    call.move(row, StepState.UNKNOWN, why)
    if step.check is not None:
        facts = call.facts(row)
        call.queue(row, Kind.CHECK, facts.tries, facts.group)


def _may_try_again(call: Planning, row: str, step: Step) -> bool:
    facts: StepFacts = call.facts(row)
    left = facts.tries - facts.rounds < step.retry.attempts
    return left and not step.human and not facts.overdue and call.may_begin(row)


def _try_again(call: Planning, row: str, step: Step, error: str, group: int) -> None:
    facts = call.facts(row)
    been = facts.tries - facts.rounds
    call.move(row, StepState.READY, f"Try {been + 1} of {step.retry.attempts}, after: {error or 'a failure'}")
    key = f"{call.board.seed}/{row}/{group}/{facts.tries}"
    call.queue(row, Kind.ACT, facts.tries + 1, group, delay_s(step.retry, been, key))
