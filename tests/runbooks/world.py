"""A world that plays workers and people against the planner, and watches its promises while it does."""

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from runbooks.engine.board import Board
from runbooks.engine.facts import GroupFacts, Kind, LastAttempt, Snapshot, StepFacts, Transition, Verdict
from runbooks.engine.model import (
    Case,
    Definition,
    Effect,
    OnFailure,
    Step,
)
from runbooks.engine.planner import plan
from runbooks.states import (
    STEP_MOVES,
    AttemptState,
    Choice,
    Goal,
    GroupState,
    LockState,
    Role,
    RunState,
    StepState,
)
from tests.runbooks.indexes import indexes
from tests.runbooks.plans import start

S, A = StepState, AttemptState
GROUP_ANSWERS = (Choice.RETRY, Choice.SKIP, Choice.UNDO_BRANCHES, Choice.UNDO_ALL, Choice.ACCEPT)


def lasting(facts: StepFacts, last: LastAttempt) -> Effect:
    """What a step may have changed, after this end of an attempt at its action."""
    strength = [Effect.NONE, Effect.MAYBE, Effect.UNKNOWN]
    now = last.effect if last.state is A.FAILED else Effect.UNKNOWN
    return max(facts.effect, now, key=strength.index)


class World:
    """Plays one run: `chance` picks who does what next and how it ends. Keeps the log of what was seen.

    whims: how often people do what they need not do: hold, pause, cancel, leave out, try again."""

    def __init__(
        self,
        definition: Definition,
        chance: random.Random,
        *,
        people: bool = True,
        whims: int = 0,
        careful: bool = True,
    ) -> None:
        self.definition, self.chance, self.people, self.whims = definition, chance, people, whims
        self.careful = careful  # plan everything twice, by what changed and anew from the rows, and again after it
        width = chance.choice([None, None, 1, 2])
        self.board = Board(definition, start(definition, width=width))
        self.touched: set[str] | None = None
        self.snapshots: list[Snapshot] = []
        self.plans: list[tuple[Transition, ...]] = []
        self.acts: list[tuple[str, int]] = []  # row, group: each time that something was done out there
        self.did: list[str] = []  # rows whose act certainly came to its end well, in order
        self.events = 0

    @property
    def snapshot(self) -> Snapshot:
        return self.board.snapshot()

    def advance(self) -> None:
        before = self.snapshot
        self.snapshots.append(before)
        transitions = plan(self.board, self.touched)
        if self.careful:
            self._look_twice(before, transitions)
        self.plans.append(transitions)
        for transition in transitions:
            self.board.apply(transition)
        if self.careful:
            assert plan(self.board, None) == (), "planned again, there is more"
        self.touched = set()

    def _look_twice(self, before: Snapshot, transitions: tuple[Transition, ...]) -> None:
        """By all that is, on a board made anew. This one keeps the same indexes: so it would answer the same."""
        new = Board(self.definition, before)
        assert self.snapshot == before, "planning changed the board"
        assert indexes(self.board) == indexes(new), "the board keeps what its facts don't say"
        assert plan(new) == transitions, "a restart, or a look at everything, gives another plan"

    def play(self, max_events: int = 2000) -> None:
        """Until nobody can do anything that would take the run further."""
        self.advance()
        while self.events < max_events and (choices := list(self.choices())):
            self.events += 1
            row, happening = self.chance.choice(choices)
            happening(row)
            self.advance()

    def choices(self) -> Iterator[tuple[str, Callable[[str], None]]]:
        if self.board.run_state not in (RunState.RUNNING, RunState.PAUSED):
            if self.people and self.whims > 0 and self.board.run_state is RunState.FAILED:
                yield from ((row, self.reopen) for row in self.rows() if self.facts(row).state is S.FAILED)
            return
        for row in self.rows():
            yield from ((row, what) for what in self._possible(row))
        for group in self.board.graph.groups if self.people else ():
            if self.board.state_of(group) is GroupState.ASSESSING and not self.board.group(group).choice:
                yield group, self.assess
        if self.board.run_state is RunState.PAUSED:
            yield "", self.resume
        elif self.people and self.whims > 0:
            yield "", self.whim

    def rows(self) -> list[str]:
        return sorted(self.board.steps)

    def facts(self, row: str) -> StepFacts:
        return self.board.steps[row]

    def spec(self, row: str) -> Step:
        return self.board.spec(row)

    def _possible(self, row: str) -> list[Callable[[str], None]]:
        facts = self.facts(row)
        if facts.last is not None and facts.last.state is A.QUEUED:
            return [self.claim]
        if facts.last is not None and facts.last.state is A.LEASED:
            return [self.finish]
        if facts.locks is LockState.QUEUED:
            return [self.give_locks]
        if facts.due is False and facts.state is S.WAITING:
            return [self.ring]
        return self._by_people(row, facts) if self.people else []

    def _by_people(self, row: str, facts: StepFacts) -> list[Callable[[str], None]]:
        step = self.spec(row)
        if facts.state is S.APPROVAL and facts.verdict is Verdict.PENDING:
            return [self.decide]
        if facts.held:
            return [self.release]
        if facts.state is S.READY and (step.human or step.decide) and self.board.run_state is RunState.RUNNING:
            return [self.claim] if step.human else [self.choose]
        if facts.state is S.UNKNOWN:
            return [self.settle]
        if facts.state is S.FAILED and facts.role is Role.UNDO and not facts.choice:
            return [self.answer_undo]
        asks = step.on_failure is OnFailure.PAUSE and facts.items is None
        if facts.state is S.FAILED and asks and facts.choice is Choice.NONE:
            return [self.answer]
        return []

    def _set(self, row: str, **changes: object) -> None:
        was = self.facts(row)
        facts = replace(was, **changes)  # type: ignore[arg-type]
        if facts.state is not was.state:
            assert facts.state in STEP_MOVES[was.state]
        self.board.set(row, facts)
        if self.touched is not None:
            self.touched.add(row)

    # Workers and the clock

    def claim(self, row: str) -> None:
        facts = self.facts(row)
        if facts.last is not None and facts.last.open:
            last = replace(facts.last, state=A.LEASED)
        else:  # a person takes a manual step
            last = LastAttempt(Kind.ACT, A.LEASED)
        if last.kind is Kind.ACT:
            self.acts.append((row, facts.group))
        state = S.RUNNING if last.kind is Kind.ACT else facts.state
        by_person = facts.last is None or not facts.last.open
        self._set(row, state=state, last=last, tries=facts.tries + by_person)

    def finish(self, row: str) -> None:
        facts, step = self.facts(row), self.spec(row)
        assert facts.last is not None
        state = self.chance.choice([A.SUCCEEDED] * 4 + [A.FAILED, A.LOST])
        if facts.last.kind is Kind.ACT and step.human and state is A.LOST:
            state = A.FAILED
        effect = self.chance.choice(list(Effect))
        last = replace(facts.last, state=state, effect=effect, retryable=self.chance.random() < 0.7, error="it broke")
        changes: dict[str, object] = {"losses": facts.losses + (state is A.LOST)}
        if state is A.SUCCEEDED:
            last, more = self._found(step, facts, last)
            changes |= more
        if facts.last.kind is Kind.ACT and not step.harmless:
            changes["effect"] = lasting(facts, last)
            if state is A.SUCCEEDED:
                self.did.append(row)
        self._set(row, last=last, **changes)

    def _found(self, step: Step, facts: StepFacts, last: LastAttempt) -> tuple[LastAttempt, dict[str, object]]:
        holds = self.chance.random() < 0.6
        if last.kind is Kind.WHEN:
            return replace(last, holds=holds), {"condition": holds}
        if last.kind is Kind.ITEMS:
            return last, {"items": self.chance.choice([0, 1, 2, 4])}
        if last.kind is Kind.CHECK:
            found = self.chance.choice([True, False, None])
            return replace(last, holds=found), {"effect": Effect.NONE if found is False else facts.effect}
        if last.kind is Kind.ACT and step.decide is not None:
            return last, self._case(step, self.chance.choice([*step.decide.cases, Case("")]))
        return replace(last, holds=holds if step.until and last.kind is Kind.ACT else None), {}

    def _case(self, step: Step, case: Case) -> dict[str, object]:
        return {"case": case.id, "go": case.go, "back": case.back}

    def give_locks(self, row: str) -> None:
        self._set(row, locks=LockState.HELD)

    def ring(self, row: str) -> None:
        self._set(row, due=True)

    # People

    def decide(self, row: str) -> None:
        self._set(row, verdict=self.chance.choice([Verdict.APPROVED] * 6 + [Verdict.REJECTED, Verdict.VOID]))

    def choose(self, row: str) -> None:
        """A person says which way a decision goes."""
        step, facts = self.spec(row), self.facts(row)
        assert step.decide is not None
        cases = [case for case in step.decide.cases if not case.back or facts.visits < case.most]
        last = LastAttempt(Kind.ACT, A.SUCCEEDED)
        self._set(row, state=S.RUNNING, last=last, tries=facts.tries + 1, **self._case(step, self.chance.choice(cases)))

    def settle(self, row: str) -> None:
        happened = self.chance.random() < 0.5
        effect = self.facts(row).effect if happened else Effect.NONE
        self._set(row, state=S.DONE if happened else S.FAILED, effect=effect)

    def answer(self, row: str) -> None:
        """To a step that asks about its failure."""
        if self.chance.random() < 0.2:
            self.replaced(row)
        else:
            self._set(row, choice=self._whimsical([Choice.SKIP, Choice.GIVE_UP], Choice.RETRY), choice_why="so")

    def replaced(self, row: str) -> None:
        """A person did it in another way, whether or not it was tried before."""
        facts = self.facts(row)
        self.acts.append((row, facts.group))
        self._set(row, state=S.DONE, last=LastAttempt(Kind.ACT, A.SUCCEEDED), tries=facts.tries + 1)

    def answer_undo(self, row: str) -> None:
        if self._whimsical([False], True):
            self._set(row, choice=Choice.RETRY)
        else:
            self._set(row, state=S.DONE)

    def assess(self, group: str) -> None:
        usual = [choice for choice in GROUP_ANSWERS if choice is not Choice.RETRY]
        self.board.set_group(group, GroupFacts(GroupState.ASSESSING, self._whimsical(usual, Choice.RETRY), "so"))

    def _whimsical(self, usual: list[Any], whim: Any) -> Any:
        if self.whims > 0 and self.chance.random() < 0.4:
            self.whims -= 1
            return whim
        return self.chance.choice(usual)

    def release(self, row: str) -> None:
        self._set(row, held=False)

    def resume(self, _: str) -> None:
        self.board.run_state, self.touched = RunState.RUNNING, None

    def reopen(self, row: str) -> None:
        """A person retries or skips a failed step of a failed run."""
        self.whims -= 1
        self.board.run_state = RunState.RUNNING
        self.touched = None
        self._set(row, choice=self.chance.choice([Choice.RETRY, Choice.SKIP]), choice_why="so")

    def whim(self, _: str) -> None:
        self.whims -= 1
        waiting = [row for row in self.rows() if self.facts(row).state is S.WAITING and not self.facts(row).held]
        waiting = [row for row in waiting if self.facts(row).last is None or not self.facts(row).last.open]
        kinds = ["hold", "first", "skip"] * 3 if waiting else []
        match self.chance.choice([*kinds, "pause", "stop", "undo"]):
            case "hold":
                self._set(self.chance.choice(waiting), held=True)
            case "first":
                self._set(self.chance.choice(waiting), first=True)
            case "skip":
                steps = [row for row in waiting if self.facts(row).role is not Role.UNDO]
                self._set(self.chance.choice(steps), state=S.SKIPPED) if steps else None
            case "pause":
                self.board.run_state = RunState.PAUSED
            case goal:
                self.board.goal = Goal(goal)
                self.touched = None
