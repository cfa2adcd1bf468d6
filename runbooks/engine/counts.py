"""Counts the steps of a group, so that what a change means to a group is known without looking at its other steps."""

from bisect import bisect_left, insort
from enum import IntEnum

from runbooks.engine.facts import StepFacts
from runbooks.engine.model import Effect, OnFailure, Step
from runbooks.states import LIVE_STEPS, PASSED_STEPS, Choice, GroupState, StepState


class Stand(IntEnum):
    """How a step stands, as its group sees it."""

    WAITS = 0  # has not begun
    ACTIVE = 1  # will end by itself, or when a person decides or does it
    ASKED = 2  # nothing goes on here until a person says what happened, or what a failure means
    PASSED = 3
    BROKEN = 4
    UNDOING = 5
    STUCK = 6


GROUP_PASSED = frozenset({GroupState.PASSED, GroupState.ACCEPTED})
GROUP_BROKEN = frozenset({GroupState.FAILED, GroupState.UNDONE})
_OF_STATE = {
    StepState.WAITING: Stand.WAITS,
    StepState.FAILED: Stand.BROKEN,
    StepState.CANCELLED: Stand.BROKEN,
    StepState.UNDONE: Stand.BROKEN,
    StepState.UNKNOWN: Stand.ASKED,
    StepState.STUCK: Stand.STUCK,
    **dict.fromkeys(LIVE_STEPS, Stand.ACTIVE),
    **dict.fromkeys(PASSED_STEPS, Stand.PASSED),
    StepState.UNDOING: Stand.UNDOING,
}
TAKES_A_PLACE = frozenset(  # under the speed limit
    {StepState.APPROVAL, StepState.LOCKED, StepState.READY, StepState.RUNNING, StepState.VERIFYING}
)
TAKEN_BACK = frozenset({StepState.UNDOING, StepState.UNDONE, StepState.STUCK})


def stand_of(step: Step, facts: StepFacts, *, closed: bool) -> Stand:
    """closed: nobody is asked any more what the failures in the step's group mean."""
    stand = _OF_STATE[facts.state]
    if stand in (Stand.WAITS, Stand.ASKED) and facts.last is not None and facts.last.open:
        return Stand.ACTIVE  # its condition, its list or its check is being asked
    if facts.state is StepState.FAILED and asks(step, facts) and not closed:
        return Stand.ASKED
    return stand


def asks(step: Step, facts: StepFacts) -> bool:
    """Whether a person is asked what the step's failure means, before its group hears of it."""
    is_container = step.loop is not None and facts.items is not None  # its items ask
    return step.on_failure is OnFailure.PAUSE and facts.choice is not Choice.GIVE_UP and not is_container


def happened(facts: StepFacts) -> bool:
    """Whether the step's effect is there, or may be, and nobody takes it back already."""
    if facts.state in TAKEN_BACK or facts.is_kept:
        return False
    return facts.state in (StepState.DONE, StepState.UNKNOWN) or facts.effect is not Effect.NONE


def has_undo(step: Step) -> bool:
    return step.undo is not None and bool(step.undo.action)


class Node:
    """Counts of one group or branch. counts, owed: over all steps inside, however deep; owed are those to take back.

    members, passed, broken: its own steps and the groups right inside it. branches: those of a group; of them,
    branches_passed and branches_broken. group: of a branch, the node of its group."""

    __slots__ = (
        *("branches", "branches_broken", "branches_passed", "group"),
        *("broken", "counts", "members", "owed", "passed"),
    )

    def __init__(self, members: int, group: "Node | None" = None) -> None:
        self.counts = [0] * len(Stand)
        self.owed = self.passed = self.broken = 0
        self.members, self.group = members, group
        self.branches: list[Node] = []
        self.branches_passed = self.branches_broken = 0

    @property
    def live(self) -> int:
        """How many go on, or wait for a person."""
        counts = self.counts
        return counts[Stand.ACTIVE] + counts[Stand.ASKED] + counts[Stand.UNDOING] + counts[Stand.STUCK]

    @property
    def has_passed(self) -> bool:
        return self.passed == self.members

    def member(self, passed: int, broken: int) -> None:
        """One of its members passes or breaks (1), or no longer does (-1)."""
        if self.group is not None:
            self.group.branches_passed -= self.has_passed
            self.group.branches_broken -= self.broken > 0
        self.passed += passed
        self.broken += broken
        if self.group is not None:
            self.group.branches_passed += self.has_passed
            self.group.branches_broken += self.broken > 0


class Items:
    """Counts of the items of one loop. waiting: numbers of those that may begin, ascending. asked: a person is asked
    what their failure means. broken: failed or refused. owed: to take back."""

    __slots__ = ("asked", "broken", "live", "owed", "passed", "stuck", "undoing", "unknown", "waiting")

    def __init__(self) -> None:
        self.waiting: list[int] = []
        self.live = self.unknown = self.asked = self.broken = self.passed = self.owed = self.undoing = self.stuck = 0

    def count(self, number: int, step: Step, facts: StepFacts, one: int) -> None:
        """Count an item with these facts (one: 1), or no longer (-1)."""
        if facts.state is StepState.WAITING:
            self._wait(number, facts, one)
        elif facts.state is StepState.FAILED and asks(step, facts):
            self.asked += one
        elif (name := _ITEM_COUNTS.get(facts.state)) is not None:
            setattr(self, name, getattr(self, name) + one)
        if happened(facts) and has_undo(step):
            self.owed += one

    def _wait(self, number: int, facts: StepFacts, one: int) -> None:
        if facts.held:
            return
        if one > 0:
            insort(self.waiting, number)
        else:
            del self.waiting[bisect_left(self.waiting, number)]

    @property
    def holds_up(self) -> bool:
        """Whether no other item begins, because of what became of one."""
        return bool(self.unknown or self.asked or self.broken)


_ITEM_COUNTS = {
    **dict.fromkeys(TAKES_A_PLACE, "live"),
    **dict.fromkeys(PASSED_STEPS, "passed"),
    StepState.UNKNOWN: "unknown",
    StepState.FAILED: "broken",
    StepState.CANCELLED: "broken",
    StepState.UNDOING: "undoing",
    StepState.STUCK: "stuck",
}
