"""Generated plans, and a world that plays workers and people against the planner. Used by the tests of the engine."""

import random
from dataclasses import replace

from hypothesis import strategies as st

from runbooks.engine.facts import Kind, LastAttempt, Snapshot, StepFacts, Verdict, applied
from runbooks.engine.model import Approval, Definition, Effect, Retry, Step, Verify
from runbooks.engine.planner import plan
from runbooks.states import STEP_MOVES, AttemptState, RunState, StepState


@st.composite
def definitions(draw: st.DrawFn, max_steps: int = 12) -> Definition:
    """A plan whose steps need any of the earlier ones, with every feature that the planner knows."""
    steps: list[Step] = []
    for index in range(draw(st.integers(1, max_steps))):
        human = draw(st.integers(0, 3)) == 0
        steps.append(
            Step(
                id=f"s{index}",
                title=f"Step {index}",
                action="manual" if human else "http",
                human=human,
                needs=tuple(draw(st.sets(st.sampled_from([step.id for step in steps]), max_size=3)) if steps else ()),
                idempotent=draw(st.booleans()),
                retry=Retry(draw(st.integers(1, 3)), delay_s=1.0, backoff=2.0),
                verify=Verify({"tcp": "a:1"}) if draw(st.booleans()) else None,
                approval=Approval("because") if draw(st.integers(0, 3)) == 0 else None,
            )
        )
    shuffled = draw(st.permutations(steps))
    return Definition("generated", "Generated", tuple(shuffled))


def start(definition: Definition) -> Snapshot:
    return Snapshot(RunState.RUNNING, {step.id: StepFacts() for step in definition.steps})


class World:
    """Plays one run: `chance` picks who does what next and how it ends. Keeps the log of what was seen."""

    def __init__(self, definition: Definition, chance: random.Random, *, people: bool = True) -> None:
        self.definition, self.chance, self.people = definition, chance, people
        self.snapshot = start(definition)
        self.snapshots: list[Snapshot] = []
        self.acts: list[tuple[str, int]] = []  # step, group: each time that something was done out there
        self.events = 0

    def advance(self) -> None:
        transitions = plan(self.definition, self.snapshot)
        self.snapshots.append(self.snapshot)
        self.snapshot = applied(self.snapshot, transitions)

    def play(self, max_events: int = 2000) -> None:
        """Until nothing but a person could go on, or nobody can."""
        self.advance()
        while self.events < max_events and (choices := self.choices()):
            self.events += 1
            step_id, happening = self.chance.choice(choices)
            happening(step_id)
            self.advance()

    def choices(self):
        return [(step.id, what) for step in self.definition.steps for what in self._possible(step)]

    def _possible(self, step: Step):
        facts = self.snapshot.steps[step.id]
        if self.snapshot.run_state is not RunState.RUNNING:
            return []
        if facts.last is not None and facts.last.state is AttemptState.QUEUED:
            return [self.claim]
        if facts.last is not None and facts.last.state is AttemptState.LEASED:
            return [self.finish]
        if not self.people:
            return []
        if facts.state is StepState.APPROVAL and facts.verdict is Verdict.PENDING:
            return [self.decide]
        if step.human and facts.state is StepState.READY:
            return [self.claim]
        if facts.state is StepState.UNKNOWN:
            return [self.settle]
        return []

    def _set(self, step_id: str, **changes) -> None:
        facts = replace(self.snapshot.steps[step_id], **changes)
        if facts.state is not self.snapshot.steps[step_id].state:
            assert facts.state in STEP_MOVES[self.snapshot.steps[step_id].state]
        self.snapshot = Snapshot(self.snapshot.run_state, {**self.snapshot.steps, step_id: facts})

    def claim(self, step_id: str) -> None:
        facts = self.snapshot.steps[step_id]
        if facts.last is not None and facts.last.open:
            last = replace(facts.last, state=AttemptState.LEASED)
        else:  # a person takes a manual step
            last = LastAttempt(Kind.ACT, AttemptState.LEASED)
        state = StepState.RUNNING if last.kind is Kind.ACT else facts.state
        if last.kind is Kind.ACT:
            self.acts.append((step_id, facts.group))
        self._set(step_id, state=state, last=last, tries=max(facts.tries, 1))

    def finish(self, step_id: str) -> None:
        facts = self.snapshot.steps[step_id]
        state = self.chance.choice([AttemptState.SUCCEEDED] * 3 + [AttemptState.FAILED, AttemptState.LOST])
        if facts.last.kind is Kind.ACT and self.definition.by_id[step_id].human and state is AttemptState.LOST:
            state = AttemptState.FAILED
        effect, retryable = self.chance.choice(list(Effect)), self.chance.random() < 0.7
        losses = facts.losses + (state is AttemptState.LOST)
        last = replace(facts.last, state=state, effect=effect, retryable=retryable, error="it broke")
        self._set(step_id, last=last, losses=losses)

    def decide(self, step_id: str) -> None:
        verdicts = [Verdict.APPROVED] * 6 + [Verdict.REJECTED, Verdict.VOID]
        self._set(step_id, verdict=self.chance.choice(verdicts))

    def settle(self, step_id: str) -> None:
        self._set(step_id, state=self.chance.choice([StepState.DONE, StepState.FAILED]))
