"""One run in memory: facts, counts, and which rows may open next, so that planning a change costs what it changes.

`set` takes what a row says now, `apply` what the planner says; both keep everything counted right.
"""

from bisect import bisect_left, insort
from dataclasses import replace

from runbooks.engine.applying import changed, renewed, step_of
from runbooks.engine.counts import GROUP_PASSED, TAKES_A_PLACE
from runbooks.engine.facts import (
    AddItems,
    AddUndo,
    EndRun,
    GroupFacts,
    MoveGroup,
    Revisit,
    Settle,
    Snapshot,
    StepFacts,
    Transition,
    item_number,
    undo_id,
)
from runbooks.engine.graph import ROOT, Place
from runbooks.engine.model import Definition
from runbooks.engine.tally import Tally
from runbooks.states import PASSED_STEPS, Choice, Goal, Role, RunState, StepState

OVER = frozenset({StepState.DONE, StepState.SKIPPED})  # of an undo: those before it may go on
UNDO, DEAD, FIRST, NORMAL = range(4)  # what opens before what

OpenKey = tuple[int, Place, str]


def _sway(facts: StepFacts) -> tuple[StepState | None, tuple[str, ...]]:
    """All that a step's facts mean to what stands behind it: whether and how it passed, and the ways that it opened."""
    is_done = facts.state is StepState.DONE
    return (facts.state if facts.state in PASSED_STEPS else None, facts.go if is_done else ())


class Board(Tally):
    """One run. Everything is to be read only, but by `set`, `set_group`, `apply` and the plain attributes below."""

    def __init__(self, definition: Definition, snapshot: Snapshot | None = None, *, seed: str = "") -> None:
        super().__init__(definition)
        self.seed = seed
        self.run_state, self.goal, self.goal_why = RunState.RUNNING, Goal.FINISH, ""
        self.width: int | None = None
        self.live = 0  # rows that have a place under the speed limit
        self.active: set[str] = set()  # steps and items that have left `waiting` and not come to an end
        self.openable: list[OpenKey] = []  # rows that may leave `waiting` now, the next one first
        self.going_back: set[str] = set()  # decisions that go back, or will when the plan is calm
        self.refused = 0  # steps outside of all sections with a strategy that were cancelled
        self.watches: set[str] = set()
        self.answered: set[str] = set()  # groups that a person has answered for
        self._open_keys: dict[str, OpenKey] = {}
        self._undos_after: dict[str, set[str]] = {}
        for step in definition.steps:
            self._open_again(step.id)
        if snapshot is not None:
            self.load(snapshot)

    def load(self, snapshot: Snapshot) -> None:
        """Take over everything that the snapshot says."""
        self.run_state, self.goal, self.goal_why = snapshot.run_state, snapshot.goal, snapshot.goal_why
        self.width, self.seed = snapshot.width, snapshot.seed or self.seed
        for group, facts in snapshot.groups.items():
            self.set_group(group, facts)
        for row, step in snapshot.steps.items():
            self.set(row, step)

    def snapshot(self) -> Snapshot:
        return Snapshot(
            self.run_state, dict(self.steps), dict(self.groups), self.goal, self.goal_why, self.width, self.seed
        )

    def set(self, row: str, facts: StepFacts) -> None:
        """What one row says now. A new row is an item's, an undo's or a watch's."""
        was = self.steps.get(row)
        if was == facts:
            return
        self.steps[row] = facts
        match facts.role:
            case Role.STEP:
                self._step_changed(row, was or StepFacts(), facts)
            case Role.ITEM:
                self._item_changed(row, was, facts)
            case Role.UNDO:
                self._undo_changed(row, was, facts)
            case Role.WATCH:
                self.watches.add(row)
        self._count_live(row, was, -1)
        self._count_live(row, facts, 1)

    def forget(self, row: str) -> None:
        """Take back that there is such a row: an item's, an undo's or a watch's."""
        was = self.steps.pop(row)
        if was.role is Role.ITEM:
            self._item_changed(row, was, None)
        elif was.role is Role.UNDO:
            self._undo_changed(row, was, None)
        self.watches.discard(row)
        self._count_live(row, was, -1)

    def set_group(self, group: str, facts: GroupFacts) -> None:
        """What the row of a group says now."""
        was, closed, frozen = self.group(group), self.closes(group), self.is_frozen(group)
        self.groups[group] = facts
        (self.answered.add if facts.choice is not Choice.NONE else self.answered.discard)(group)
        if was.state is facts.state:
            return
        self.count_group(group, was.state, -1)
        self.count_group(group, facts.state, 1)
        if (was.state in GROUP_PASSED) is not (facts.state in GROUP_PASSED):
            self._group_passes(group, -1 if facts.state in GROUP_PASSED else 1)
        if closed is not self.closes(group) or frozen is not self.is_frozen(group):
            for step in self.graph.all_steps(group):
                self.restand(step)
                self._open_again(step)

    def apply(self, transition: Transition) -> None:
        """What the planner says, as the shell writes it in rows."""
        match transition:
            case MoveGroup(group, to):
                self.set_group(group, replace(self.group(group), state=to))
            case Settle(subject, True):
                self.set_group(subject, replace(self.group(subject), choice=Choice.NONE, choice_why=""))
            case EndRun(state):
                self.run_state = state
            case AddItems() | AddUndo() | Revisit():
                for row, facts in renewed(self.steps, transition).items():
                    self.set(row, facts)
            case _:
                row = step_of(transition)
                self.set(row, changed(self.steps[row], transition))

    def _step_changed(self, row: str, was: StepFacts, facts: StepFacts) -> None:
        self.restand(row)
        if (was.state in PASSED_STEPS) is not (facts.state in PASSED_STEPS):
            missing = -1 if facts.state in PASSED_STEPS else 1
            for step, between in self.graph.dependents[row]:
                if not between or not self.is_let_pass(between):
                    self.missing[step] += missing
        if _sway(was) != _sway(facts):
            for step in self.graph.swayed[row]:
                self._open_again(step)
        if self.graph.group_of[row] == ROOT:
            self.refused += (facts.state is StepState.CANCELLED) - (was.state is StepState.CANCELLED)
        goes_back = facts.state is StepState.RUNNING and bool(facts.back)
        (self.going_back.add if goes_back else self.going_back.discard)(row)
        self._open_again(row)
        self._owner_changed(row, was.state, facts.state)

    def _owner_changed(self, row: str, was: StepState | None, now: StepState | None) -> None:
        """The undo of a row may begin when the row says so."""
        if StepState.UNDOING in (was, now) and undo_id(row) in self.steps:
            self._open_again(undo_id(row))

    def _item_changed(self, row: str, was: StepFacts | None, facts: StepFacts | None) -> None:
        owner = (facts or was or StepFacts()).of
        items, spec, number = self.loops[owner], self.graph.by_id[owner], item_number(row)
        if was is not None:
            items.count(number, spec, was, -1)
        if facts is not None:
            items.count(number, spec, facts, 1)
        self.restand(owner)
        self._open_again(owner)
        self._owner_changed(row, was.state if was else None, facts.state if facts else None)

    def _undo_changed(self, row: str, was: StepFacts | None, facts: StepFacts | None) -> None:
        for need in was.needs if was else ():
            self._undos_after[need].discard(row)
        for need in facts.needs if facts else ():
            self._undos_after.setdefault(need, set()).add(row)
        self._open_again(row, gone=facts is None)
        if (was is not None and was.state in OVER) is not (facts is not None and facts.state in OVER):
            for after in self._undos_after.get(row, ()):
                self._open_again(after)

    def _group_passes(self, group: str, missing: int) -> None:
        for row in self.graph.all_steps(group):
            if self.steps[row].state in PASSED_STEPS:
                continue
            for step, between in self.graph.dependents[row]:
                if group in between and not self.is_let_pass(tuple(each for each in between if each != group)):
                    self.missing[step] += missing
                    self._open_again(step)

    def _count_live(self, row: str, facts: StepFacts | None, one: int) -> None:
        if facts is None or facts.state not in TAKES_A_PLACE or facts.role is Role.WATCH:
            return
        self.live += 0 if row in self.loops else one
        if facts.role is not Role.UNDO:
            (self.active.add if one > 0 else self.active.discard)(row)

    def _open_again(self, row: str, *, gone: bool = False) -> None:
        """Find out anew whether a row may leave `waiting`, and how soon."""
        key, was = None if gone else self._open_key(row), self._open_keys.get(row)
        if key == was:
            return
        if was is not None:
            del self.openable[bisect_left(self.openable, was)]
            del self._open_keys[row]
        if key is not None:
            insort(self.openable, key)
            self._open_keys[row] = key

    def _open_key(self, row: str) -> OpenKey | None:
        facts = self.steps[row]
        if facts.role is Role.UNDO:
            return self._undo_key(row, facts)
        if facts.held or (self.missing[row] and facts.state is StepState.WAITING):
            return None
        if facts.state is StepState.RUNNING and row in self.loops:
            if self.next_item(row) is None or self.is_frozen(self.graph.group_of[row]):
                return None
        elif not self._may_open(row, facts):
            return None
        rank = DEAD if facts.state is StepState.WAITING and self.is_dead(row) else FIRST if facts.first else NORMAL
        return (rank, self.graph.position(row, Role.STEP, ""), row)

    def _may_open(self, row: str, facts: StepFacts) -> bool:
        if facts.state is not StepState.WAITING or facts.due is False:
            return False
        asked = facts.last is not None and facts.last.open
        return not asked and not self.is_frozen(self.graph.group_of[row])

    def _undo_key(self, row: str, facts: StepFacts) -> OpenKey | None:
        may = facts.state is StepState.WAITING and not facts.held
        owner = self.steps.get(facts.of)
        if not may or owner is None or owner.state is not StepState.UNDOING:
            return None
        if not all(need in self.steps and self.steps[need].state in OVER for need in facts.needs):
            return None
        return (UNDO, self.graph.position(row, Role.UNDO, facts.of), row)

    def next_item(self, row: str) -> int | None:
        """Number of the item of a running loop that may begin now."""
        facts, items, loop = self.steps[row], self.loops[row], self.graph.by_id[row].loop
        if loop is None or items.holds_up or items.live >= loop.width or not items.waiting:
            return None
        return items.waiting[0] if items.waiting[0] <= (facts.items or 0) else None

    def is_dead(self, row: str) -> bool:
        """Whether a step, its needs met, is bypassed: by decisions that took other ways, or with all it needs."""
        for level, decisions in self.graph.deciders.get(row, ()):
            if not any(self._chose(decision, level) for decision in decisions):
                return True
        needs = self.graph.by_id[row].needs
        return bool(needs) and all(self.steps[need].state is StepState.BYPASSED for need in needs)

    def _chose(self, decision: str, level: str) -> bool:
        facts = self.steps[decision]
        return facts.state is StepState.DONE and level in facts.go
