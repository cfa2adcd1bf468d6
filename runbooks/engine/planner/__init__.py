"""What happens next in a run: a pure function of its definition and its facts. No Django, no clock, no I/O.

The rules, in the order they are asked until none has anything to say (docs/engine.md says them for people):
1. rows: the end of an attempt, of a question or of an undo moves its row; a person's answer is carried out.
2. opening: what needs nothing more leaves `waiting`, as far as the speed limit allows.
3. groups, the inner ones first: what broke means what the strategy says.
4. ending: nothing is live, and nothing waits for a person or a time.
A paused run knows rule 1 alone, and starts nothing by it.
"""

from collections.abc import Collection

from runbooks.engine.board import Board
from runbooks.engine.facts import Snapshot, Transition
from runbooks.engine.model import Definition
from runbooks.engine.planner.ending import end
from runbooks.engine.planner.groups import judge
from runbooks.engine.planner.opening import open_all
from runbooks.engine.planner.planning import MAX_LOSSES, Planning, planning
from runbooks.engine.planner.rows import look
from runbooks.engine.planner.waits import MAX_DELAY_S, delay_s
from runbooks.states import PASSED_STEPS as PASSED
from runbooks.states import RunState

__all__ = ["MAX_DELAY_S", "MAX_LOSSES", "PASSED", "delay_s", "plan"]


def plan(what: Board | Definition, about: Snapshot | Collection[str] | None = None) -> tuple[Transition, ...]:
    """All transitions that are due now, in causal order; () when there is nothing to do. The board stays as it was.

    `plan(board, touched)`: touched are the rows set since the board was planned last; None looks at everything, with
    the same answer. After a resume and after a change of `goal`, look at everything. `plan(definition, snapshot)` is
    for one look. Deterministic, and a fixpoint: planned again after its own transitions, it gives ()."""
    if isinstance(what, Definition):
        if not isinstance(about, Snapshot):
            raise TypeError("a definition is planned with a snapshot")
        return plan(Board(what, about))
    if isinstance(about, Snapshot):
        raise TypeError("a board has its own facts")
    if what.run_state not in (RunState.RUNNING, RunState.PAUSED):
        return ()
    with planning(what) as call:
        call.look_at(about)
        _settle(call)
        return tuple(call.out)


def _settle(call: Planning) -> None:
    while True:
        if (row := call.next_row()) is not None:
            look(call, row)
        elif call.is_paused:
            return
        elif open_all(call):
            continue
        elif (group := call.next_group()) is not None:
            judge(call, group)
        else:
            break
    end(call)
