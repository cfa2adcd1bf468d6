"""The end of a run."""

from runbooks.engine.counts import GROUP_PASSED, Stand
from runbooks.engine.facts import EndRun, TakeBack
from runbooks.engine.graph import ROOT
from runbooks.engine.planner.groups import is_over
from runbooks.engine.planner.planning import Planning
from runbooks.states import AttemptState, Goal, GroupState, RunState, StepState


def end(call: Planning) -> None:
    """End the run when nothing is live and nothing waits for a person or a time."""
    board = call.board
    state, node = board.state_of(ROOT), board.nodes[ROOT]
    if state is GroupState.UNDONE:
        _end(call, RunState.UNDONE, "What it did was taken back.")
    elif call.is_stopping:
        if not (node.counts[Stand.ACTIVE] or node.counts[Stand.UNDOING] or node.counts[Stand.STUCK]):
            _end(call, RunState.STOPPED, _why_stopped(call))
    elif state in (GroupState.UNDOING, GroupState.ASSESSING) or not is_over(call, ROOT):
        return
    elif state in GROUP_PASSED or node.has_passed:
        _end(call, RunState.SUCCEEDED, _why_succeeded(call))
    else:
        failed = _titles(call, Stand.BROKEN)
        _end(call, RunState.FAILED, f"Failed: {failed}. Nothing else can go on.")


def _why_stopped(call: Planning) -> str:
    board = call.board
    if board.goal is Goal.STOP and board.goal_why:
        return board.goal_why
    titles = [step.title for step in board.definition.steps if call.facts(step.id).state is StepState.CANCELLED]
    return f"Cancelled: {', '.join(titles)}."


def _why_succeeded(call: Planning) -> str:
    failed = _titles(call, Stand.BROKEN)
    return f"It passed, although these didn't: {failed}." if failed else "Every step is done or skipped."


def _titles(call: Planning, stand: Stand) -> str:
    board = call.board
    return ", ".join([step.title for step in board.definition.steps if board.stand(step.id) is stand])


def _end(call: Planning, state: RunState, why: str) -> None:
    """Its watches end with it."""
    for row in sorted(call.board.watches):
        facts = call.facts(row)
        if facts.last is not None and facts.last.state is AttemptState.QUEUED:
            call.add(TakeBack(row, "The run is over."))
        if facts.state in (StepState.WAITING, StepState.READY, StepState.RUNNING):
            call.move(row, StepState.CANCELLED, "The run is over.")
    call.add(EndRun(state, why))
