"""A decision that goes back: what lies between is done again."""

from runbooks.engine.counts import Stand
from runbooks.engine.facts import Revisit, item_id
from runbooks.engine.model import Case
from runbooks.engine.planner.planning import Planning
from runbooks.states import AttemptState, GroupState, Role, StepState

MOST = 3  # times that a case goes back, if its author didn't say


def go_back(call: Planning, row: str) -> bool:
    """Go back, or wait until what would be done again is calm. False when the decision doesn't go back."""
    facts, step = call.facts(row), call.spec(row)
    last = facts.last
    if last is None or last.state is not AttemptState.SUCCEEDED or step.decide is None:
        return False
    case = next((case for case in step.decide.cases if case.id == facts.case), Case(facts.case, most=MOST))
    if facts.visits >= case.most:
        call.move(row, StepState.READY, f"It went back {facts.visits} times already: a person decides.")
        return True
    if not call.may_begin(row) or call.is_paused:
        if not call.is_paused:
            call.move(row, StepState.FAILED, "Nothing new starts here any more.")
        return True
    again = steps_again(call, row, facts.back)
    groups = _groups(call, row, again)
    if _is_calm(call, row, again, groups):
        for group in groups:
            if call.board.state_of(group) is not GroupState.OPEN:
                call.move_group(group, GroupState.OPEN, f"Decision {step.title} goes back.")
        call.move(row, StepState.DONE, f"Case {facts.case}: back to {facts.back}, time {facts.visits + 1}.")
        call.add(Revisit(row, _with_items(call, again)))
        call.passed.discard(row)
        for each in again:
            call.note(each)
    return True


def steps_again(call: Planning, row: str, target: str) -> tuple[str, ...]:
    """What lies between, whole groups if any of it, and what was bypassed on the way; in plan order."""
    graph = call.board.graph
    again = set(graph.on_the_way(target, row))
    todo = list(again)
    while todo:
        for after, _ in graph.dependents[todo.pop()]:
            if after not in again and call.facts(after).state is StepState.BYPASSED:
                again.add(after)
                todo.append(after)
    return tuple(sorted(again, key=graph.place.__getitem__))


def _groups(call: Planning, row: str, again: tuple[str, ...]) -> list[str]:
    """Groups of these steps that the decision stands outside of, in the author's order."""
    graph = call.board.graph
    around = set(graph.above[graph.group_of[row]])
    inside = {group for step in again for group in graph.above[graph.group_of[step]]} - around
    return [group for group in graph.groups if group in inside]


def _is_calm(call: Planning, row: str, again: tuple[str, ...], groups: list[str]) -> bool:
    board = call.board
    if any(board.state_of(group) in (GroupState.ASSESSING, GroupState.UNDOING) for group in groups):
        return False
    settled = (Stand.WAITS, Stand.PASSED, Stand.BROKEN)
    return all(board.stand(step) in settled for step in again if step != row)


def _with_items(call: Planning, again: tuple[str, ...]) -> tuple[str, ...]:
    """The steps, and the rows of their items."""
    rows = list(again)
    for step in again:
        number = 1
        while step in call.board.loops and item_id(step, number) in call.board.steps:
            rows.append(item_id(step, number))
            number += 1
    return tuple(row for row in rows if call.facts(row).role in (Role.STEP, Role.ITEM))
