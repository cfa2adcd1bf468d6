"""One call of `plan`: what is still to be looked at, what has been found to be due, and the board with all of it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush

from runbooks.engine.applying import renewed, step_of
from runbooks.engine.board import Board
from runbooks.engine.counts import Stand
from runbooks.engine.facts import (
    AddItems,
    AddUndo,
    AskApproval,
    EndRun,
    FreeLocks,
    GroupFacts,
    Kind,
    MoveGroup,
    MoveStep,
    QueueAttempt,
    Revisit,
    Settle,
    StepFacts,
    TakeBack,
    Transition,
    Verdict,
)
from runbooks.engine.graph import ROOT
from runbooks.engine.model import OnFailure, Step
from runbooks.states import (
    PASSED_STEPS,
    AttemptState,
    Goal,
    GroupState,
    LockState,
    Role,
    RunState,
    StepState,
)

ENDED = PASSED_STEPS | {StepState.FAILED, StepState.CANCELLED, StepState.UNDOING, StepState.UNDONE}


class Planning:
    """The board is changed as transitions are found; `plan` takes that back at the end."""

    def __init__(self, board: Board) -> None:
        self.board, self.out = board, list[Transition]()
        self._rows: list[tuple[int, tuple[int, int, int], str]] = []
        self._row_is_due: set[str] = set()
        self._groups: list[tuple[int, int, str]] = []
        self._group_is_due: set[str] = set()
        self._is_stop_noted = False
        self._judged: dict[str, int] = {}  # when a group was judged last: how much had been found by then
        self._group_number = {group: number for number, group in enumerate(board.graph.groups)}
        self._journal: list[tuple[str, StepFacts | None] | tuple[None, str, GroupFacts | None] | RunState] = []
        self.passed: set[str] = set()  # steps that pass since this call

    # What is to be looked at

    def look_at(self, touched: Collection[str] | None) -> None:
        """Note the rows that changed, None for all, and what is looked at each time."""
        board = self.board
        rows = list(board.steps) if touched is None else list(touched)
        for row in rows:
            self.note(row)
        self.note_going_back()
        for group in (*(board.graph.groups if touched is None else sorted(board.answered)), ROOT):
            self.note_group(group)
        self.note_stopping()

    def note_stopping(self) -> None:
        """Once a run stops, whatever is live in it is called off, or comes to its end."""
        if self.is_stopping and not self._is_stop_noted:
            self._is_stop_noted = True
            for row in sorted(self.board.active):
                self.note_row(row)

    def note(self, row: str) -> None:
        """Look at a row that changed, at what it belongs to, and at their groups."""
        board = self.board
        facts = board.steps[row]
        self.note_row(row)
        self.note_going_back()
        while facts.role is not Role.STEP and facts.of:
            row, facts = facts.of, board.steps[facts.of]
            self.note_row(row)
            if facts.role is Role.ITEM:
                self.note_row(facts.of)
        if facts.role is Role.STEP:
            self._note_groups_around(row)
            if board.stand(row) is Stand.BROKEN:
                self.note_lingering()

    def _note_groups_around(self, step: str) -> None:
        for group in self.board.graph.above[self.board.graph.group_of[step]]:
            self.note_group(group)

    def note_going_back(self) -> None:
        """Look at decisions that go back once all is calm: before anything new begins."""
        for row in self.board.going_back:
            self.note_row(row)

    def note_row(self, row: str) -> None:
        if row not in self._row_is_due:
            self._row_is_due.add(row)
            facts = self.board.steps[row]
            first = facts.state is StepState.APPROVAL and facts.verdict is Verdict.REJECTED
            heappush(self._rows, (not first, self.board.graph.position(row, facts.role, facts.of), row))

    def note_group(self, group: str) -> None:
        if group not in self._group_is_due:
            self._group_is_due.add(group)
            depth = len(self.board.graph.above[group])
            heappush(self._groups, (-depth, self._group_number[group], group))

    def note_lingering(self) -> None:
        """Look at groups that may have waited for what became hopeless now."""
        for group, node in self.board.nodes.items():
            news = self._judged.get(group) != len(self.out)
            if news and not node.live and node.broken and node.counts[Stand.WAITS]:
                self.note_group(group)

    def is_behind(self, group: str) -> bool:
        """Whether another group's turn is before this one's, which is then looked at again after it."""
        mine = (-len(self.board.graph.above[group]), self._group_number[group], group)
        if not self._groups or self._groups[0] > mine:
            return False
        self.note_group(group)
        return True

    def next_row(self) -> str | None:
        if not self._rows:
            return None
        row = heappop(self._rows)[2]
        self._row_is_due.discard(row)
        return row

    def next_group(self) -> str | None:
        if not self._groups:
            return None
        group = heappop(self._groups)[2]
        self._group_is_due.discard(group)
        self._judged[group] = len(self.out)
        return group

    # What may be done

    @property
    def is_paused(self) -> bool:
        return self.board.run_state is RunState.PAUSED

    @property
    def is_stopping(self) -> bool:
        """A person said no: the run is cancelled, or a step of a plan without a strategy was refused."""
        board = self.board
        if board.state_of(ROOT) in (GroupState.UNDOING, GroupState.UNDONE):
            return False
        refused = board.refused > 0 and board.graph.strategy(ROOT).on_failure is OnFailure.STOP
        return board.goal is Goal.STOP or refused

    def may_begin(self, row: str) -> bool:
        """Whether a row may go on to something new. Undos always may."""
        if self.board.steps[row].role is Role.UNDO:
            return True
        return not self.is_stopping and not self.board.is_frozen(self.board.group_of(row))

    @property
    def has_room(self) -> bool:
        return self.board.width is None or self.board.live < self.board.width

    # What is due

    def facts(self, row: str) -> StepFacts:
        return self.board.steps[row]

    def spec(self, row: str) -> Step:
        return self.board.spec(row)

    def add(self, transition: Transition) -> None:
        """Note that this is due, and see the board as it will be."""
        self.out.append(transition)
        self._remember(transition)
        self.board.apply(transition)

    def move(self, row: str, to: StepState, why: str, *, because: str = "") -> None:
        """Move a row, and give its locks back when that ends it."""
        self.add(MoveStep(row, to, why, because))
        if to in PASSED_STEPS:
            self.passed.add(row)
        if to in ENDED and self.facts(row).locks is not LockState.NONE:
            self.add(FreeLocks(row))
        self.note(row)
        if to is StepState.CANCELLED:
            self.note_stopping()

    def move_group(self, group: str, to: GroupState, why: str) -> None:
        board = self.board
        before = {row for row in board.active if group in board.graph.above[board.group_of(row)]}
        self.add(MoveGroup(group, to, why))
        for row in before if to is not GroupState.OPEN else ():
            self.note(row)
        for inner in board.graph.all_groups(group):
            self.note_group(inner)
        for around in board.graph.above[group]:
            self.note_group(around)
        self.note_lingering()
        self.note_going_back()

    def queue(self, row: str, kind: Kind, number: int, group: int, after_s: float = 0.0) -> None:
        self.add(QueueAttempt(row, kind, number, group, after_s, self.facts(row).rounds))
        if self.facts(row).state is StepState.WAITING:
            self._note_groups_around(row)  # its condition or its list is asked: it goes on without a move

    def queue_round(self, row: str, every_s: float) -> None:
        """The next round of `until`: the same again, under a new key."""
        facts = self.facts(row)
        self.add(QueueAttempt(row, Kind.ACT, facts.tries + 1, facts.group + 1, every_s, facts.rounds + 1))

    def queue_again(self, row: str, kind: Kind) -> bool:
        """Ask once more what only asks. False when that has cost too many workers."""
        facts = self.facts(row)
        if facts.losses >= MAX_LOSSES:
            return False
        self.queue(row, kind, facts.tries, facts.group)
        return True

    def ask(self, row: str) -> None:
        self.add(AskApproval(row))

    def call_off(self, row: str, why: str) -> None:
        """A row that is live but has nothing going on ends: cancelled if it never began, else failed."""
        facts = self.facts(row)
        last = facts.last
        queued = last is not None and last.state is AttemptState.QUEUED
        if queued or facts.verdict is Verdict.PENDING:
            self.add(TakeBack(row, why))
        self.move(row, StepState.FAILED if has_begun(facts) else StepState.CANCELLED, why)

    def settle(self, subject: str, *, is_group: bool = False) -> None:
        self.add(Settle(subject, is_group))

    def because(self, row: str) -> str:
        """The step whose end opened this one, where that is certain."""
        needs = self.board.graph.needs.get(row, ())
        now = [need for need in needs if need in self.passed]
        return now[-1] if now else needs[0] if len(needs) == 1 else ""

    # Back to where it was

    def _remember(self, transition: Transition) -> None:
        board = self.board
        match transition:
            case MoveGroup(group):
                self._journal.append((None, group, board.groups.get(group)))
            case Settle(subject, True):
                self._journal.append((None, subject, board.groups.get(subject)))
            case EndRun():
                self._journal.append(board.run_state)
            case AddItems() | AddUndo() | Revisit():
                for row in renewed(board.steps, transition):
                    self._journal.append((row, board.steps.get(row)))
            case _:
                row = step_of(transition)
                self._journal.append((row, board.steps[row]))

    def take_back(self) -> None:
        """The board as it was before this call."""
        board = self.board
        for entry in reversed(self._journal):
            if isinstance(entry, RunState):
                board.run_state = entry
            elif entry[0] is None:
                board.set_group(entry[1], entry[2] or GroupFacts())
                if entry[2] is None:
                    del board.groups[entry[1]]
            elif entry[1] is None:
                board.forget(entry[0])
            else:
                board.set(entry[0], entry[1])


MAX_LOSSES = 5  # workers that one attempt may cost before it is taken for poison


def has_begun(facts: StepFacts) -> bool:
    """Whether a try of the step was made, in this visit or an earlier one."""
    first = facts.last is not None and facts.last.kind is Kind.ACT and facts.last.state is AttemptState.QUEUED
    return facts.tries > 1 or facts.losses > 0 or (facts.tries == 1 and not first) or facts.effect != "none"


@contextmanager
def planning(board: Board) -> Iterator[Planning]:
    """A call of `plan`; the board stays as it was."""
    call = Planning(board)
    try:
        yield call
    finally:
        call.take_back()
