"""Being away: whoever is, isn't asked for anything meanwhile. Each person says it for themselves; it is on record."""

import datetime as dt

from audit import ledger
from audit.canonical import Json
from audit.entries import stamp
from catalog.errors import BadAbsence
from catalog.models import Absence, User
from catalog.services.teams import ACCESS
from plumbing.database import atomic

LONGEST = dt.timedelta(days=366)


@atomic()
def go_away(user: User, *, since: dt.datetime, until: dt.datetime, reason: str, now: dt.datetime) -> Absence:
    """`user` is away from `since` until `until`. Raises BadAbsence, which says what would be right."""
    if until <= max(since, now):
        raise BadAbsence("until", "It must end after it begins, and not before now.")
    if until - since > LONGEST:
        raise BadAbsence("until", "A year is the longest; make a new one then.")
    ledger.hold(ACCESS)
    meanwhile = Absence.objects.filter(user=user, since__lt=until, until__gt=since).first()
    if meanwhile is not None:
        words = f"from {_words(meanwhile.since)} to {_words(meanwhile.until)} UTC"
        raise BadAbsence("since", f"You are away {words} already. End that one first, or choose another time.")
    made = Absence.objects.create(user=user, since=since, until=until, reason=reason.strip())
    ledger.record(ACCESS, "absence.made", user, _told(made))
    return made


@atomic()
def come_back(absence: Absence, *, now: dt.datetime) -> None:
    """End an absence now, or call it off before it begins. What was asked of others meanwhile stays theirs.

    Raises BadAbsence when it is over already."""
    ledger.hold(ACCESS)
    found = Absence.objects.select_for_update(of=("self",)).select_related("user").get(pk=absence.pk)
    if found.until <= now:
        raise BadAbsence("until", "It is over already.")
    told = _told(found)
    if found.since < now:
        found.until = now
        found.save(update_fields=["until"])
    else:
        found.delete()
    ledger.record(ACCESS, "absence.ended", found.user, told)


def _told(absence: Absence) -> dict[str, Json]:
    return {
        "user": absence.user.actor_id,
        "since": stamp(absence.since),
        "until": stamp(absence.until),
        "reason": absence.reason,
    }


def _words(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%-d %b %H:%M")
