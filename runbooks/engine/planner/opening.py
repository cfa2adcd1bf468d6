"""How a step leaves `waiting`: its time, its condition, its list, consent, locks, then a worker or a person.

Only what needs nothing more is looked at (`Board.openable`): undos first, then what is bypassed, then what a watch put
first, then the rest in the order of the plan, as far as the speed limit allows."""

from runbooks.engine.board import DEAD, UNDO
from runbooks.engine.facts import AddItems, Kind, SetTimer, TakeLocks, Verdict, item_id
from runbooks.engine.model import Step
from runbooks.engine.planner.planning import Planning
from runbooks.states import LockState, StepState


def open_all(call: Planning) -> bool:
    """Open what may be opened. False when that was nothing."""
    opened = False
    while call.board.openable:
        rank, _, row = call.board.openable[0]
        if rank != UNDO and call.is_stopping:
            break
        if rank == DEAD:
            call.move(row, StepState.BYPASSED, "The plan took another way.", because=call.because(row))
        elif not call.has_room:
            break
        else:
            _open(call, row)
        opened = True
    return opened


def _open(call: Planning, row: str) -> None:
    step, facts = call.spec(row), call.facts(row)
    if facts.state is StepState.RUNNING:
        _open_item(call, row)
    elif step.not_before and facts.due is None:
        call.add(SetTimer(row))
    elif step.when and facts.condition is None:
        call.queue(row, Kind.WHEN, facts.tries, facts.group)
    elif step.when and not facts.condition:
        call.move(row, StepState.SKIPPED, f"Its condition isn't met: {step.when}", because=call.because(row))
    elif step.loop is not None:
        _open_loop(call, row, facts.items)
    else:
        why = "Its needs are met." if step.needs or facts.needs else "It needs nothing."
        begin(call, row, why, because=call.because(row))


def _open_loop(call: Planning, row: str, items: int | None) -> None:
    facts = call.facts(row)
    if items is None:
        call.queue(row, Kind.ITEMS, facts.tries, facts.group)
    elif not items:
        call.move(row, StepState.DONE, "Its list is empty.", because=call.because(row))
    else:
        call.move(row, StepState.RUNNING, f"Its needs are met; {items} items.", because=call.because(row))
        call.add(AddItems(row, items))


def _open_item(call: Planning, row: str) -> None:
    number, total = call.board.next_item(row), call.facts(row).items
    begin(call, item_id(row, number or 0), f"Item {number} of {total}.", because=row)


def begin(call: Planning, row: str, why: str, *, because: str = "") -> None:
    """Ask for consent if the step needs it, else go on."""
    if call.spec(row).approval is not None and call.facts(row).verdict is not Verdict.APPROVED:
        call.move(row, StepState.APPROVAL, f"{why} It needs consent.", because=because)
        call.ask(row)
    else:
        go_on(call, row, why, because=because)


def go_on(call: Planning, row: str, why: str, *, because: str = "") -> None:
    """With consent: to the locks, or to a worker or a person."""
    if wants_locks(call.spec(row)) and call.facts(row).locks is not LockState.HELD:
        call.move(row, StepState.LOCKED, f"{why} It takes its locks.", because=because)
        if call.facts(row).locks is LockState.NONE:
            call.add(TakeLocks(row))
    else:
        call.move(row, StepState.READY, why, because=because)
        queue_act(call, row)


def queue_act(call: Planning, row: str) -> None:
    """The first try, or one that a person asked for: it has a new number and a new key."""
    facts = call.facts(row)
    if not call.spec(row).human:
        same_group = facts.last is None or facts.last.kind is not Kind.ACT
        call.queue(row, Kind.ACT, facts.tries + 1, facts.group + (not same_group))


def wants_locks(step: Step) -> bool:
    return bool(step.touches or step.resources) and not step.harmless
