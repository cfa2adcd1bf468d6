"""Plays the shipped runbooks against the planner: expressions are evaluated, people answer what a test says."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from plumbing.expressions import evaluate
from runbooks.definitions import parse
from runbooks.engine.board import Board
from runbooks.engine.facts import GroupFacts, Kind, LastAttempt, StepFacts, Verdict
from runbooks.engine.graph import spec_of
from runbooks.engine.judging import judge
from runbooks.engine.model import Definition, Effect, Value
from runbooks.engine.planner import plan
from runbooks.engine.values import Seen
from runbooks.states import AttemptState, Choice, GroupState, LockState, Role, RunState, StepState

FOLDER = Path(__file__).parents[2] / "config" / "runbooks"
CONTEXT = {"run": {"id": "r", "mode": "live", "environment": ""}, "incident": {"title": "Drill"}, "env": {}}


def shipped(name: str) -> Definition:
    return parse((FOLDER / f"{name}.yaml").read_text(), filename=f"{name}.yaml")


@dataclass
class Play:
    """One run. answers: what a step leaves, by step. fails: steps whose action fails, once each time it is named.

    probes: what each probe of a decision finds, one after the other; the last one stays. did: acts that worked."""

    definition: Definition
    inputs: dict[str, Any]
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: list[str] = field(default_factory=list)
    probes: list[bool] = field(default_factory=lambda: [True])
    did: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.board = Board(self.definition)
        self.outputs: dict[str, dict[str, Any]] = {}
        for step in self.definition.steps:
            self.board.set(step.id, StepFacts())
        for spec in self.definition.inputs:
            if spec.name not in self.inputs and spec.default is not None:
                self.inputs[spec.name] = spec.default

    def to_the_end(self) -> "Play":
        """Until the run is over or a group is assessed."""
        for _ in range(500):
            for transition in plan(self.board):
                self.board.apply(transition)
            row = next(self._ready(), None)
            if self.board.run_state is not RunState.RUNNING or row is None:
                return self
            self._go_on(row)
        raise AssertionError("it never ends")

    def assess(self, group: str, choice: Choice) -> "Play":
        assert self.board.group(group).state is GroupState.ASSESSING
        self.board.set_group(group, GroupFacts(GroupState.ASSESSING, choice, "drill"))
        return self.to_the_end()

    def answer(self, step: str, choice: Choice) -> "Play":
        self.board.set(step, replace(self.board.steps[step], choice=choice))
        return self.to_the_end()

    @property
    def states(self) -> dict[str, StepState]:
        return {row: facts.state for row, facts in self.board.steps.items()}

    def in_state(self, state: StepState) -> set[str]:
        return {row for row, found in self.states.items() if found is state}

    def _ready(self) -> Iterator[str]:
        for row, facts in self.board.steps.items():
            is_queued = facts.last is not None and facts.last.open
            asks = facts.state is StepState.APPROVAL and facts.verdict is Verdict.PENDING
            waits_for_locks = facts.state is StepState.LOCKED and facts.locks is LockState.QUEUED
            human = facts.state is StepState.READY and spec_of(self.definition, row, facts.role, facts.of).human
            if is_queued or asks or waits_for_locks or human:
                yield row

    def _go_on(self, row: str) -> None:
        facts = self.board.steps[row]
        if facts.state is StepState.APPROVAL:
            self.board.set(row, replace(facts, verdict=Verdict.APPROVED))
        elif facts.state is StepState.LOCKED:
            self.board.set(row, replace(facts, locks=LockState.HELD))
        elif facts.last is not None and facts.last.open and facts.last.kind is not Kind.ACT:
            self._asked(row, facts, facts.last)
        else:
            self._act(row, facts)

    def _asked(self, row: str, facts: StepFacts, last: LastAttempt) -> None:
        step, ended = spec_of(self.definition, row, facts.role, facts.of), replace(last, state=AttemptState.SUCCEEDED)
        if last.kind is Kind.WHEN:
            holds = bool(evaluate(step.when, self.values))
            facts = replace(facts, last=replace(ended, holds=holds), condition=holds)
        elif last.kind is Kind.ITEMS and step.loop is not None:
            facts = replace(facts, last=ended, items=len(evaluate(step.loop.items, self.values)))
        else:
            facts = replace(facts, last=replace(ended, holds=True))
        self.board.set(row, facts)

    def _act(self, row: str, facts: StepFacts) -> None:
        if row in self.fails:
            self.fails.remove(row)
            last = LastAttempt(Kind.ACT, AttemptState.FAILED, effect=Effect.MAYBE, error="It broke.")
            self.board.set(
                row, replace(facts, state=StepState.RUNNING, last=last, tries=max(facts.tries, 1), effect=Effect.MAYBE)
            )
            return
        last = LastAttempt(Kind.ACT, AttemptState.SUCCEEDED)
        facts = replace(facts, state=StepState.RUNNING, last=last, tries=max(facts.tries, 1), effect=Effect.MAYBE)
        step = spec_of(self.definition, row, facts.role, facts.of)
        if step.decide is not None:
            taken = judge(
                step.decide, {one.name: self._seen(one) for one in step.decide.values}, self.values, visits=facts.visits
            )
            assert taken.case is not None, taken.why
            facts = replace(facts, case=taken.case.id, go=taken.case.go, back=taken.case.back)
            self.outputs[row] = {"case": taken.case.id}
        elif facts.role is Role.STEP and row in self.answers:
            self.outputs[row] = self.answers[row]
        self.did.append(row)
        self.board.set(row, facts)

    def _seen(self, value: Value) -> Seen:
        if value.source == "expression":
            return Seen(evaluate(str(value.config["expression"]), self.values), 0.0)
        found = self.probes.pop(0) if len(self.probes) > 1 else self.probes[0]
        return Seen({"ok": found}, 0.0)

    @property
    def values(self) -> dict[str, Any]:
        steps = {step: {"output": output} for step, output in self.outputs.items()}
        return {**CONTEXT, "inputs": self.inputs, "steps": steps}
