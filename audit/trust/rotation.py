"""Keys of the log, as the signer holds them, brought into the ledger: added, retired, each with its entry.

    manage.py rotate_key     the signer makes a new key; for thirty days both sign
    thirty days later        the sweep lets the older one go

The signer acts first and the database follows: reconcile() finds whatever a crash in between left out.
"""

import logging
from contextlib import suppress

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.db import IntegrityError
from django.db.models import Max

from audit import ledger
from audit.ed25519 import fingerprint
from audit.errors import ForeignKeys, LedgerError
from audit.ledger import SYSTEM, Actor
from audit.models import Checkpoint, LedgerKey, LedgerKeyRetirement
from audit.signer.state import HeldKey, State
from audit.trust import origins
from audit.trust.port import signer
from plumbing import clock
from plumbing.database import atomic

log = logging.getLogger(__name__)


def rotate(*, actor: Actor, reason: str) -> LedgerKey:
    """Have the signer make a new key, and record it. Raises SignerRefused while two sign, SignerAway, SignerBroken."""
    reconcile(signer().status())
    reconcile(signer().rotate(), actor=actor, reason=reason)
    return LedgerKey.objects.order_by("-pk")[0]


def retire_what_is_due() -> bool:
    """Let the older of two keys go when the signer says it is time. Returns whether one went."""
    state = signer().status()
    if state.may_retire(clock.now()) is None:
        return False
    reconcile(signer().retire())
    return True


def tend() -> None:
    """The same, once an hour, for the sweep: a signer that is away is asked again."""
    try:
        retire_what_is_due()
    except LedgerError as error:
        log.warning("Log keys were not looked at. %s", error)


def reconcile(state: State, *, actor: Actor = SYSTEM, reason: str = "", adopts: bool = False) -> None:
    """Record the keys that the signer holds and the database doesn't know, and those that it has let go.

    adopts: take the signer's keys though none of ours is among them (a new epoch). Raises ForeignKeys otherwise."""
    ours = {bytes(key.public).hex(): key for key in LedgerKey.objects.select_related("retirement")}
    theirs = {key.public_hex: key for key in state.keys}
    foreign = [public for public, key in ours.items() if public not in theirs and not hasattr(key, "retirement")]
    if foreign and not adopts:
        raise ForeignKeys([fingerprint(Ed25519PublicKey.from_public_bytes(bytes.fromhex(one))) for one in foreign])
    for key in state.keys:
        if key.public_hex not in ours:
            _add(key, actor, reason, is_first=not ours and key == state.keys[0])
    gone = {public for public, key in theirs.items() if key.retired_at} | set(foreign)
    for public in gone:
        known = LedgerKey.objects.filter(public=bytes.fromhex(public), retirement=None).first()
        if known:
            _retire(known, actor)


def signed_size() -> int:
    """How many heads the last checkpoint covers."""
    return Checkpoint.objects.aggregate(size=Max("size"))["size"] or 0


def _add(held: HeldKey, actor: Actor, reason: str, *, is_first: bool) -> None:
    with suppress(IntegrityError):  # another process was faster: its row and its entry stand
        _write(bytes.fromhex(held.public_hex), actor, reason, is_first=is_first)


@atomic()
def _write(public: bytes, actor: Actor, reason: str, *, is_first: bool) -> None:
    if is_first:
        LedgerKey.objects.create(public=public, since=0, added=clock.now())
    else:
        entry = ledger.record("portal", "key.added", actor, {**_told(public), "reason": reason})
        LedgerKey.objects.create(public=public, since=signed_size(), added=entry.time, entry=entry.uid)


def _retire(key: LedgerKey, actor: Actor) -> None:
    with atomic():
        LedgerKey.objects.select_for_update().get(pk=key.pk)
        if LedgerKeyRetirement.objects.filter(key=key).exists():
            return
        entry = ledger.record("portal", "key.retired", actor, _told(bytes(key.public)))
        LedgerKeyRetirement.objects.create(key=key, until=signed_size(), retired=entry.time, entry=entry.uid)


def _told(public: bytes) -> dict[str, str]:
    key = Ed25519PublicKey.from_public_bytes(public)
    return {"fingerprint": fingerprint(key), "public": public.hex(), "origin": origins.current().origin}
