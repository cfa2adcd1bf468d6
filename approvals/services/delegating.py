"""Standing in: somebody gives what is asked of them to another, in a scope, for a time. It can't be passed on."""

import datetime as dt
from collections.abc import Collection, Iterable

from approvals import selectors
from approvals.errors import BadDelegation, NotTheirs
from approvals.models import Delegation
from approvals.policies.fitness import MACHINE
from approvals.services.settling import fresh
from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.models import Service, User
from catalog.services.teams import ACCESS
from catalog.states import UserKind
from plumbing.database import atomic

LONGEST = dt.timedelta(days=366)
FARTHEST = 20  # people in a row; a longer chain is no circle that anybody could follow


@atomic()
def delegate(
    *, giver: User, taker: User, services: Iterable[Service], classes: Iterable[str], since: dt.datetime,
    until: dt.datetime, reason: str, actor: User, now: dt.datetime,
) -> Delegation:  # fmt: skip
    """Let `taker` decide what is asked of `giver`. services, classes: where; nothing means everywhere. It begins now
    at the earliest.

    Only the giver can give it. Raises BadDelegation, which says what would be right, and NotTheirs."""
    ledger.hold(ACCESS)
    giver, taker, since = fresh(giver), fresh(taker), max(since, now)
    if actor != giver:
        raise NotTheirs("only the person who is asked can give it to another")
    if giver.kind == UserKind.MACHINE:
        raise NotTheirs(f"{MACHINE}, so it has nothing to give")
    services, classes = list(services), sorted(set(classes))
    _check(giver, taker, since, until, reason, now)
    _check_scope(giver, services, classes)
    made = Delegation.objects.create(
        giver=giver, taker=taker, classes=classes, since=since, until=until, reason=reason.strip(), created_by=actor,
        created_at=now,
    )  # fmt: skip
    made.services.set(services)
    fields: dict[str, Json] = {
        "delegation": made.uid,
        "giver": giver.actor_id,
        "taker": taker.actor_id,
        "services": [service.slug for service in services],
        "classes": list(classes),
        "since": stamp(since),
        "until": stamp(until),
        "reason": made.reason,
    }
    ledger.record(ACCESS, "delegation.made", actor, fields)
    return made


def _check(giver: User, taker: User, since: dt.datetime, until: dt.datetime, reason: str, now: dt.datetime) -> None:
    if giver == taker:
        raise BadDelegation("taker", "Somebody else must stand in for you.")
    if taker.kind == UserKind.MACHINE:
        raise BadDelegation("taker", f"{taker} can't stand in: {MACHINE}.")
    if taker.kind == UserKind.AUDITOR:
        raise BadDelegation("taker", f"{taker} can't stand in: an auditor reads and decides nothing.")
    if not taker.is_active:
        raise BadDelegation("taker", f"{taker} can't stand in: the account is not active.")
    if until <= max(since, now):
        raise BadDelegation("until", "It must end after it begins, and not before now.")
    if until - since > LONGEST:
        raise BadDelegation("until", "A year is the longest; make a new one then.")
    if not reason.strip():
        raise BadDelegation("reason", "Say why, in a sentence: it is shown on every request that goes this way.")
    if circle := _circle(giver, taker, since, until):
        names = ", who has given theirs to ".join(str(each.taker) for each in circle)
        raise BadDelegation(
            "taker",
            f"{taker} has given theirs to {names}, until {circle[0].until.astimezone(dt.UTC):%-d %b %H:%M UTC}: it "
            "would go in a circle. Choose somebody else, or have that one ended.",
        )


def _check_scope(giver: User, services: Collection[Service], classes: Collection[str]) -> None:
    """Services that one answers for, classes that a policy names: anything else would hold nowhere."""
    foreign = [service.name for service in services if giver.pk not in (service.owner_id, service.deputy_id)]
    if foreign:
        raise BadDelegation("services", f"You are neither owner nor deputy of {', '.join(foreign)}.")
    known = selectors.classes()
    if unknown := [name for name in classes if name not in known]:
        raise BadDelegation(
            "classes", f"No policy in force names the class {', '.join(unknown)}. Known: {', '.join(known)}."
        )


def _circle(giver: User, taker: User, since: dt.datetime, until: dt.datetime) -> list[Delegation]:
    """The delegations that lead from the taker back to the giver in that time, in order; empty when none do."""
    running = Delegation.objects.filter(ended_at=None, since__lt=until, until__gt=since)
    paths: dict[int, list[Delegation]] = {taker.pk: []}
    newest = [taker.pk]
    for _ in range(FARTHEST):
        rows = running.filter(giver__in=newest).exclude(taker__in=list(paths)).select_related("giver", "taker")
        newest = []
        for row in rows.order_by("pk"):
            if row.taker_id == giver.pk:
                return [*paths[row.giver_id], row]
            if row.taker_id not in paths:
                paths[row.taker_id] = [*paths[row.giver_id], row]
                newest.append(row.taker_id)
        if not newest:
            break
    return []


@atomic()
def end_delegation(delegation: Delegation, *, actor: User, reason: str, now: dt.datetime) -> Delegation:
    """End it before its time: the giver takes it back, or the taker declines. Raises NotTheirs, BadDelegation."""
    ledger.hold(ACCESS)
    found = Delegation.objects.select_for_update(of=("self",)).select_related("giver", "taker").get(pk=delegation.pk)
    if actor not in (found.giver, found.taker):
        raise NotTheirs("who gave it, or who took it, ends it")
    if found.ended_at is not None or found.until <= now:
        raise BadDelegation("until", "It is over already.")
    found.ended_at = now
    found.save(update_fields=["ended_at"])
    fields: dict[str, Json] = {"delegation": found.uid, "giver": found.giver.actor_id, "taker": found.taker.actor_id}
    ledger.record(ACCESS, "delegation.ended", actor, fields | {"reason": reason.strip()})
    return found
