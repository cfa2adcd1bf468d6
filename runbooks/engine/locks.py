"""Locks of steps: asked for all together, first come first served; given back when the step ends.

Who passes the turnstile holds it until commit, so that one transaction at a time changes the queue. Order of locks in
a transaction: incident, run, rows, ledger stream, turnstile. The stream stands before the turnstile because many write
to it early (an incident opens, consent is withdrawn); after the turnstile nothing is waited for any more: a request for
approval is only ever locked under its stream.
"""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection

from audit import ledger
from catalog.models import Service, User
from plumbing import doorbell
from plumbing.expressions import render
from runbooks.engine import timers
from runbooks.engine.graph import spec_of
from runbooks.engine.queueing import OVER, Claim, claim_of, closes_a_circle, in_the_way, next_in_line
from runbooks.engine.reading import definition_of_run
from runbooks.engine.work import Work
from runbooks.errors import NoSuchResource, NotWaiting, QueueMoved
from runbooks.models import Lock, Resource, StepRun, Timer, Turnstile
from runbooks.states import LockState, Role, RunState

TURNSTILE = "locks"
NEXT_TURN = "UPDATE runbooks_turnstile SET turns = turns + 1 WHERE name = %s RETURNING turns"
NAMED = 5  # of those in the way, so many are named


@dataclass(frozen=True)
class _Wanted:
    services: tuple[Service, ...]
    resources: tuple[Resource, ...]
    unlisted: tuple[str, ...]  # touched, but not in the catalog: nothing keeps others off them

    @property
    def keys(self) -> tuple[set[int], set[int]]:
        return {each.pk for each in self.services}, {each.pk for each in self.resources}


def take(work: Work, step: str) -> bool:
    """Ask for the step's locks. True: all are held now. False: the step waits in the queue, and will be rung for.

    A run that is being made only asks to be rung for: other streams may be written to in the same transaction.
    Raises NoSuchResource, ExpressionError."""
    row, wanted = work.row(step), _wanted(work, step)
    if not wanted.services and not wanted.resources:
        work.keep(row, locks=LockState.HELD)
        return True
    if work.is_new:
        work.keep(row, locks=LockState.QUEUED)
        doorbell.ring("run", work.run.uid)
        return False
    _pass(work)
    claim = claim_of(row)
    if claim is not None and (set(claim.services), set(claim.resources)) != wanted.keys:
        _give_back(work, row, "It works on something else by now.")
        claim = None
    if claim is None:
        return _ask(work, row, wanted)
    return row.locks == LockState.HELD or _enter(work, row, claim)


def free(work: Work, step: str) -> None:
    """Give the step's locks back, held or only asked for, and ring for those who may have theirs now."""
    row = work.row(step)
    if Lock.objects.filter(step_run=row).exists():
        _pass(work)
        _give_back(work, row, "")
    work.keep(row, locks=LockState.NONE)


def collect(work: Work) -> list[str]:
    """Take what this run's waiting steps may have by now; free what a step's end has left. Returns the steps changed.

    Called at the beginning of a transaction: others may have freed what this run waits for."""
    changed = []
    for step in work.run.steps.filter(locks=LockState.QUEUED).order_by("changed_at").values_list("step", flat=True):
        if _may_go_on(work, step) and take(work, step):
            changed.append(step)
    for step in Lock.objects.filter(step_run__run=work.run, step_run__state__in=OVER).values_list(
        "step_run__step", flat=True
    ):
        free(work, step)
        changed.append(step)
    return changed


def override(work: Work, step: str, actor: User, reason: str) -> None:
    """Give a waiting step its locks although others work there. On record in the histories of all of them.

    Raises NotWaiting; QueueMoved when somebody else came into its way meanwhile."""
    row = work.row(step)
    claim = claim_of(row) if row.locks == LockState.QUEUED else None
    if claim is None:
        raise NotWaiting(work.title(step))
    streams = {other.run.stream for other in _rows(in_the_way(claim))} | {work.run.stream}
    ledger.hold(*streams)
    _pass(work)
    others = _rows(in_the_way(claim))
    if not {other.run.stream for other in others} <= streams:
        raise QueueMoved(work.title(step))
    _hold(work, row, overridden_by=actor)
    told = {"reason": reason, "turn": work.turn, **_names(claim)}
    over = list(dict.fromkeys(named(other, work.run.stream) for other in others))
    work.say("lock.overridden", {"step": step, "title": work.title(step), "over": over, **told}, actor)
    for other in others:
        if other.run.stream != work.run.stream:
            fields = {"run": other.run.uid, "step": other.step, "title": title_of(other)}
            ledger.record(other.run.stream, "lock.overridden", actor, {**fields, "over": ["another run"], **told})


def ask_a_person(work: Work, timer: Timer) -> None:
    """The bound of a wait is reached: the step stands out, its reason says for what, and a person is asked."""
    row = work.row(timer.step_run.step) if timer.step_run else None
    claim = claim_of(row) if row is not None and row.locks == LockState.QUEUED else None
    if row is not None and claim is not None:
        _call_for_help(work, row, claim, f"It has waited since {timer.data['since']} UTC")


def waits_behind(row: StepRun) -> list[StepRun]:
    """The steps that keep this one waiting, whoever's they are: doors name them only to those who may see the run."""
    claim = claim_of(row) if row.locks == LockState.QUEUED else None
    return _rows(in_the_way(claim)) if claim else []


def _rows(found: Iterable[int]) -> list[StepRun]:
    rows = StepRun.objects.select_related("run__version__runbook").in_bulk(list(found))
    return [rows[pk] for pk in found if pk in rows]


def named(other: StepRun, stream: str) -> str:
    """What readers of `stream` may be told about a step in anybody's run: its title only where it is theirs too."""
    return f"“{title_of(other)}”" if other.run.stream == stream else "another run"


def title_of(row: StepRun) -> str:
    """What a step of any run is called."""
    return spec_of(definition_of_run(row.run), row.step, Role(row.role), row.of).title


def _wanted(work: Work, step: str) -> _Wanted:
    spec, values = work.spec(step), work.values_for(step)
    slugs = sorted({str(render(touched, values)) for touched in spec.touches})
    names = sorted({str(render(name, values)) for name in spec.resources})
    services = Service.objects.filter(slug__in=slugs).order_by("pk") if slugs else []
    resources = Resource.objects.filter(slug__in=names).order_by("pk") if names else []
    missing = set(names) - {resource.slug for resource in resources}
    if missing:
        raise NoSuchResource(min(missing))
    return _Wanted(tuple(services), tuple(resources), tuple(set(slugs) - {each.slug for each in services}))


def _pass(work: Work) -> None:
    """Pass the turnstile, once in a transaction, after the ledger stream."""
    if work.turn is not None:
        return
    ledger.hold(work.run.stream)
    with connection.cursor() as cursor:
        cursor.execute(NEXT_TURN, [TURNSTILE])
        found = cursor.fetchone()
        if found is None:
            Turnstile.objects.get_or_create(name=TURNSTILE)
            cursor.execute(NEXT_TURN, [TURNSTILE])
            found = cursor.fetchone()
    work.turn = found[0]


def _ask(work: Work, row: StepRun, wanted: _Wanted) -> bool:
    things = [{"service": each} for each in wanted.services] + [{"resource": each} for each in wanted.resources]
    Lock.objects.bulk_create([Lock(step_run=row, asked_at=work.now, **thing) for thing in things])
    claim = claim_of(row)
    if claim is None:
        raise LookupError(f"step {row.step} asked for locks and has none")
    if _enter(work, row, claim, unlisted=wanted.unlisted):
        return True
    _stand_in_line(work, row, claim)
    return False


def _enter(work: Work, row: StepRun, claim: Claim, unlisted: Iterable[str] = ()) -> bool:
    if in_the_way(claim, most=1):
        return False
    _hold(work, row)
    waited_s = int((work.now - claim.asked_at).total_seconds())
    fields: dict[str, Any] = {"waited_s": waited_s, "turn": work.turn, "place": claim.asked, **_names(claim)}
    if unlisted:
        fields["unlisted"] = sorted(unlisted)
    work.say("lock.held", {"step": row.step, "title": work.title(row.step), **fields})
    return True


def _hold(work: Work, row: StepRun, overridden_by: User | None = None) -> None:
    Lock.objects.filter(step_run=row).update(state=LockState.HELD, held_at=work.now, overridden_by=overridden_by)
    if row.locks == LockState.QUEUED:
        timers.drop(row, timers.LOCK_WAIT)
    work.keep(row, locks=LockState.HELD, overdue=False)


def _stand_in_line(work: Work, row: StepRun, claim: Claim) -> None:
    why = f"Waits for {_whom(work, claim)}"
    work.keep(row, locks=LockState.QUEUED, why=why[:500])
    fields = {"turn": work.turn, "place": claim.asked, **_names(claim)}
    work.say("lock.queued", {"step": row.step, "title": work.title(row.step), "why": why, **fields})
    if closes_a_circle(claim):
        _call_for_help(work, row, claim, "It waits in a circle: others wait for the run that it is in")
    else:
        due_at = work.now + dt.timedelta(seconds=work.spec(row.step).lock_wait_s)
        timers.put(row, timers.LOCK_WAIT, due_at, since=f"{work.now:%H:%M}")


def _call_for_help(work: Work, row: StepRun, claim: Claim, what: str) -> None:
    why = f"{what}, for {_whom(work, claim)} Override, or wait on."
    work.keep(row, overdue=True, why=why[:500])
    work.say("lock.overdue", {"step": row.step, "title": work.title(row.step), "why": why, **_names(claim)})


def _whom(work: Work, claim: Claim) -> str:
    """Who is in the way, as the readers of this history may know it."""
    found = in_the_way(claim, most=NAMED)
    told = [
        f"{named(row, work.run.stream)}, which {'works' if found[row.pk] == LockState.HELD else 'is due'} there"
        for row in _rows(found)
    ]
    return f"{'; '.join(dict.fromkeys(told)) or 'others'}."


def _give_back(work: Work, row: StepRun, why: str) -> None:
    claim = claim_of(row)
    if claim is None:
        return
    Lock.objects.filter(step_run=row).delete()
    if claim.state == LockState.QUEUED:
        timers.drop(row, timers.LOCK_WAIT)
    told = {"was": claim.state.value, "turn": work.turn, "place": claim.asked, "why": why, **_names(claim)}
    work.say("lock.freed", {"step": row.step, "title": work.title(row.step), **told})
    for uid in next_in_line(claim):
        doorbell.ring("run", uid)


def _names(claim: Claim) -> dict[str, Any]:
    resources = sorted(resource.slug for resource in claim.resources.values())
    return {"services": sorted(claim.services.values()), "resources": resources}


def _may_go_on(work: Work, step: str) -> bool:
    return work.run.state == RunState.RUNNING and not work.row(step).held
