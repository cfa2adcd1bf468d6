"""Contact points: added, tried, removed by whom they reach. An address is sealed here, and opened where it is used."""

import datetime as dt

from audit import ledger
from audit.canonical import Json
from catalog.errors import AddressRefused, ContactRefused
from catalog.models import LONGEST_ADDRESS, ContactPoint, Notice, User, new_uid
from catalog.reaching import chat, mail
from catalog.services.sending import TEST, move, record_of
from catalog.services.teams import ACCESS
from catalog.states import TO_SEND, ContactKind, NoticeState
from plumbing import clock, doorbell, sealing
from plumbing.database import atomic

MOST = 10  # contact points of one person
SHORTEST_FOR_A_TAIL = 24  # characters; of a shorter address nothing is shown, nor of an e-mail address
TEST_EVERY = dt.timedelta(seconds=30)
REMOVED = "The contact point was removed."
CHECKS = {ContactKind.EMAIL: mail.check, ContactKind.APPRISE: chat.check}


def add_contact_point(user: User, *, label: str, address: str) -> ContactPoint:
    """A new address of `user`, checked and sealed: with :// of a chat or pager, else an e-mail address.

    Call it outside of any transaction: the check may look a name up.
    Raises AddressRefused, ContactRefused, SealingRefused; their words may quote what was typed: never log them."""
    address, label = address.strip(), " ".join(label.split())
    if len(address) > LONGEST_ADDRESS:
        raise AddressRefused(f"This address has {len(address):,} characters; at most {LONGEST_ADDRESS:,} are kept.")
    kind = ContactKind.APPRISE if "://" in address else ContactKind.EMAIL
    channel = CHECKS[kind](address)
    if address.casefold() in label.casefold():
        raise ContactRefused("The name holds the address, which nobody is shown again. Take a name such as “My phone”.")
    uid = new_uid()
    point = ContactPoint(uid=uid, user=user, kind=kind, channel=channel, label=label, created_at=clock.now())
    point.sealed = sealing.seal(address, record_of(uid))
    if kind == ContactKind.APPRISE and len(address) >= SHORTEST_FOR_A_TAIL:
        point.tail = address[-4:]
    return _keep(point)


@atomic()
def _keep(point: ContactPoint) -> ContactPoint:
    ledger.hold(ACCESS)  # of two at once, the second sees the first
    mine = ContactPoint.objects.filter(user=point.user)
    if mine.count() >= MOST:
        raise ContactRefused(f"You have {MOST} contact points, which is all that is kept. Remove one first.")
    if mine.filter(label__iexact=point.label).exists():
        raise ContactRefused(f"You have a contact point called {point.label} already. Take another name.")
    point.save()
    ledger.record(ACCESS, "contact.added", point.user, _named(point))
    return point


@atomic()
def remove_contact_point(point: ContactPoint, actor: User) -> None:
    """Forget an address. What still waits to be sent there is given up, on the record of what it was about."""
    waiting = Notice.objects.filter(contact_point=point, state__in=TO_SEND)
    streams = set(waiting.values_list("stream", flat=True)) | {ACCESS}
    ledger.hold(*streams)
    for notice in waiting.select_for_update(of=("self",)).select_related("user").order_by("stream", "pk"):
        if notice.stream in streams:  # one that came since finds no contact point, and is given up then
            move(notice, NoticeState.GIVEN_UP, error=REMOVED, now=clock.now())
    fields = _named(point)
    point.delete()
    ledger.record(ACCESS, "contact.removed", actor, fields)


@atomic()
def send_test(point: ContactPoint, actor: User, now: dt.datetime) -> Notice:
    """A test notice to one contact point; when it is taken, the point counts as checked. Raises ContactRefused."""
    ledger.hold(ACCESS)
    tests = Notice.objects.filter(contact_point=point, kind=TEST)
    if tests.filter(state__in=TO_SEND).exists() or tests.filter(created_at__gt=now - TEST_EVERY).exists():
        every = int(TEST_EVERY.total_seconds())
        raise ContactRefused(f"A test is under way, or was sent less than {every} s ago. Wait for what becomes of it.")
    uid = new_uid()
    notice = Notice.objects.create(
        uid=uid, stream=ACCESS, about=point.uid, user=point.user, contact_point=point, channel=point.channel,
        kind=TEST, title="Test from Muster", path="/me/reach/", dedupe=f"{uid}{point.uid}",
        text=f"{actor} asked Muster to try “{point.label}”. It works: there is nothing to do.",
        next_at=now, created_at=now,
    )  # fmt: skip
    doorbell.ring("notice", notice.uid)
    return notice


@atomic()
def seal_anew() -> int:
    """Seal each address with the key that seals now, so that the old one can be dropped. Returns how many were."""
    count = 0
    for point in ContactPoint.objects.select_for_update():
        if not sealing.is_fresh(point.sealed):
            point.sealed = sealing.seal(sealing.unseal(point.sealed, record_of(point.uid)), record_of(point.uid))
            point.save(update_fields=["sealed"])
            count += 1
    if count:
        ledger.record(ACCESS, "contacts.sealed_anew", ledger.SYSTEM, {"count": count})
    return count


def _named(point: ContactPoint) -> dict[str, Json]:
    """What is put on record: not the label either, which may say more than it should."""
    return {"contact_point": point.uid, "user": point.user.actor_id, "channel": point.channel}
