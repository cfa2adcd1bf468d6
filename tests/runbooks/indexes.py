"""Everything that a board derives from facts, in a shape that can be compared: it must be a function of them alone."""

from typing import Any

from runbooks.engine.board import Board
from runbooks.engine.counts import Items, Node

GIVEN = {"definition", "graph", "steps", "groups", "seed", "run_state", "goal", "goal_why", "width"}
FIXED = {"_branch_of", "_nodes_above"}  # which nodes there are; what they count is in `nodes`


def indexes(board: Board) -> dict[str, Any]:
    """All that `Board` and `Tally` keep beside the facts, by attribute: a new attribute is compared by itself."""
    found = {name: value for name, value in vars(board).items() if name not in GIVEN | FIXED}
    found["nodes"] = {group: counted(node) for group, node in board.nodes.items()}
    found["loops"] = {step: items_counted(items) for step, items in board.loops.items()}
    found["_undos_after"] = {undo: set(after) for undo, after in board._undos_after.items() if after}
    return found


def counted(node: Node) -> tuple[Any, ...]:
    own = (list(node.counts), node.owed, node.members, node.passed, node.broken)
    return (*own, node.branches_passed, node.branches_broken, [counted(branch) for branch in node.branches])


def items_counted(items: Items) -> list[Any]:
    return [getattr(items, name) for name in Items.__slots__]


def assert_like_new(board: Board) -> None:
    """What the board has come to by any number of changes is what its facts say."""
    mine, new = indexes(board), indexes(Board(board.definition, board.snapshot()))
    assert mine == new, {name: (mine[name], new[name]) for name in mine if mine[name] != new[name]}
