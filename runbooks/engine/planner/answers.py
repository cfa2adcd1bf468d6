"""What a person said about a failure is carried out."""

from runbooks.engine.facts import Kind, item_id
from runbooks.engine.planner.opening import begin
from runbooks.engine.planner.planning import Planning
from runbooks.states import Choice, StepState

RETRIED = frozenset({StepState.FAILED, StepState.CANCELLED})


def answer(call: Planning, row: str) -> None:
    """RETRY or SKIP of one step; an answer to what is no longer asked is let fall."""
    facts = call.facts(row)
    call.settle(row)
    if facts.state is not StepState.FAILED:
        return call.note_row(row)
    if facts.choice is Choice.SKIP:
        return skip(call, row, facts.choice_why)
    return retry(call, row, facts.choice_why)


def skip(call: Planning, row: str, why: str) -> None:
    call.move(row, StepState.SKIPPED, why or "A person left it out.")


def retry(call: Planning, row: str, why: str) -> None:
    """Another try of a step that failed, or that was refused: from where it failed, with consent asked anew."""
    facts, why = call.facts(row), why or "A person asked for another try."
    if row in call.board.loops and facts.items is not None:
        _retry_items(call, row, facts.items, why)
    elif facts.state is StepState.CANCELLED:
        call.move(row, StepState.WAITING, why)
    elif facts.last is not None and facts.last.kind in (Kind.WHEN, Kind.ITEMS):
        kind = facts.last.kind
        call.move(row, StepState.WAITING, why)
        call.queue(row, kind, facts.tries, call.facts(row).group)
    else:
        begin(call, row, why)


def _retry_items(call: Planning, row: str, items: int, why: str) -> None:
    call.move(row, StepState.RUNNING, why)
    for number in range(1, items + 1):
        if call.facts(item_id(row, number)).state in RETRIED:
            retry(call, item_id(row, number), why)
