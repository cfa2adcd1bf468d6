"""Sends what reaching.py wrote down: claims a notice, sends it outside any transaction, records what became of it.

At least once: whoever is killed between sending and recording may have sent it, and another sends it again. A channel
that fails or hangs costs its own tries, a few threads and nothing else: no run and no request waits for a notice.
"""

import datetime as dt

from django.conf import settings
from django.db.models import F, Q, QuerySet

from audit import ledger
from audit.canonical import Json
from catalog.errors import NotSent
from catalog.models import ContactPoint, Notice
from catalog.reaching import chat, mail
from catalog.states import TO_SEND, ContactKind, NoticeState, check_notice_move
from plumbing import clock, sealing
from plumbing.database import atomic
from plumbing.failpoints import fail_here
from plumbing.sealing import SealingRefused

BACKOFF = tuple(dt.timedelta(seconds=each) for each in (30, 120, 600, 1_800))  # after the first try, the second, ...
MOST_TRIES = len(BACKOFF) + 1
LEASES = {ContactKind.EMAIL: dt.timedelta(seconds=120), ContactKind.APPRISE: dt.timedelta(seconds=30)}
AT_ONCE = 4  # of one channel in the whole portal: one that hangs must not take all hands
TEST = "test"  # of a contact point, by its owner: told at once what became of it, so it is tried once
UNHEARD = dt.timedelta(seconds=2)  # so long a ring may take before the sweep looks
LEFT_ALONE = dt.timedelta(seconds=15)  # after it a sweep sends itself: no worker hears
MOST_DUE = 200  # notices of one pass of the sweep
GONE = "There is no such contact point any more."
SWITCHED_OFF = "The account is switched off."
POISON = "Each process that began to send it came to an end meanwhile."


def attend(uid: str) -> None:
    """Send one notice if it is due. Safe to call twice, late, or for a notice that is gone: the database decides."""
    notice = claim(uid)
    if notice is None:
        return
    error, is_last = _try(notice)
    fail_here("after_notice")
    settle(notice, error, is_last=is_last)


@atomic()
def claim(uid: str) -> Notice | None:
    """The notice, if it is due and nobody sends it now. If its sender dies, it is due again when the lease ends."""
    now = clock.now()
    due = _due(now).filter(uid=uid)
    notice = due.select_related("user", "contact_point").first()
    if notice is None or _busy(notice.channel, now) >= AT_ONCE:
        return None
    lease = LEASES[kind_of(notice)]
    mine = due.filter(tries=notice.tries).update(tries=F("tries") + 1, lease_until=now + lease)
    notice.tries += 1
    return notice if mine else None


def _due(now: dt.datetime) -> QuerySet[Notice]:
    free = Q(lease_until=None) | Q(lease_until__lte=now)
    return Notice.objects.filter(free, state__in=TO_SEND, next_at__lte=now)


def _busy(channel: str, now: dt.datetime) -> int:
    return Notice.objects.filter(channel=channel, state__in=TO_SEND, lease_until__gt=now).count()


def kind_of(notice: Notice) -> ContactKind:
    """By what means a notice goes."""
    return ContactKind.EMAIL if notice.channel == mail.CHANNEL else ContactKind.APPRISE


def _try(notice: Notice) -> tuple[str, bool]:
    """Why it wasn't sent ("" when it was), and whether to try again is useless."""
    if notice.tries > MOST_TRIES:
        return POISON, True
    if not notice.user.is_active:
        return SWITCHED_OFF, True
    try:
        address = _address(notice)
        if not address:
            return GONE, True
        channel = mail if kind_of(notice) == ContactKind.EMAIL else chat
        channel.send(address, notice.title, _text(notice))
    except (NotSent, SealingRefused) as error:
        return str(error), False
    return "", False


def _address(notice: Notice) -> str:
    """Where it goes; empty when that is gone. Raises SealingRefused."""
    point = notice.contact_point
    if point is not None:
        return sealing.unseal(point.sealed, record_of(point.uid))
    was_a_point = notice.channel != mail.CHANNEL
    return "" if was_a_point else notice.user.email


def record_of(uid: str) -> str:
    """What the address of a contact point is sealed for."""
    return f"contact point {uid}"


def _text(notice: Notice) -> str:
    where = f"{settings.LINKS_BEGIN}{notice.path}"
    return f"{notice.text}\n\nOpen it in Muster: {where}".strip()


def settle(claimed: Notice, error: str, *, is_last: bool = False) -> None:
    """Record what became of a claimed notice. One that was claimed again meanwhile, or given up, stays as it is: the
    entry says that this came late."""
    with atomic():
        ledger.hold(claimed.stream)
        notice = Notice.objects.select_for_update(of=("self",)).select_related("user").get(pk=claimed.pk)
        now = clock.now()
        if notice.tries != claimed.tries or notice.state not in TO_SEND:
            fields = {**told(claimed), "error": error or None, "late": True}
            ledger.record(claimed.stream, "notice.failed" if error else "notice.sent", ledger.SYSTEM, fields)
        elif not error:
            _mark_checked(notice, now)
            move(notice, NoticeState.SENT, now=now)
        elif is_last or notice.tries >= MOST_TRIES or notice.kind == TEST:
            move(notice, NoticeState.GIVEN_UP, error=error, now=now)
        else:
            move(notice, NoticeState.FAILED, error=error, now=now)


def move(notice: Notice, target: NoticeState, *, now: dt.datetime, error: str = "") -> None:
    """Move a locked notice, and record it in its stream. Raises IllegalNoticeMove."""
    check_notice_move(notice.state, target)
    notice.state, notice.error, notice.lease_until = target, error, None
    if target == NoticeState.SENT:
        notice.sent_at = now
    if target == NoticeState.FAILED:
        notice.next_at = now + BACKOFF[notice.tries - 1]
    notice.save(update_fields=["state", "error", "lease_until", "sent_at", "next_at"])
    fields = {**told(notice), "error": error or None}
    ledger.record(notice.stream, f"notice.{target}", ledger.SYSTEM, fields)


def _mark_checked(notice: Notice, now: dt.datetime) -> None:
    if notice.kind == TEST and notice.contact_point_id is not None:
        ContactPoint.objects.filter(pk=notice.contact_point_id).update(verified_at=now)


def told(notice: Notice) -> dict[str, Json]:
    """What the ledger keeps of a notice: whom it was for and by which kind of channel, never where to."""
    return {
        "notice": notice.uid,
        "about": notice.about,
        "kind": notice.kind,
        "user": notice.user.actor_id,
        "channel": notice.channel,
        "try": notice.tries,
    }


def due_notices(now: dt.datetime) -> list[str]:
    """Uids of the notices that nobody has begun to send, the longest overdue first; for the sweep."""
    due = _due(now).filter(next_at__lte=now - UNHEARD).order_by("next_at", "pk")
    return list(due.values_list("uid", flat=True)[:MOST_DUE])


def is_left_alone(uid: str) -> bool:
    """Whether nobody answers the rings for a notice, so that the sweep has to send it itself."""
    return _due(clock.now() - LEFT_ALONE).filter(uid=uid).exists()
