"""Taking back: exactly what happened or may have happened, each step after everything that came after it."""

from collections.abc import Collection

from runbooks.engine.counts import happened, has_undo
from runbooks.engine.facts import AddUndo, item_id, undo_id
from runbooks.engine.planner.planning import Planning
from runbooks.states import StepState

Frontier = frozenset[tuple[int, str]]  # undo rows that come right before, with the place of their step
GOING = frozenset({StepState.UNDOING, StepState.STUCK})


def take_back(call: Planning, steps: Collection[str], why: str) -> None:
    """Start the undo of what these steps did. What is being taken back already keeps its place in the order."""
    board = call.board
    owing = {step for step in steps if board.owes(step)}
    if not owing:
        return
    order = order_of_undo(call, set(steps), owing)
    for step in sorted(owing, key=board.graph.place.__getitem__, reverse=True):
        needs = tuple(undo for _, undo in sorted(order[step]))
        call.move(step, StepState.UNDOING, why)
        if step in board.loops:
            _take_back_items(call, step, needs, why)
        else:
            call.add(AddUndo(step, needs))


def order_of_undo(call: Planning, scope: set[str], owing: set[str]) -> dict[str, Frontier]:
    """Per step to take back: the undos that must be done before."""
    board, place = call.board, call.board.graph.place
    taken = owing | {step for step in scope if board.steps[step].state in GOING}
    first, before, order = min(place[step] for step in owing), dict[str, Frontier](), dict[str, Frontier]()
    for plan_step in reversed(board.definition.plan_order[first:]):
        step = plan_step.id
        after: Frontier = frozenset().union(*(before[each] for each, _ in board.graph.dependents[step]))
        if step in taken:
            order[step] = after
            before[step] = frozenset({(place[step], _last_undo(call, step))})
        else:
            before[step] = after
    return order


def _last_undo(call: Planning, step: str) -> str:
    """The row that ends the undo of a step: of a loop, that of its first item."""
    if step not in call.board.loops:
        return undo_id(step)
    return undo_id(_items(call, step, also_going=True)[0])


def _items(call: Planning, step: str, *, also_going: bool = False) -> list[str]:
    """Items of a loop that are to be taken back, in order."""
    board, number, found = call.board, 1, list[str]()
    undo_exists = has_undo(board.graph.by_id[step])
    while (row := item_id(step, number)) in board.steps:
        facts = board.steps[row]
        if (undo_exists and happened(facts)) or (also_going and facts.state in GOING):
            found.append(row)
        number += 1
    return found


def _take_back_items(call: Planning, step: str, needs: tuple[str, ...], why: str) -> None:
    for row in reversed(_items(call, step)):
        call.move(row, StepState.UNDOING, why)
        call.add(AddUndo(row, needs))
        needs = (undo_id(row),)


def what_stays(call: Planning, steps: Collection[str]) -> str:
    """A sentence about what happened and has no undo; empty when there is no such thing."""
    board = call.board
    titles = [
        board.graph.by_id[step].title
        for step in steps
        if not board.graph.by_id[step].harmless and happened(board.steps[step]) and step not in board.loops
    ]
    return f" Without an undo, it stays: {', '.join(titles[:10])}{' …' if len(titles) > 10 else ''}." if titles else ""
