"""A new epoch: the log goes on under a new name, because what was signed under the old one isn't all here any more.

The signer never signs two histories under one name. So after an old backup came back, the operator says so, openly:
an entry tells why, packs carry the new name, and everybody can see how far the old one had come.
"""

from audit import ledger
from audit.canonical import Json
from audit.errors import ForeignKeys, Forked, NoNewEpoch
from audit.ledger import Actor
from audit.models import Head, LedgerEpoch
from audit.signer.core import next_origin
from audit.signer.state import State
from audit.trust import origins, rotation, trees
from audit.trust.port import signer
from plumbing.database import atomic


def open_epoch(*, actor: Actor, reason: str) -> LedgerEpoch:
    """Open `…/evidence/2` (or the next one), record why, and take over the signer's keys.

    Raises NoNewEpoch while the signer goes on signing what is here, SignerAway, SignerBroken, SignerRefused."""
    state, present = signer().status(), origins.current()
    wanted = next_origin(present.origin)
    if state.origin == present.origin:
        if not _is_needed(state):
            raise NoNewEpoch
        lost = state.signed
        state = signer().open_epoch(wanted)
    else:
        wanted, lost = state.origin, state.logs[present.origin]  # the database of before the last opening came back
    rotation.reconcile(state, actor=actor, reason=reason, adopts=True)
    with atomic():
        since = Head.objects.count()
        told: dict[str, Json] = {"origin": wanted, "before": present.origin, "reason": reason, "lost_size": lost.size}
        entry = ledger.record("portal", "epoch.opened", actor, {**told, "lost_root": lost.root, "held": since})
        return LedgerEpoch.objects.create(
            number=present.number + 1,
            origin=wanted,
            since=since,
            lost_size=lost.size,
            lost_root=bytes.fromhex(lost.root),
            opened=entry.time,
            entry=entry.uid,
        )


def _is_needed(state: State) -> bool:
    """Whether the signer can't go on: it signed something else, or more, or with keys that aren't ours."""
    if state.signed.size > Head.objects.count():
        return True
    try:
        rotation.reconcile(state)
        return trees.heads_tree(state.signed.size).root().hex() != state.signed.root
    except (Forked, ForeignKeys):
        return True
