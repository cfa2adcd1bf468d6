"""What is due for one row, whatever its state."""

from collections.abc import Callable

from runbooks.engine.facts import FreeLocks, Kind, StepFacts, TakeLocks, Verdict, undo_id
from runbooks.engine.planner import answers, groups, loops, outcomes
from runbooks.engine.planner.back import go_back
from runbooks.engine.planner.opening import go_on, queue_act, wants_locks
from runbooks.engine.planner.planning import ENDED, MAX_LOSSES, Planning
from runbooks.states import AttemptState, Choice, LockState, Role, StepState

S = StepState
TAKEN_OFF = "Nothing new starts here any more."


def look(call: Planning, row: str) -> None:
    """Everything that is due for this row now."""
    facts = call.facts(row)
    if facts.role is Role.WATCH:
        return _watch(call, row, facts)
    if facts.state in ENDED and facts.locks is not LockState.NONE:
        call.add(FreeLocks(row))
    if facts.choice in (Choice.RETRY, Choice.SKIP) and not call.is_paused:
        return answers.answer(call, row)
    if facts.choice is Choice.UNDO_BRANCHES and not call.is_paused:
        return groups.undo_branch_of(call, row)
    if facts.state in _BY_STATE:
        _BY_STATE[facts.state](call, row)
    return None


def _at_work(call: Planning, row: str) -> None:
    facts = call.facts(row)
    if row in call.board.loops and facts.items is not None:
        loops.container(call, row)
    elif facts.state is S.RUNNING and row in call.board.going_back:
        if not go_back(call, row):
            outcomes.outcome(call, row)
    elif facts.state is not S.FAILED:
        outcomes.outcome(call, row)


def _approval(call: Planning, row: str) -> None:
    facts = call.facts(row)
    if facts.verdict is Verdict.REJECTED:
        to = S.FAILED if facts.role is Role.UNDO or facts.tries else S.CANCELLED
        call.move(row, to, facts.verdict_why or "The approval was rejected.")
    elif not call.may_begin(row):
        call.call_off(row, TAKEN_OFF)
    elif call.is_paused:
        return
    elif facts.verdict is Verdict.APPROVED:
        go_on(call, row, facts.verdict_why or "Approved.")
    elif facts.verdict is not Verdict.PENDING:
        call.ask(row)


def _locked(call: Planning, row: str) -> None:
    facts = call.facts(row)
    if not call.may_begin(row):
        call.call_off(row, TAKEN_OFF)
    elif call.is_paused:
        return
    elif facts.locks is LockState.HELD:
        go_on(call, row, "It holds its locks.")
    elif facts.locks is LockState.NONE:
        call.add(TakeLocks(row))


def _ready(call: Planning, row: str) -> None:
    """Queued; or a person may start it; or a person sent it back to be tried again."""
    facts = call.facts(row)
    last, step = facts.last, call.spec(row)
    if last is not None and last.state is AttemptState.LEASED:
        return
    if not call.may_begin(row):
        call.call_off(row, TAKEN_OFF)
    elif (last is not None and last.open) or call.is_paused or step.human:
        return
    elif step.decide is not None and last is not None and last.kind is Kind.ACT and last.state is not AttemptState.VOID:
        return  # a person decides
    elif wants_locks(step) and facts.locks is not LockState.HELD:
        go_on(call, row, "It is tried again.")
    else:
        queue_act(call, row)


def _undoing(call: Planning, row: str) -> None:
    facts = call.facts(row)
    if row in call.board.loops:
        items = call.board.loops[row]
        state = S.UNDOING if items.undoing else S.STUCK if items.stuck else S.UNDONE
    else:
        undo = call.board.steps.get(undo_id(row))
        state = _after_undo(undo) if undo is not None else facts.state
    if state is not facts.state:
        whys = {S.UNDONE: "It was taken back.", S.STUCK: "Its undo failed: a person is asked.", S.UNDOING: "Once more."}
        call.move(row, state, whys[state])


def _after_undo(undo: StepFacts) -> StepState:
    if undo.state in (S.DONE, S.SKIPPED):
        return S.UNDONE
    return S.STUCK if undo.state in (S.FAILED, S.CANCELLED) else S.UNDOING


def _watch(call: Planning, row: str, facts: StepFacts) -> None:
    """Looks for as long as the run is live; what becomes of it is nobody's failure."""
    last = facts.last
    if call.is_paused or facts.state in (S.DONE, S.FAILED) or (last is not None and last.open):
        return
    if facts.state is S.CANCELLED:
        call.move(row, S.WAITING, "The run goes on.")
    if facts.state in (S.CANCELLED, S.WAITING):
        call.move(row, S.READY, "The run is live.")
        queue_act(call, row)
    elif facts.state is S.READY:
        queue_act(call, row)
    elif last is not None and last.state is AttemptState.SUCCEEDED:
        call.move(row, S.DONE, "What it waited for has come.")
    elif last is not None and last.state is AttemptState.LOST and facts.losses < MAX_LOSSES:
        call.move(row, S.READY, "Its worker was lost; another one looks.")
        call.queue(row, Kind.ACT, facts.tries, facts.group)
    elif last is not None:
        call.move(row, S.FAILED, last.error or "It could not look.")


_BY_STATE: dict[StepState, Callable[[Planning, str], None]] = {
    S.WAITING: outcomes.asked,
    S.APPROVAL: _approval,
    S.LOCKED: _locked,
    S.READY: _ready,
    S.UNKNOWN: outcomes.checked,
    **dict.fromkeys((S.UNDOING, S.STUCK), _undoing),
    **dict.fromkeys((S.RUNNING, S.VERIFYING, S.FAILED), _at_work),
}
