"""The step of a loop is a container: it ends as its items do."""

from runbooks.engine.planner.planning import Planning
from runbooks.states import StepState


def container(call: Planning, row: str) -> None:
    """A loop whose items are known, running or failed."""
    board, facts = call.board, call.facts(row)
    items, total = board.loops[row], facts.items
    if items.live and facts.state is StepState.FAILED and call.may_begin(row):
        call.move(row, StepState.RUNNING, "An item is tried again.")
    elif items.live:
        return
    elif items.passed == total:
        call.move(row, StepState.DONE, f"All {total} items passed.")
    elif facts.state is StepState.RUNNING:
        _ends(call, row)


def _ends(call: Planning, row: str) -> None:
    """Nothing of it is live, and not everything passed."""
    board = call.board
    items, total, may_begin = board.loops[row], call.facts(row).items, call.may_begin(row)
    closed = any(board.closes(group) for group in board.graph.above[board.group_of(row)])
    asked = items.unknown if may_begin else 0
    if asked or (items.asked and may_begin and not closed):
        return  # a person is asked about an item
    if items.broken or items.asked or items.unknown:
        call.move(row, StepState.FAILED, f"{items.passed} of {total} items passed.")
    elif not may_begin:
        to = StepState.FAILED if items.passed else StepState.CANCELLED
        call.move(row, to, f"Nothing new starts here any more; {items.passed} of {total} items passed.")
