"""Standing in: somebody gives what is asked of them to another, in a scope, for a time. It can't be passed on."""

import datetime as dt
from collections.abc import Iterable

from approvals.errors import BadDelegation, NotEntitled
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


@atomic()
def delegate(
    *, giver: User, taker: User, services: Iterable[Service], classes: Iterable[str], since: dt.datetime,
    until: dt.datetime, reason: str, actor: User, now: dt.datetime,
) -> Delegation:  # fmt: skip
    """Let `taker` decide what is asked of `giver`. services, classes: where; nothing means everywhere.

    Only the giver can give it. Raises BadDelegation, which says what would be right, and NotEntitled."""
    ledger.hold(ACCESS)
    giver, taker = fresh(giver), fresh(taker)
    if actor != giver:
        raise NotEntitled("only the person who is asked can give it to another")
    _check(giver, taker, since, until, reason, now)
    services, classes = list(services), sorted(set(classes))
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
    if not taker.is_active:
        raise BadDelegation("taker", f"{taker} can't stand in: the account is not active.")
    if until <= max(since, now):
        raise BadDelegation("until", "It must end after it begins, and not before now.")
    if until - since > LONGEST:
        raise BadDelegation("until", "A year is the longest; make a new one then.")
    if not reason.strip():
        raise BadDelegation("reason", "Say why, in a sentence: it is shown on every request that goes this way.")
    circle = Delegation.objects.filter(
        giver=taker, taker=giver, ended_at=None, since__lt=until, until__gt=since
    ).first()
    if circle is not None:
        raise BadDelegation(
            "taker",
            f"{taker} has given theirs to you until {circle.until.astimezone(dt.UTC):%-d %b %H:%M UTC}: it would go in "
            "a circle. Choose somebody else, or have that one ended.",
        )


@atomic()
def end_delegation(delegation: Delegation, *, actor: User, reason: str, now: dt.datetime) -> Delegation:
    """End it before its time: the giver takes it back, or the taker declines. Raises NotEntitled, BadDelegation."""
    ledger.hold(ACCESS)
    found = Delegation.objects.select_for_update(of=("self",)).select_related("giver", "taker").get(pk=delegation.pk)
    if actor not in (found.giver, found.taker):
        raise NotEntitled("who gave it, or who took it, ends it")
    if found.ended_at is not None or found.until <= now:
        raise BadDelegation("until", "It is over already.")
    found.ended_at = now
    found.save(update_fields=["ended_at"])
    fields: dict[str, Json] = {"delegation": found.uid, "giver": found.giver.actor_id, "taker": found.taker.actor_id}
    ledger.record(ACCESS, "delegation.ended", actor, fields | {"reason": reason.strip()})
    return found
