"""What happens to a request by itself: reminders, escalation, the end of its time, the end of a yes. Rows, fired once.

An alarm is claimed by a guarded UPDATE under the lock of its request, so two sweeps, and workers that were away for ten
minutes, fire each of them once and in the order of their times.
"""

import datetime as dt
from collections.abc import Iterable

from django.db.models import F, Q

from approvals import selectors
from approvals.models import Alarm, ApprovalRequest
from approvals.policies.planning import taken_for
from approvals.policies.routing import escalate
from approvals.services.asking import keep_asked, skip_as_json
from approvals.services.settling import locked, move, told
from approvals.services.telling import tell
from approvals.states import AlarmKind, RequestState
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.models import User
from plumbing import clock
from plumbing.database import atomic
from plumbing.durations import in_words

MOST = 200  # requests of one pass
WAITING = Q(request__state=RequestState.PENDING) & ~Q(kind=AlarmKind.EXPIRY)
RUNS = Q(request__held_at=None) | Q(kind=AlarmKind.RESUME)


def find_due(now: dt.datetime) -> Iterable[str]:
    """Uids of the requests for which an alarm is due."""
    alive = (WAITING & RUNS) | Q(request__state=RequestState.APPROVED, kind=AlarmKind.EXPIRY)
    due = Alarm.objects.filter(alive, fired_at=None, due_at__lte=now).order_by("due_at")
    return list(dict.fromkeys(due.values_list("request__uid", flat=True)[:MOST]))


def tick(uid: str, now: dt.datetime | None = None) -> int:
    """Fire what is due for one request, one after the other, each in a transaction of its own. Returns how many."""
    fired = 0
    while _fire_next(uid, now or clock.now()):
        fired += 1
    return fired


@atomic()
def _fire_next(uid: str, now: dt.datetime) -> bool:
    request = locked(uid)
    due = request.alarms.filter(fired_at=None, due_at__lte=now).order_by("due_at", "pk")
    if request.state == RequestState.APPROVED:
        due = due.filter(kind=AlarmKind.EXPIRY)
    elif not request.is_pending:
        return False
    else:
        due = due.filter(kind=AlarmKind.RESUME) if request.held_at else due.exclude(kind=AlarmKind.RESUME)
    alarm = due.first()
    if alarm is None or not Alarm.objects.filter(pk=alarm.pk, fired_at=None).update(fired_at=now):
        return False
    FIRE[AlarmKind(alarm.kind)](request, alarm, now)
    return True


def _remind(request: ApprovalRequest, alarm: Alarm, now: dt.datetime) -> None:
    """Whoever still has to decide hears of it again."""
    waiting = _waited_for(request)
    unreached = tell(request, waiting, "reminder", now=now, event=str(alarm.link))
    fields: dict[str, Json] = {"to": [user.actor_id for user in waiting], "due_at": _due(request)}
    fields |= {"unreached": unreached}
    ledger.record(request.stream, "approval.reminded", ledger.SYSTEM, told(request, **fields))


def _escalate(request: ApprovalRequest, alarm: Alarm, now: dt.datetime) -> None:
    """The next link of the chain is asked for every seat that isn't filled, from the catalog of this moment."""
    link = request.demand["escalate"][alarm.link - 1]
    world = selectors.world_of(request, now)
    paths: list[Json] = []
    skipped: list[Json] = []
    reached: dict[str, User] = {}
    for seat in selectors.unfilled(request):
        position = selectors.position_of(seat)
        rows = request.asked.select_related("user", "seat")
        asked = [(selectors.position_of(row.seat), row.user.actor_id) for row in rows]
        found = escalate(position, selectors.wanted(link["to"]), world, already=taken_for(position, asked))
        users = selectors.users_of({one.actor_id for one in found.asked})
        keep_asked(request, seat, found.asked, users, now)
        seat.lacks = max(0, seat.lacks - len(found.asked))
        seat.save(update_fields=["lacks"])
        paths += [{"who": one.actor_id, "because": one.because, "path": list(one.path)} for one in found.asked]
        skipped += [skip_as_json(skip) for skip in found.skipped]
        reached |= users
    request.skipped = [*request.skipped, *skipped]
    request.save(update_fields=["skipped"])
    unreached = tell(request, reached.values(), "escalated", now=now, event=str(alarm.link))
    fields: dict[str, Json] = {"link": alarm.link, "after": in_words(link["after_s"]), "asked": sorted(reached)}
    fields |= {"paths": paths, "skipped": skipped, "unreached": unreached}
    ledger.record(request.stream, "approval.escalated", ledger.SYSTEM, told(request, **fields))


def _end_time(request: ApprovalRequest, alarm: Alarm, now: dt.datetime) -> None:
    """Nobody decided in time."""
    given_s = ((request.due_at or alarm.due_at) - request.asked_at).total_seconds()
    why = f"Nobody decided within {in_words(given_s)}."
    told_people = [user for user in (request.requester, request.executor) if user]
    tell(request, told_people, "expired", now=now, more=why)
    move(request, RequestState.EXPIRED, now, why=why)
    fields: dict[str, Json] = {"was": RequestState.PENDING, "reason": why}
    ledger.record(request.stream, "approval.expired", ledger.SYSTEM, told(request, digest=request.digest, **fields))


def _expire(request: ApprovalRequest, alarm: Alarm, now: dt.datetime) -> None:
    """The yes was not used in time: what is approved is not what was known then."""
    why = f"The yes was not used within {in_words(request.demand['lasts_s'])}."
    move(request, RequestState.EXPIRED, now, why=why)
    fields: dict[str, Json] = {"was": RequestState.APPROVED, "reason": why}
    ledger.record(request.stream, "approval.expired", ledger.SYSTEM, told(request, digest=request.digest, **fields))


def _resume(request: ApprovalRequest, alarm: Alarm, now: dt.datetime) -> None:
    go_on(request, now)
    fields: dict[str, Json] = {"because": "The time for an answer is over.", "due_at": _due(request)}
    ledger.record(request.stream, "approval.resumed", ledger.SYSTEM, told(request, **fields))


FIRE = {
    AlarmKind.REMINDER: _remind,
    AlarmKind.ESCALATION: _escalate,
    AlarmKind.DEADLINE: _end_time,
    AlarmKind.RESUME: _resume,
    AlarmKind.EXPIRY: _expire,
}


def hold(request: ApprovalRequest, hold_s: int, now: dt.datetime) -> None:
    """Stop the clock of a locked request, once; it goes on by itself after `hold_s` seconds."""
    request.held_at, request.was_held = now, True
    request.save(update_fields=["held_at", "was_held"])
    Alarm.objects.create(request=request, kind=AlarmKind.RESUME, due_at=now + dt.timedelta(seconds=hold_s))


def go_on(request: ApprovalRequest, now: dt.datetime) -> None:
    """Let the clock of a locked request go on: everything that is still to come moves by the time it stood still."""
    if request.held_at is None:
        return
    stood_still = now - request.held_at
    request.alarms.filter(kind=AlarmKind.RESUME, fired_at=None).delete()
    request.alarms.filter(fired_at=None).update(due_at=F("due_at") + stood_still)
    request.held_at = None
    request.due_at = request.due_at + stood_still if request.due_at else None
    request.save(update_fields=["held_at", "due_at"])


def _waited_for(request: ApprovalRequest) -> list[User]:
    """Who was asked for a seat that isn't filled and hasn't decided."""
    decided = set(request.decisions.values_list("user", flat=True))
    rows = request.asked.filter(seat__in=selectors.unfilled(request)).select_related("user")
    return list({row.user.pk: row.user for row in rows if row.user_id not in decided}.values())


def _due(request: ApprovalRequest) -> str | None:
    return stamp(request.due_at) if request.due_at else None
