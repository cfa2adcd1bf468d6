"""Asking: what applies, who is accountable at this moment, and the clock that starts."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from approvals import selectors
from approvals.models import Alarm, ApprovalRequest, Asked, Seat
from approvals.policies.binding import Act
from approvals.policies.fitness import World
from approvals.policies.planning import links_to_come, plan
from approvals.policies.routing import Asking, Position, Route, Skip
from approvals.selectors import Ruled
from approvals.services import standing
from approvals.services.settling import CHANGED, lock_stream, told, void
from approvals.services.telling import tell
from approvals.states import AlarmKind, RequestState
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.models import Team, User
from plumbing.database import atomic

LONGEST_BINDS_ON_RECORD = 16_384  # characters; an entry takes 64 KiB, and the digest says which text it was


@atomic()
def ask(
    *, stream: str, subject: str, question: str, effect: str, undo: str, proof: str, act: Act, requester: User | None,
    executor: User | None, now: dt.datetime, teams: Iterable[Team] = (), shapers: Iterable[User] = (),
    author: User | None = None,
) -> ApprovalRequest:  # fmt: skip
    """The pending request for `subject`, bound to `act` under the policies in force: the one that waits already, or a
    new one; approved already where a yes in advance covers all of it.

    Call it in the transaction of the change that waits. A pending request bound to another text is voided first.
    teams: whose members may read it, besides the services' own. shapers: on whose acts depends what would be done;
    they never decide it. Where nobody may decide, the request says so at once (`unroutable` in the ledger; `lacks`
    of its seats; `skipped` names who was passed over and why)."""
    lock_stream(stream)
    ruled = selectors.ruled(act)
    pending = ApprovalRequest.objects.select_for_update().filter(subject=subject, state=RequestState.PENDING).first()
    if pending is not None and pending.digest == ruled.digest:
        return pending
    if pending is not None:
        differs = selectors.in_words(pending.binds, ruled.binds)
        void(pending, reason=f"{CHANGED} {differs}", actor=requester or ledger.SYSTEM, now=now)
    within_s = ruled.demand.within_s
    request = ApprovalRequest.objects.create(
        stream=stream, subject=subject, question=question, effect=effect, undo=undo, proof=proof, binds=ruled.binds,
        digest=ruled.digest, facts=act.as_facts(), demand=ruled.demand.as_json(), risk=ruled.demand.risk,
        service=ruled.services[0] if ruled.services else None, requester=requester, executor=executor, author=author,
        asked_at=now, due_at=None if within_s is None else now + dt.timedelta(seconds=within_s),
    )  # fmt: skip
    request.touches.set(ruled.services)
    request.teams.set([*teams, *(service.team for service in ruled.services)])
    request.shapers.set(shapers)
    world = selectors.world_of(request, now)
    routes = seat(request, ruled, world, now)
    _set_alarms(request, ruled, routes, now)
    _record(request, routes)
    standing.apply(request, ruled, world, now)
    return request


def seat(request: ApprovalRequest, ruled: Ruled, world: World, now: dt.datetime) -> list[Route]:
    """Fill the seats that the demand names, and keep who is asked for each."""
    ordered = plan(ruled.demand.seats, ruled.demand.escalate, world)
    users = selectors.users_of({asking.actor_id for found in ordered for asking in found.asked})
    for place, found in enumerate(ordered):
        keep_seat(request, found, place, users, now)
    request.skipped = [skip_as_json(skip) for found in ordered for skip in found.skipped]
    request.save(update_fields=["skipped"])
    return ordered


def keep_seat(request: ApprovalRequest, found: Route, place: int, users: dict[str, User], now: dt.datetime) -> Seat:
    """The seat with everybody who is asked for it."""
    at: Position = found.position
    kept = Seat.objects.create(
        request=request, key=at.key, label=at.label, who=at.who, service=at.service, team=at.team, role=at.role,
        person=at.person, count=at.count, place=place, lacks=found.lacks,
    )  # fmt: skip
    keep_asked(request, kept, found.asked, users, now)
    return kept


def keep_asked(
    request: ApprovalRequest, kept: Seat, asked: Sequence[Asking], users: dict[str, User], now: dt.datetime
) -> None:
    Asked.objects.bulk_create(
        Asked(
            request=request, seat=kept, user=users[one.actor_id], because=one.because, path=list(one.path),
            basis=asdict(one.basis), asked_at=now,
        )
        for one in asked
    )  # fmt: skip


def skip_as_json(skip: Skip) -> dict[str, Json]:
    return {"part": skip.part, "who": skip.actor_id, "because": skip.because}


def _set_alarms(request: ApprovalRequest, ruled: Ruled, routes: Sequence[Route], now: dt.datetime) -> None:
    """When something happens by itself. Links of the chain that every seat took already don't come again."""
    demand, links = ruled.demand, list(ruled.demand.escalate)
    times = [(AlarmKind.REMINDER, number, after_s) for number, after_s in enumerate(demand.remind_s, 1)]
    for link in links_to_come(links, routes, demand.within_s):
        times.append((AlarmKind.ESCALATION, links.index(link) + 1, link.after_s))
    if demand.within_s is not None:
        times = [one for one in times if one[2] < demand.within_s]
        times.append((AlarmKind.DEADLINE, 0, demand.within_s))
    Alarm.objects.bulk_create(
        Alarm(request=request, kind=kind, link=link, due_at=now + dt.timedelta(seconds=after_s))
        for kind, link, after_s in times
    )


def _record(request: ApprovalRequest, routes: Sequence[Route]) -> None:
    """Tell those who are asked, then put on record whom, why, by which path, and who was passed over."""
    asked = [one for found in routes for one in found.asked]
    people = [row.user for row in request.asked.select_related("user")]
    unreached = tell(request, people, "asked", now=request.asked_at)
    fields = _facts(request) | {
        "asked": sorted({one.actor_id for one in asked}),
        "because": "; ".join(dict.fromkeys(one.because for one in asked)),
        "seats": [
            {
                "seat": found.position.label,
                "needs": found.position.count,
                "lacks": found.lacks,
                "asked": [{"who": one.actor_id, "because": one.because, "path": list(one.path)} for one in found.asked],
            }
            for found in routes
        ],
        "skipped": request.skipped,
        "unreached": unreached,
        "unroutable": any(found.lacks for found in routes),
    }
    ledger.record(request.stream, "approval.asked", request.requester or ledger.SYSTEM, fields)


def _facts(request: ApprovalRequest) -> dict[str, Json]:
    """What the ledger keeps of a question."""
    people = {"requester": request.requester, "executor": request.executor, "author": request.author}
    return told(request) | {
        "effect": request.effect,
        "undo": request.undo,
        "proof": request.proof,
        "digest": request.digest,
        "binds": request.binds if len(request.binds) <= LONGEST_BINDS_ON_RECORD else None,
        "service": request.service.slug if request.service else None,
        "class": request.facts["class"],
        "risk": request.risk,
        "policies": [f"{slug} v{number}" for slug, number, _ in request.demand["policies"]],
        **{part: user.actor_id if user else None for part, user in people.items()},
        "shapers": sorted(user.actor_id for user in request.shapers.all()),
        "due_at": stamp(request.due_at) if request.due_at else None,
    }
