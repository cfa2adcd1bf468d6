"""What a run's plan gains, or does again, while it runs: items of a loop, undos, steps that a decision went back to."""

from typing import Any

from audit import ledger
from runbooks.engine import consent
from runbooks.engine.deadlines import who
from runbooks.engine.facts import Kind, item_id, undo_id
from runbooks.engine.graph import spec_of
from runbooks.engine.model import Effect
from runbooks.engine.work import Work
from runbooks.models import Attempt, StepRun
from runbooks.states import AttemptState, Choice, LockState, Role, StepState

OF_A_VISIT: dict[str, Any] = {
    "tries": 0, "losses": 0, "rounds": 0, "items": None, "condition": None, "overdue": False, "first": False,
    "decision": {}, "locks": LockState.NONE, "choice": Choice.NONE, "choice_why": "", "not_before": None,
}  # fmt: skip


def add_items(work: Work, step: str, count: int) -> None:
    """One row per item, each with its item in scope."""
    row, loop = work.peek(step), work.spec(step).loop
    if loop is None:
        raise ValueError(f"step {step} has no items")
    items = _items_of(work, row)[:count]
    work.add_rows(
        StepRun(
            run=work.run, step=item_id(step, number), position=row.position, role=Role.ITEM, of=step,
            scope={loop.name: item, "index": number}, changed_at=work.now, assignee=row.assignee,
        )
        for number, item in enumerate(items, 1)
        if item_id(step, number) not in work.memory.rows
    )  # fmt: skip
    told = {"step": step, "title": work.title(step), "items": len(items), "width": loop.width}
    work.say("step.items", told)


def _items_of(work: Work, row: StepRun) -> list[object]:
    """What the newest list attempt found."""
    work.flush()
    found = Attempt.objects.filter(step_run=row, kind=Kind.ITEMS, state=AttemptState.SUCCEEDED).order_by("-pk")
    output = found.values_list("output", flat=True).first()
    return list(output["items"]) if output else []


def add_undo(work: Work, step: str, needs: tuple[str, ...]) -> None:
    """The row that takes a step back; one of an earlier visit begins anew."""
    row, undo = work.peek(step), undo_id(step)
    if undo in work.memory.rows:
        _begin_anew(work, undo)
        work.set(undo, needs=list(needs))
    else:
        spec = spec_of(work.definition, undo, Role.UNDO, step)
        made = StepRun(
            run=work.run, step=undo, position=row.position, role=Role.UNDO, of=step, needs=list(needs),
            changed_at=work.now, assignee=(who(work.run, spec.assign) if spec.human else None) or row.assignee,
        )  # fmt: skip
        work.add_rows([made])
    told = {"step": undo, "title": work.title(undo), "of": step, "after": ", ".join(needs)}
    work.say("step.undo_planned", told)


def revisit(work: Work, decision: str, steps: tuple[str, ...]) -> None:
    """These rows wait again, as if they had not been done; what they do next has new keys."""
    visits = work.peek(decision).visits + 1
    why = f"“{work.title(decision)}” went back."
    for step in steps:
        came_from = work.peek(step).state
        _begin_anew(work, step)
        work.set(step, why=why[:500], because=decision)
        if came_from != StepState.WAITING:
            told = {"step": step, "title": work.title(step), "from": came_from, "why": why, "because": decision}
            work.say("step.waiting", told)
    work.set(decision, visits=visits)
    fields = {"step": decision, "title": work.title(decision), "again": ", ".join(steps), "visits": visits}
    work.say("step.went_back", fields)


def _begin_anew(work: Work, step: str) -> None:
    """As applying.fresh says it: nothing is left of what it did but what may have to be taken back."""
    row = work.peek(step)
    effect = Effect(row.effect)
    if row.state == StepState.DONE and effect is Effect.NONE:
        effect = Effect.MAYBE
    if row.state == StepState.UNDONE:
        effect = Effect.NONE
    if work.spec(step).approval is not None:
        work.flush()
        consent.withdraw(work, step, "It is done again.", ledger.SYSTEM)
    work.memory.forget_attempts(step)
    work.keep_output(step, {})
    work.set(
        step, state=StepState.WAITING, group=row.group + 1, effect=effect, changed_at=work.now, ended_at=None,
        seen_at=row.seen_at + 1, **OF_A_VISIT,
    )  # fmt: skip


def take_back(work: Work, step: str, why: str) -> None:
    """Void the step's queued attempt and its request for approval."""
    work.take_back(step, why)
    if work.spec(step).approval is not None:
        work.flush()
        consent.withdraw(work, step, why, ledger.SYSTEM)
        work.reconsider(step)
