"""What the second interpreter (reference.py) does about one row: ends of attempts, decisions, loops, undos."""

from dataclasses import replace

from runbooks.engine.facts import Kind, LastAttempt, StepFacts, Verdict, undo_id
from runbooks.engine.model import Effect, Step
from runbooks.states import AttemptState as A
from runbooks.states import Choice, LockState, Role, RunState
from runbooks.states import GroupState as G
from runbooks.states import StepState as S
from tests.runbooks.reference_facts import LIVE, PASSED
from tests.runbooks.reference_opening import ENDED, LOSSES, Opening


class Rows(Opening):
    # Rows

    def row(self, row: str) -> bool:  # noqa: C901 - one rule per state, read from top to bottom
        facts, step = self.steps[row], self.spec(row)
        paused = self.run is RunState.PAUSED
        if facts.state in ENDED and facts.locks is not LockState.NONE:
            return self.put(row, locks=LockState.NONE)
        if facts.choice in (Choice.RETRY, Choice.SKIP) and not paused:
            self.put(row, choice=Choice.NONE, choice_why="")
            if facts.state is not S.FAILED:
                return True
            return self.move(row, S.SKIPPED) if facts.choice is Choice.SKIP else self.retry(row)
        if step.loop and facts.items is not None and facts.state in (S.RUNNING, S.FAILED):
            return self.container(row)
        last = facts.last
        over = last is not None and not last.open
        match facts.state:
            case S.WAITING if over:
                return last.kind in (Kind.WHEN, Kind.ITEMS) and self.may_begin(row) and self.asked(row, last)
            case S.APPROVAL:
                return self.approval(row, facts)
            case S.LOCKED if not self.may_begin(row):
                return self.call_off(row)
            case S.LOCKED if not paused and facts.locks is not LockState.QUEUED:
                held = facts.locks is LockState.HELD
                return self.go_on(row) if held else self.put(row, locks=LockState.QUEUED)
            case S.READY:
                return self.ready(row, facts, step)
            case S.RUNNING | S.VERIFYING if over:
                return self.outcome(row, facts, step, last)
            case S.UNKNOWN if over and last.kind is Kind.CHECK:
                if last.state is A.SUCCEEDED and last.holds is not None:
                    return self.move(row, S.DONE if last.holds else S.FAILED)
                return last.state is A.LOST and not paused and self.ask_again(row, Kind.CHECK)
            case S.UNDOING | S.STUCK:
                return self.undoing(row, facts, step)
        return False

    def asked(self, row: str, last: LastAttempt) -> bool:
        if last.state is A.FAILED:
            return self.move(row, S.FAILED)
        lost = last.state is A.LOST and self.run is not RunState.PAUSED
        return lost and (self.ask_again(row, last.kind) or self.move(row, S.FAILED))

    def approval(self, row: str, facts: StepFacts) -> bool:
        if facts.verdict is Verdict.REJECTED:
            return self.move(row, S.FAILED if facts.role is Role.UNDO or facts.tries else S.CANCELLED)
        if not self.may_begin(row):
            return self.call_off(row)
        if self.run is RunState.PAUSED or facts.verdict is Verdict.PENDING:
            return False
        return self.go_on(row) if facts.verdict is Verdict.APPROVED else self.put(row, verdict=Verdict.PENDING)

    def ready(self, row: str, facts: StepFacts, step: Step) -> bool:
        last = facts.last
        if last is not None and last.state is A.LEASED:
            return False
        if not self.may_begin(row):
            return self.call_off(row)
        asks_person = step.human or (step.decide and last is not None and last.kind is Kind.ACT)
        if (last is not None and last.open) or asks_person or self.run is RunState.PAUSED:
            return False
        return self.go_on(row)

    def call_off(self, row: str) -> bool:
        facts = self.steps[row]
        last = facts.last
        fresh = last is not None and last.kind is Kind.ACT and last.state is A.QUEUED
        begun = facts.tries > (1 if fresh else 0) or facts.losses > 0 or facts.effect is not Effect.NONE
        if (last is not None and last.state is A.QUEUED) or facts.verdict is Verdict.PENDING:
            last = replace(last, state=A.VOID) if last is not None and last.open else last
            self.put(row, last=last, verdict=None)
        return self.move(row, S.FAILED if begun else S.CANCELLED)

    def outcome(self, row: str, facts: StepFacts, step: Step, last: LastAttempt) -> bool:
        if last.kind is Kind.VERIFY:
            return self.verified(row, facts, step, last)
        if last.kind is not Kind.ACT:
            return False
        if step.decide:
            return self.decided(row, facts, step, last)
        if last.state is A.LOST:
            return self.lost(row, facts, step)
        if last.state is A.FAILED:
            return self.failed(row, facts, step, last)
        if step.until and not last.holds and facts.state is S.RUNNING:
            more = facts.rounds + 1 < step.until.most and not facts.overdue and self.may_begin(row)
            self.move(row, S.READY if more else S.FAILED)
            return not more or self.queue(row, Kind.ACT, facts.tries + 1, facts.group + 1, facts.rounds + 1)
        if step.verify is None:
            return self.move(row, S.DONE)
        self.move(row, S.VERIFYING)
        return self.queue(row, Kind.VERIFY, facts.tries, facts.group)

    def verified(self, row: str, facts: StepFacts, step: Step, last: LastAttempt) -> bool:
        if last.state is A.SUCCEEDED:
            return self.move(row, S.DONE)
        if last.state is not A.FAILED:
            return self.ask_again(row, Kind.VERIFY) or self.move(row, S.FAILED)
        if (step.idempotent or step.harmless) and self.may_retry(row, facts, step):
            return self.try_again(row, facts.group + 1)
        return self.move(row, S.FAILED)

    def failed(self, row: str, facts: StepFacts, step: Step, last: LastAttempt) -> bool:
        approved = step.may_override_retry and last.effect is not Effect.UNKNOWN
        harmless = step.idempotent or step.harmless or last.effect is Effect.NONE or approved
        if last.retryable and harmless and self.may_retry(row, facts, step):
            return self.try_again(row, facts.group)
        if last.effect is Effect.UNKNOWN and not step.human and not step.harmless:
            return self.unknown(row, step)
        return self.move(row, S.FAILED)

    def may_retry(self, row: str, facts: StepFacts, step: Step) -> bool:
        left = facts.tries - facts.rounds < step.retry.attempts
        return left and not step.human and not facts.overdue and self.may_begin(row)

    def try_again(self, row: str, group: int) -> bool:
        self.move(row, S.READY)
        return self.queue(row, Kind.ACT, self.steps[row].tries + 1, group)

    def lost(self, row: str, facts: StepFacts, step: Step) -> bool:
        if (step.idempotent or step.harmless) and facts.losses < LOSSES and self.may_begin(row):
            self.move(row, S.READY)
            return self.queue(row, Kind.ACT, facts.tries, facts.group)
        return self.move(row, S.FAILED) if step.harmless else self.unknown(row, step)

    def unknown(self, row: str, step: Step) -> bool:
        self.move(row, S.UNKNOWN)
        return step.check is None or self.queue(row, Kind.CHECK, self.steps[row].tries, self.steps[row].group)

    # Decisions

    def decided(self, row: str, facts: StepFacts, step: Step, last: LastAttempt) -> bool:
        if last.state is A.LOST and facts.losses < LOSSES and self.may_begin(row):
            self.move(row, S.READY)
            return self.queue(row, Kind.ACT, facts.tries, facts.group)
        if last.state is not A.SUCCEEDED or not facts.case:
            return self.move(row, S.READY)
        return self.go_back(row, facts, step) if facts.back else self.move(row, S.DONE)

    def go_back(self, row: str, facts: StepFacts, step: Step) -> bool:
        assert step.decide is not None
        if facts.visits >= next(case.most for case in step.decide.cases if case.id == facts.case):
            return self.move(row, S.READY)
        if self.run is RunState.PAUSED:
            return False
        if not self.may_begin(row):
            return self.move(row, S.FAILED)
        again = self.between(facts.back, row)
        groups = {group for each in again for group in self.around(each) if group not in self.around(row)}
        if any(self.group(group) in (G.ASSESSING, G.UNDOING) for group in groups):
            return False
        if any(self.pending(each) for each in again if each != row):
            return False
        for group in groups:
            if self.group(group) is not G.OPEN:
                self.move_group(group, G.OPEN)
        items = [item for each in again for item in self.items(each)]
        for each in [*again, *items]:
            self.renew(each, visits=self.steps[each].visits + (each == row), was_done=each == row)
        return True

    def between(self, first: str, last: str) -> list[str]:
        needs = {step: set(self._needs(step)) for step in self.order}
        before, after = {last}, {first}
        for step in [*self.order, *reversed(self.order)]:
            if needs[step] & after:
                after.add(step)
            if any(step in needs[each] for each in before):
                before.add(step)
        found = (before & after) | {first, last}
        outside = [self.outside(each, last) for each in found]
        found |= {each for groups in outside if groups for each in self.inside(groups[-1])}
        while more := {each for each in self.order if self.was_bypassed_by(each, needs[each], found)}:
            found |= more
        return [each for each in self.order if each in found]

    def was_bypassed_by(self, step: str, needs: set[str], found: set[str]) -> bool:
        return step not in found and bool(needs & found) and self.steps[step].state is S.BYPASSED

    def outside(self, step: str, other: str) -> list[str]:
        """Groups of a step that the other one stands outside of, innermost first."""
        return [group for group in self.around(step) if group not in self.around(other)]

    # Loops, undo

    def container(self, row: str) -> bool:
        facts, rows = self.steps[row], self.items(row)
        states = [self.steps[each].state for each in rows]
        live, passed = any(state in LIVE for state in states), sum(state in PASSED for state in states)
        if facts.state is S.FAILED and live and self.may_begin(row):
            return self.move(row, S.RUNNING)
        if live:
            return False
        if passed == facts.items:
            return self.move(row, S.DONE)
        if facts.state is S.FAILED:
            return False
        if self.may_begin(row) and (S.UNKNOWN in states or any(map(self.asks, rows))):
            return False
        if any(state in (S.FAILED, S.CANCELLED, S.UNKNOWN) for state in states):
            return self.move(row, S.FAILED)
        return not self.may_begin(row) and self.move(row, S.FAILED if passed else S.CANCELLED)

    def undoing(self, row: str, facts: StepFacts, step: Step) -> bool:
        if step.loop:
            states = [self.steps[each].state for each in self.items(row)]
            to = S.UNDOING if S.UNDOING in states else S.STUCK if S.STUCK in states else S.UNDONE
        else:
            state = self.steps[undo_id(row)].state
            failed = S.STUCK if state in (S.FAILED, S.CANCELLED) else S.UNDOING
            to = S.UNDONE if state in (S.DONE, S.SKIPPED) else failed
        return to is not facts.state and self.move(row, to)
