"""A runbook's definition as typed, frozen objects: what `runbooks.definitions.parse` gives and the planner reads.

Pure words: no Django, no clock, no I/O. Lengths of time are seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from heapq import heappop, heappush
from typing import Any

Json = Any  # None | bool | int | float | str | list[Json] | dict[str, Json]: what JSON can say


class Model(StrEnum):
    """How the steps of a plan follow each other."""

    LINEAR = "linear"  # each step needs the one before it
    PARALLEL = "parallel"  # a step starts as soon as its `needs` are done


class ValueType(StrEnum):
    """Types that an input or an output may have."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"


class Effect(StrEnum):
    """What a failed attempt may have changed out there. Decides whether it may be tried again, and who decides."""

    NONE = "none"  # nothing, for sure: it never reached the target
    MAYBE = "maybe"  # the target answered that it failed; it may have done a part
    UNKNOWN = "unknown"  # no answer: it may have happened completely


@dataclass(frozen=True)
class Input:
    """A value that is given when a run starts."""

    name: str
    type: ValueType = ValueType.STRING
    required: bool = True
    default: Json = None
    description: str = ""


@dataclass(frozen=True)
class Output:
    """A typed value that a step leaves for later steps, as `steps.<id>.output.<name>`.

    value: expression over `output` (what the action gave); empty for a `manual` step, where a person fills it in."""

    name: str
    type: ValueType = ValueType.STRING
    required: bool = True
    value: str = ""
    description: str = ""


@dataclass(frozen=True)
class Section:
    """A heading that steps stand under."""

    id: str
    title: str


@dataclass(frozen=True)
class Retry:
    """attempts: tries in all, the first one included. The n-th wait is delay_s * backoff ** (n - 1)."""

    attempts: int = 1
    delay_s: float = 0.0
    backoff: float = 1.0


@dataclass(frozen=True)
class Verify:
    """The probe that says whether the step worked: it must hold for `for_s`, within `within_s`, asked every `every_s`.

    config: the probe's own fields (`http` or `tcp`, `expect`, ...), templates not yet filled in."""

    config: Mapping[str, Json]
    for_s: float = 0.0
    within_s: float = 60.0
    every_s: float = 2.0


@dataclass(frozen=True)
class Approval:
    """What the accountable owner reads before deciding; templates not yet filled in. `within_s`: None is no limit."""

    reason: str
    effect: str = ""
    undo: str = ""
    proof: str = ""
    within_s: float | None = None


@dataclass(frozen=True)
class Undo:
    """How the step is taken back: an action, or the approved reason why there is none. Shown now; executed later."""

    action: str = ""
    with_: Mapping[str, Json] = field(default_factory=dict)
    none: str = ""


@dataclass(frozen=True)
class Step:
    """One unit of the plan.

    needs: ids of the steps that must be done or skipped before. human: a person does it, no worker.
    idempotent: doing it twice is as good as once. assign: `role:commander`, `owner:<service>` or `user:<name>`.
    touches: names of the services that it changes. line: where it stands in the source, counted from 1."""

    id: str
    title: str
    action: str
    with_: Mapping[str, Json] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    human: bool = False
    section: str = ""
    instructions: str = ""
    timeout_s: float = 60.0
    retry: Retry = Retry()
    idempotent: bool = False
    verify: Verify | None = None
    approval: Approval | None = None
    assign: str = ""
    touches: tuple[str, ...] = ()
    undo: Undo | None = None
    outputs: tuple[Output, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Definition:
    """One runbook, checked: ids are unique, needs exist and have no cycle. Steps stand in the author's order."""

    name: str
    title: str
    steps: tuple[Step, ...]
    description: str = ""
    model: Model = Model.PARALLEL
    inputs: tuple[Input, ...] = ()
    sections: tuple[Section, ...] = ()

    @cached_property
    def by_id(self) -> dict[str, Step]:
        return {step.id: step for step in self.steps}

    @cached_property
    def plan_order(self) -> tuple[Step, ...]:
        """The steps, each after all it needs; otherwise in the author's order. Raises ValueError on a cycle."""
        place = {step.id: index for index, step in enumerate(self.steps)}
        missing = [len(set(step.needs)) for step in self.steps]
        dependents: list[list[int]] = [[] for _ in self.steps]
        for index, step in enumerate(self.steps):
            for need in set(step.needs):
                dependents[place[need]].append(index)
        free = [index for index, count in enumerate(missing) if not count]  # ascending: already a heap
        ordered = []
        while free:
            index = heappop(free)
            ordered.append(self.steps[index])
            for dependent in dependents[index]:
                missing[dependent] -= 1
                if not missing[dependent]:
                    heappush(free, dependent)
        if len(ordered) < len(self.steps):
            raise ValueError(f"steps of {self.name} need each other in a circle")
        return tuple(ordered)

    def services(self) -> tuple[str, ...]:
        """Names of all services that some step touches, sorted."""
        return tuple(sorted({service for step in self.steps for service in step.touches}))
