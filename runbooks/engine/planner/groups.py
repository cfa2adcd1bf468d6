"""What the failures of its members mean to a group: its strategy, a person's answer, the rest of a quorum."""

from collections.abc import Iterable
from itertools import count, takewhile

from runbooks.engine.counts import GROUP_BROKEN, Node, Stand
from runbooks.engine.facts import item_id
from runbooks.engine.graph import ROOT, Branch
from runbooks.engine.model import OnFailure, Rest, Strategy
from runbooks.engine.planner import answers
from runbooks.engine.planner.hope import may_go_on
from runbooks.engine.planner.planning import Planning, has_begun
from runbooks.engine.planner.undoing import take_back, what_stays
from runbooks.states import AttemptState, Choice, Goal, GroupState, StepState

G = GroupState


def judge(call: Planning, group: str) -> None:
    """Everything that is due for this group now."""
    state, facts = call.board.state_of(group), call.board.group(group)
    if facts.choice is Choice.UNDO_ALL and state not in (G.UNDOING, G.UNDONE):
        call.settle(group, is_group=True)
        call.move_group(group, G.UNDOING, facts.choice_why or "A person lets it be taken back.")
        return
    if not call.board.nodes[group].live:
        call.note_lingering()
        if call.is_behind(group):
            return
    if group == ROOT and call.board.goal is Goal.UNDO and state not in (G.UNDOING, G.UNDONE):
        call.move_group(group, G.UNDOING, call.board.goal_why or "A person lets it be taken back.")
    elif state is G.UNDOING:
        _undoing(call, group)
    elif any(call.board.closes(around) for around in call.board.graph.above[group][1:]):
        if state is G.ASSESSING:
            call.move_group(group, G.FAILED, "The group around it is settled.")
    elif not call.is_stopping:
        _judge_open(call, group, state)


def _judge_open(call: Planning, group: str, state: GroupState) -> None:
    node = call.board.nodes[group]
    if state is G.OPEN:
        _open(call, group, node)
    elif state is G.FAILED and (node.live or not node.broken):
        call.move_group(group, G.OPEN, "It goes on.")
    elif state is G.ASSESSING:
        _assessing(call, group, node)
    elif state is G.PASSED and call.board.cuts(group):
        _undo_rest(call, group)


def _open(call: Planning, group: str, node: Node) -> None:
    strategy = call.board.graph.strategy(group)
    kind, broken = strategy.on_failure, node.broken > 0
    if kind is OnFailure.QUORUM and node.branches_passed >= strategy.quorum:
        _quorum_reached(call, group, strategy.quorum)
    elif kind is OnFailure.FAIL_FAST and broken:
        call.move_group(group, G.UNDOING, f"It failed: {_broken(call, group)}. Everything in it is taken back.")
    elif _is_quorum_lost(node, strategy) and strategy.otherwise is OnFailure.FAIL_FAST:
        call.move_group(group, G.UNDOING, f"{strategy.quorum} branches can't pass any more: {_broken(call, group)}.")
    elif node.has_passed:
        if group != ROOT:
            call.move_group(group, G.PASSED, "Everything in it passed.")
    elif broken and is_over(call, group):
        _over(call, group)


def _is_quorum_lost(node: Node, strategy: Strategy) -> bool:
    left = len(node.branches) - node.branches_broken
    return strategy.on_failure is OnFailure.QUORUM and left < strategy.quorum


def _over(call: Planning, group: str) -> None:
    """Nothing goes on, and something broke."""
    strategy = call.board.graph.strategy(group)
    failed = _broken(call, group)
    if strategy.on_failure is OnFailure.QUORUM and strategy.otherwise is OnFailure.FAIL_FAST:
        call.move_group(group, G.UNDOING, f"{strategy.quorum} branches can't pass any more: {failed}.")
    elif strategy.on_failure in (OnFailure.CONTINUE, OnFailure.QUORUM):
        call.move_group(group, G.ASSESSING, f"It failed: {failed}. A person says what that means.")
    elif group != ROOT:
        call.move_group(group, G.FAILED, f"It failed: {failed}. Nothing else in it can go on.")


def is_over(call: Planning, group: str) -> bool:
    """Whether nothing in the group is live, and nothing can begin."""
    return not call.board.nodes[group].live and not may_go_on(call.board, group)


def _broken(call: Planning, group: str) -> str:
    """Titles of the members that broke."""
    board = call.board
    steps = [board.graph.by_id[step].title for step in _broken_steps(call, board.graph.steps_in[group])]
    return ", ".join([*steps, *(board.graph.title(inner) for inner in _broken_groups(call, group))][:10])


def _broken_steps(call: Planning, steps: Iterable[str]) -> list[str]:
    return [step for step in steps if call.board.stand(step) is Stand.BROKEN]


def _broken_groups(call: Planning, group: str) -> list[str]:
    return [inner for inner in call.board.graph.groups_in[group] if call.board.state_of(inner) in GROUP_BROKEN]


# A quorum


def _quorum_reached(call: Planning, group: str, quorum: int) -> None:
    call.move_group(group, G.PASSED, f"{quorum} branches passed.")
    if call.board.graph.strategy(group).rest is Rest.FINISH:
        return
    for branch, _ in _rest(call, group):
        for step in _steps_of(call, branch):
            _cut(call, step, "A quorum was reached without it.")
    _undo_rest(call, group)


def _cut(call: Planning, step: str, why: str) -> None:
    """What has not begun is cancelled; what is live comes to its end."""
    live = (StepState.APPROVAL, StepState.LOCKED, StepState.READY)
    rows = [step]
    if step in call.board.loops:
        rows += takewhile(call.board.steps.__contains__, (item_id(step, number) for number in count(1)))
    for row in rows:
        facts = call.facts(row)
        leased = facts.last is not None and facts.last.state is AttemptState.LEASED
        if (facts.state in live and not leased) or (facts.state is StepState.WAITING and not has_begun(facts)):
            call.call_off(row, why)


def _undo_rest(call: Planning, group: str) -> None:
    if call.board.graph.strategy(group).rest is not Rest.UNDO:
        return
    for branch, node in _rest(call, group):
        if node.owed and not node.counts[Stand.ACTIVE]:
            take_back(call, _steps_of(call, branch), "A quorum was reached without it.")


def _rest(call: Planning, group: str) -> list[tuple[Branch, Node]]:
    """Branches that have not passed."""
    pairs = zip(call.board.graph.branches(group), call.board.nodes[group].branches, strict=True)
    return [(branch, node) for branch, node in pairs if not node.has_passed]


def _steps_of(call: Planning, branch: Branch) -> list[str]:
    graph = call.board.graph
    inner = [step for group in branch.groups for step in graph.all_steps(group)]
    return sorted([*branch.steps, *inner], key=graph.place.__getitem__)


# A person's answer


def _assessing(call: Planning, group: str, node: Node) -> None:
    facts = call.board.group(group)
    why = facts.choice_why or "A person decided it."
    match facts.choice:
        case Choice.UNDO_BRANCHES:
            _undo_branches(call, group, node, why)
        case Choice.UNDO_ALL:
            call.settle(group, is_group=True)
            call.move_group(group, G.UNDOING, why)
        case Choice.ACCEPT:
            call.settle(group, is_group=True)
            call.move_group(group, G.ACCEPTED, why)
        case Choice.RETRY | Choice.SKIP:
            call.settle(group, is_group=True)
            _mend(call, group, facts.choice, why)
        case _ if node.counts[Stand.ACTIVE] or not node.broken:
            call.move_group(group, G.OPEN, "It goes on.")


def _mend(call: Planning, group: str, choice: Choice, why: str) -> None:
    """Retry, or skip, what broke. What was taken back can't be retried; skipped, it counts as accepted."""
    for step in _broken_steps(call, call.board.graph.steps_in[group]):
        if choice is Choice.SKIP:
            answers.skip(call, step, why)
        elif call.facts(step).state in answers.RETRIED:
            answers.retry(call, step, why)
    for inner in _broken_groups(call, group):
        if choice is Choice.SKIP:
            call.move_group(inner, G.ACCEPTED, why)
        elif call.board.state_of(inner) is G.FAILED:
            _mend(call, inner, choice, why)
    call.note_group(group)


def _undo_branches(call: Planning, group: str, node: Node, why: str) -> None:
    board = call.board
    for branch, each in zip(board.graph.branches(group), node.branches, strict=True):
        if each.broken and each.owed:
            take_back(call, _steps_of(call, branch), why)
    if not node.counts[Stand.UNDOING] and not node.counts[Stand.STUCK]:
        call.settle(group, is_group=True)
        call.move_group(group, G.ACCEPTED, why)


def undo_branch_of(call: Planning, row: str) -> None:
    """A person lets the branch of a step be taken back: what has not begun never will. Nothing in it is live."""
    graph, why = call.board.graph, call.facts(row).choice_why or "A person lets its branch be taken back."
    branch = next(each for each in graph.branches(graph.group_of[row]) if row in each.steps)
    steps = _steps_of(call, branch)
    call.settle(row)
    for step in steps:
        _cut(call, step, why)
    take_back(call, steps, why)


# Undo of the group


def _undoing(call: Planning, group: str) -> None:
    node, board = call.board.nodes[group], call.board
    if node.counts[Stand.ACTIVE]:
        return
    steps = list(board.graph.all_steps(group))
    if node.owed:
        take_back(call, steps, "Everything in its group is taken back.")
    if not node.counts[Stand.UNDOING] and not node.counts[Stand.STUCK]:
        call.move_group(group, G.UNDONE, f"What happened was taken back.{what_stays(call, steps)}")
