"""Deadlines of steps: a person is reminded, then somebody else is asked; a step over its `within` is marked."""

from collections.abc import Callable

from catalog.models import Service, User
from runbooks.engine.timers import AT_WORK
from runbooks.engine.work import Work
from runbooks.models import Run, StepRun, Timer
from runbooks.states import StepState

WITH_A_PERSON = frozenset({StepState.READY, StepState.RUNNING})

Finder = Callable[[Run, str], User | None]
_finders: list[Finder] = []


def register_assignees(finder: Finder) -> None:
    """Let a higher room say who holds a role: finder(run, "role:commander") gives the user, or None. For `apps.py`."""
    if finder not in _finders:
        _finders.append(finder)


def who(run: Run, wanted: str) -> User | None:
    """Whoever `assign` or `to` names now: `role:commander`, `owner:<service>` or `user:<name>`."""
    kind, _, name = wanted.partition(":")
    if kind == "user":
        return User.objects.filter(username=name, is_active=True).first()
    if kind == "owner":
        service = Service.objects.filter(slug=name).select_related("owner", "deputy").first()
        return (service.owner or service.deputy) if service else None
    return next((user for finder in _finders if (user := finder(run, wanted))), None)


def remind(work: Work, timer: Timer) -> None:
    """Say that a person's step is due: its row and the history show it; the assignee's list has it already."""
    row = _at(work, timer, WITH_A_PERSON)
    if row is None:
        return
    why = f"Due since {work.now:%H:%M} UTC; {row.assignee or 'nobody'} was reminded."
    work.keep(row, why=why)
    told = {"step": row.step, "title": work.title(row.step), "assignee": row.assignee.actor_id if row.assignee else ""}
    work.say("step.reminded", {**told, "why": why})


def escalate(work: Work, timer: Timer) -> None:
    """Give a person's step that is long due to whoever the runbook names; it is in that person's list from now on."""
    row = _at(work, timer, WITH_A_PERSON)
    if row is None:
        return
    wanted = str(timer.data["to"])
    was, now = row.assignee, who(work.run, wanted)
    why = _escalated(wanted, was, now)
    work.keep(row, why=why, seen_at=row.seen_at + 1, **({"assignee": now} if now else {}))
    told = {"step": row.step, "title": work.title(row.step), "why": why, "to": wanted}
    people = {"was": was.actor_id if was else "", "now": now.actor_id if now else ""}
    work.say("step.escalated", {**told, **people})


def _escalated(wanted: str, was: User | None, now: User | None) -> str:
    if now is None:
        return f"Overdue, and nobody is {wanted.replace(':', ' ')} to take it over: name somebody."
    if now == was:
        return f"Overdue, and {now} has it already: do it, or reassign it."
    return f"Overdue with {was or 'nobody'}: {now} was asked to do it."


def over(work: Work, timer: Timer) -> None:
    """The step is over its `within`: the planner fails it when its attempt ends."""
    row = _at(work, timer, AT_WORK)
    if row is not None:
        work.keep(row, overdue=True)
        why = "It takes longer than its runbook allows; it fails when its attempt ends."
        work.say("step.overdue", {"step": row.step, "title": work.title(row.step), "why": why})


def _at(work: Work, timer: Timer, states: frozenset[StepState]) -> StepRun | None:
    """The timer's step, while it is in one of these states."""
    if timer.step_run is None:
        return None
    row = work.row(timer.step_run.step)
    return row if row.state in states else None
