"""Notices: who is to be told what, written down in the caller's transaction; sending.py sends them afterwards."""

import datetime as dt
from collections.abc import Iterable
from hashlib import sha256

from catalog.errors import BadNotice
from catalog.models import LONGEST_PATH, ContactPoint, Notice, User
from catalog.states import ContactKind, NoticeState
from plumbing import doorbell
from plumbing.database import atomic

NO_WAY = "There is no contact point and no e-mail address: somebody has to tell them in person."
SWITCHED_OFF = "The account is switched off."
LONGEST_TITLE, LONGEST_TEXT = 200, 4_000


@atomic()
def notify(
    *, users: Iterable[User], stream: str, about: str, kind: str, title: str, text: str, path: str, dedupe: str,
    now: dt.datetime,
) -> list[Notice]:  # fmt: skip
    """Write down that these people are to be told. Returns the notices that are new: one per contact point.

    Call it in the transaction of what they are told of, when its stream is locked and before its entry is recorded:
    it sends nothing and records nothing (whom it asks stands in the caller's entry; `notice.sent` and `notice.failed`
    follow in the same stream). Who has no contact point is reached at the e-mail of the account; who has none either
    gets a notice that is given up, with the reason: that nobody could be told is evidence, too.
    about: what it belongs to, such as a request's uid. kind: one word (`asked`, `reminder`). path: a page of Muster,
    opened after sign-in; it must never decide anything by being opened. dedupe: names the event; the same event tells
    each contact point once, however often it is called. Raises BadNotice."""
    if not path.startswith("/") or path.startswith("//") or len(path) > LONGEST_PATH:
        raise BadNotice(f"the path {path[:80]!r} is no address inside Muster: /approvals/…")
    people = {user.pk: user for user in users}
    points = ContactPoint.objects.filter(user__in=people).order_by("created_at", "pk")
    wanted = [
        Notice(
            stream=stream, about=about, user=user, contact_point=point, channel=channel, kind=kind,
            title=title[:LONGEST_TITLE], text=text[:LONGEST_TEXT], path=path, next_at=now, created_at=now,
            dedupe=_key(dedupe, user, point), state=NoticeState.GIVEN_UP if error else NoticeState.QUEUED, error=error,
        )
        for user, point, channel, error in _ways(list(people.values()), list(points))
    ]  # fmt: skip
    return _stored(wanted)


def _ways(people: list[User], points: list[ContactPoint]) -> Iterable[tuple[User, ContactPoint | None, str, str]]:
    """Person, contact point, channel, and why there is no way."""
    for user in people:
        mine = [point for point in points if point.user_id == user.pk]
        if not user.is_active:
            yield user, None, "", SWITCHED_OFF
        elif mine:
            yield from ((user, point, point.channel, "") for point in mine)
        elif user.email:
            yield user, None, ContactKind.EMAIL.value, ""
        else:
            yield user, None, "", NO_WAY


def _key(dedupe: str, user: User, point: ContactPoint | None) -> str:
    return sha256(f"{dedupe}\n{user.uid}\n{point.uid if point else ''}".encode()).hexdigest()


def _stored(wanted: list[Notice]) -> list[Notice]:
    """Those that nobody stored before; each is rung for. Of two schedulers at once, one finds that it came second."""
    known = set(Notice.objects.filter(dedupe__in=[one.dedupe for one in wanted]).values_list("dedupe", flat=True))
    Notice.objects.bulk_create([one for one in wanted if one.dedupe not in known], ignore_conflicts=True)
    stored = Notice.objects.select_related("user", "contact_point").filter(uid__in=[one.uid for one in wanted])
    new = list(stored.order_by("pk"))
    for notice in new:
        if notice.state == NoticeState.QUEUED:
            doorbell.ring("notice", notice.uid)
    return new
