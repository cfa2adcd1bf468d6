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
    ADAPTIVE = "adaptive"  # as parallel, with decision steps that open some ways and bypass the others


class ValueType(StrEnum):
    """Types that an input or an output may have."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    LIST = "list"  # of strings, integers, numbers or booleans


class OnFailure(StrEnum):
    """What a broken member means to its group; PAUSE is a single step's."""

    STOP = "stop"
    FAIL_FAST = "fail_fast"
    CONTINUE = "continue"
    QUORUM = "quorum"
    PAUSE = "pause"


class Rest(StrEnum):
    """What becomes of the other branches once a quorum is reached."""

    FINISH = "finish"
    CANCEL = "cancel"
    UNDO = "undo"


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
    choices: tuple[Json, ...] = ()


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
class Strategy:
    """What a failure in a group means. quorum: branches that must pass, with OnFailure.QUORUM.

    otherwise: what happens when the quorum can't be reached any more, CONTINUE (assess) or FAIL_FAST (undo all)."""

    on_failure: OnFailure = OnFailure.STOP
    quorum: int = 0
    rest: Rest = Rest.FINISH
    otherwise: OnFailure = OnFailure.CONTINUE


@dataclass(frozen=True)
class Section:
    """A heading that steps stand under; with a model of its own, and, when it has a strategy, a group.

    inside: id of the section that it stands in. needs: steps or sections that all its steps need."""

    id: str
    title: str
    inside: str = ""
    model: Model | None = None  # None: its parent's
    needs: tuple[str, ...] = ()
    strategy: Strategy | None = None  # None: its steps belong to the group around it
    line: int = 0


@dataclass(frozen=True)
class Retry:
    """attempts: tries in all, the first one included. The n-th wait is delay_s * backoff ** (n - 1); of it, a share of
    at most `jitter` (0 to 1), drawn from the idempotency key, is taken off."""

    attempts: int = 1
    delay_s: float = 0.0
    backoff: float = 1.0
    jitter: float = 0.0


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
    """What the accountable owner reads before deciding; templates not yet filled in. `within_s`: None is no limit.
    `class_`: of the act, so that its policy applies."""

    reason: str
    effect: str = ""
    undo: str = ""
    proof: str = ""
    within_s: float | None = None
    class_: str = ""


@dataclass(frozen=True)
class Undo:
    """How the step is taken back: an action with its own rules, or the reason why there is none."""

    action: str = ""
    with_: Mapping[str, Json] = field(default_factory=dict)
    none: str = ""
    title: str = ""
    human: bool = False
    timeout_s: float = 60.0
    retry: Retry = Retry()
    idempotent: bool = False
    verify: Verify | None = None
    approval: Approval | None = None
    assign: str = ""
    instructions: str = ""
    harmless: bool = False


@dataclass(frozen=True)
class Loop:
    """One step per item of a list: `items` is an expression, `name` what an item is called, `width` how many at a
    time, `most` how many in all."""

    items: str
    name: str = "item"
    width: int = 1
    most: int = 100


@dataclass(frozen=True)
class Until:
    """Repeat the action until `condition` (an expression over `output`) is true, at most `most` times."""

    condition: str
    most: int = 10
    every_s: float = 5.0


@dataclass(frozen=True)
class Case:
    """One way out of a decision. when: expression; score: expression, for `by: best`. go: steps or sections that it
    opens. back: an earlier step to go back to, at most `most` times."""

    id: str
    when: str = ""
    score: str = ""
    go: tuple[str, ...] = ()
    back: str = ""
    most: int = 3
    say: str = ""


@dataclass(frozen=True)
class Value:
    """Something that a decision or a watch looks at. source: `probe`, `prometheus`, `signal`, `expression`; config: its
    own fields, templates not yet filled in. max_age_s: older is as good as missing; 0 is no limit."""

    name: str
    source: str
    config: Mapping[str, Json]
    max_age_s: float = 0.0


@dataclass(frozen=True)
class Decision:
    """by: `first` or `best`. fallback: id of the case for an error, a missing or a stale value; empty asks a person."""

    cases: tuple[Case, ...]
    values: tuple[Value, ...] = ()
    by: str = "first"
    fallback: str = ""


@dataclass(frozen=True)
class Watch:
    """Looks at `when` until it held for `for_s`, then does `verb` (`skip`, `hold`, `first`) to steps that have not
    begun. auto: at once; else it is proposed to the commander."""

    id: str
    title: str
    when: str
    values: tuple[Value, ...]
    verb: str
    steps: tuple[str, ...]
    for_s: float = 0.0
    every_s: float = 5.0
    auto: bool = False
    line: int = 0


@dataclass(frozen=True)
class Deadline:
    """Of a human step, counted from `ready`: a reminder after `remind_s`, escalation to `to` after `escalate_s`."""

    remind_s: float | None = None
    escalate_s: float | None = None
    to: str = "role:commander"


@dataclass(frozen=True)
class Step:
    """One unit of the plan.

    needs: ids of the steps that must pass before. after: the same, but they say nothing about whether a decision
    bypasses this one (a linearised plan). human: a person does it, no worker.
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
    when: str = ""
    loop: Loop | None = None
    until: Until | None = None
    decide: Decision | None = None
    on_failure: OnFailure = OnFailure.STOP  # STOP: its group says; PAUSE: a person is asked first
    check: Mapping[str, Json] | None = None  # a probe's config: finds out what became of an unknown attempt
    within_s: float | None = None  # of the whole step, from ready on
    not_before: str = ""  # "22:00", or a moment; a template
    deadline: Deadline | None = None
    resources: tuple[str, ...] = ()  # one unit of each while it acts
    lock_wait_s: float = 900.0
    executor: str = ""  # only workers with this label
    may_override_retry: bool = False  # approved: retried although it isn't idempotent
    harmless: bool = False  # its action changes nothing: a probe, a wait, a note
    after: tuple[str, ...] = ()


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
    strategy: Strategy = Strategy()
    watches: tuple[Watch, ...] = ()
    environments: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)  # name -> parameters, as `env.<name>`

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
