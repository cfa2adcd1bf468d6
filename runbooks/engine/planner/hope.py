"""Which waiting steps may still begin without anybody changing their mind: asked where nothing is live any more."""

from runbooks.engine.board import Board
from runbooks.engine.counts import Stand
from runbooks.engine.graph import Way
from runbooks.states import GroupState

HOPELESS = frozenset({GroupState.UNDOING, GroupState.UNDONE, GroupState.FAILED})


def may_go_on(board: Board, group: str) -> bool:
    """Whether a waiting step of the group, however deep, may still begin."""
    if not board.nodes[group].counts[Stand.WAITS]:
        return False
    return group in hopeful_groups(board)


def hopeful_groups(board: Board) -> set[str]:
    """All groups with a step that waits for its time, a person, its turn, or for another step that may still pass."""
    graph, hopeful, groups = board.graph, set[str](), set[str]()
    frozen = {group for group in graph.groups if board.is_frozen(group)}
    waiting = [step for step in graph.place if board.stand(step) is Stand.WAITS and graph.group_of[step] not in frozen]
    grows = True
    while grows:
        grows = False
        for step in waiting:
            if step not in hopeful and all(_may_pass(board, way, hopeful, groups) for way in _needs(board, step)):
                hopeful.add(step)
                groups.update(graph.above[graph.group_of[step]])
                grows = True
    return groups


def _needs(board: Board, step: str) -> list[Way]:
    return [(need, board.graph.between(need, step)) for need in board.graph.needs[step]]


def _may_pass(board: Board, way: Way, hopeful: set[str], groups: set[str]) -> bool:
    need, between = way
    if board.passes(need, between):
        return True
    if between:
        outermost = between[-1]
        state = board.state_of(outermost)
        if state in HOPELESS:
            return False
        if state is GroupState.ASSESSING or board.nodes[outermost].live or outermost in groups:
            return True
    return board.stand(need) in (Stand.ACTIVE, Stand.ASKED) or need in hopeful
