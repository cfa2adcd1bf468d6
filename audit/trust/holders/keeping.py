"""The queue: gives each place outside the latest checkpoint, at its pace, and again later when that fails.

A checkpoint covers all that earlier ones did, so only the latest is given on: who was away for a day misses nothing.
How it goes is a row per place (Holder); a change for the worse or the better is an entry in the stream `portal`, a
success alone is not: it would let the ledger grow, and so need the next one.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import Q

from audit import ledger
from audit.canonical import Json
from audit.ledger import SYSTEM
from audit.models import Checkpoint, Holder
from audit.states import HOLDER_MOVES, HolderState
from audit.trust import findings
from audit.trust.copies import Copy
from audit.trust.holders.errors import BadSetting, Contradicted, NotHeld
from audit.trust.holders.parties import Party, Place, Store
from plumbing import clock
from plumbing.database import atomic

LEASE = timedelta(minutes=2)  # longer than any place may take to answer
FIRST_RETRY = timedelta(seconds=30)
LAST_RETRY = timedelta(hours=1)
KINDS = {
    HolderState.KEEPING_UP: "attestation.resumed",
    HolderState.FAILING: "attestation.failing",
    HolderState.CONTRADICTING: "attestation.contradicted",
}
LONGEST_PROBLEM = 1_000  # characters


def due(parties: Iterable[Party], now: datetime) -> Iterator[str]:
    """The places that should be given the latest checkpoint now, as subjects."""
    latest = _latest()
    if latest is None:
        return
    rows = {(row.kind, row.name): row for row in Holder.objects.all()}
    for party in parties:
        row = rows.get((party.place.kind, party.place.name))
        if row is None or (row.checkpoint_id != latest.pk and row.due <= now and _is_free(row, now)):
            yield party.place.subject


def give(party: Party, *, at_once: bool = False) -> Holder | None:
    """Give a place the latest checkpoint and keep how it went; None when there is nothing to do now.

    at_once: even if it isn't due, or has this checkpoint already. Takes seconds, and no transaction while it asks."""
    checkpoint = _latest()
    if checkpoint is None or not _claim(party.place, at_once=at_once):
        return None
    try:
        store = party.take(checkpoint)
    except (NotHeld, BadSetting) as error:
        row = _failed(party.place, error)
        if isinstance(error, Contradicted):
            findings.found(party.place.subject, str(error))
        return row
    return _held(party.place, checkpoint, store)


def how(party: Party) -> Copy:
    """How keeping up with a place goes, for the page."""
    row = Holder.objects.select_related("checkpoint").filter(kind=party.place.kind, name=party.place.name).first()
    if row is None:
        return Copy(party.place.kind, party.place.name, None, None)
    size = row.checkpoint.size if row.checkpoint else None
    return Copy(party.place.kind, row.name, size, row.held_at, row.state == HolderState.KEEPING_UP, problem=row.problem)


def move(row: Holder, state: HolderState, now: datetime, problem: str = "") -> bool:
    """Take a holder to a state, in the caller's transaction. Returns whether it came from another one."""
    came_from = HolderState(row.state)
    changes = state in HOLDER_MOVES[came_from]
    row.problem = problem
    if changes:
        row.state, row.since = state, now
    row.claimed_until = None
    row.save()
    return changes


def _latest() -> Checkpoint | None:
    return Checkpoint.objects.order_by("-size").first()


def _is_free(row: Holder, now: datetime) -> bool:
    return row.claimed_until is None or row.claimed_until <= now


def _claim(place: Place, *, at_once: bool) -> bool:
    """Whether it is ours for LEASE: two who ask at once would each be told of the other's work."""
    now = clock.now()
    with atomic():
        Holder.objects.get_or_create(kind=place.kind, name=place.name, defaults={"since": now, "due": now})
        free = Holder.objects.filter(kind=place.kind, name=place.name)
        free = free.filter(Q(claimed_until=None) | Q(claimed_until__lte=now))
        if not at_once:
            free = free.filter(due__lte=now)
        return free.update(claimed_until=now + LEASE) == 1


def _locked(place: Place) -> Holder:
    return Holder.objects.select_for_update().get(kind=place.kind, name=place.name)


def _held(place: Place, checkpoint: Checkpoint, store: Store) -> Holder:
    with atomic():
        now, row = clock.now(), _locked(place)
        store()
        if row.checkpoint is None or row.checkpoint.size <= checkpoint.size:  # else somebody was faster
            row.checkpoint, row.held_at = checkpoint, now
        row.tries, row.due = 0, now + place.pace
        if move(row, HolderState.KEEPING_UP, now):
            _record(row, checkpoint.size)
    return row


def _failed(place: Place, error: NotHeld | BadSetting) -> Holder:
    state = HolderState.CONTRADICTING if isinstance(error, Contradicted) else HolderState.FAILING
    with atomic():
        now, row = clock.now(), _locked(place)
        row.due = now + min(FIRST_RETRY * 2 ** min(row.tries, 20), LAST_RETRY)
        row.tries += 1
        if move(row, state, now, _plain(str(error))):
            _record(row, row.checkpoint.size if row.checkpoint else 0)
    return row


def _plain(text: str) -> str:
    """Text that may quote somebody else's answer: a NUL or half a character would keep the refusal off the record."""
    return "".join(char if char.isprintable() else " " for char in text)[:LONGEST_PROBLEM]


def _record(row: Holder, size: int) -> None:
    told: dict[str, Json] = {"place": row.kind, "name": row.name, "problem": row.problem, "held": size}
    ledger.record("portal", KINDS[HolderState(row.state)], SYSTEM, told)
