"""From the heads log to a checkpoint: the signer is shown that all it signed is still there, and signs what it grew to.

Heads are committed before the signer sees them, and nothing is asked of it within a transaction: what it remembers is
then never more than the database holds, unless an older database was brought back.
"""

import threading

from django.db import IntegrityError

from audit import merkle
from audit.ed25519 import key_id
from audit.errors import Behind, ForeignKeys, Forked, NoLogKey, OtherOrigin, SignerAway, SignerBroken, SignerRefused
from audit.models import Checkpoint, Head, SigningState
from audit.signer.state import State
from audit.trust import findings, origins, rotation, trees, watch
from audit.trust.port import Port, signer
from plumbing import clock
from plumbing.database import atomic

__all__ = ["last", "sign", "signer"]

TRIES = 20  # other checkpointers may be faster, again and again
_turn = threading.Lock()  # within this process they take turns


def last() -> Checkpoint | None:
    """The last checkpoint."""
    return Checkpoint.objects.order_by("-size").first()


def sign() -> Checkpoint | None:
    """Have the heads log signed as it stands. Returns the checkpoint that covers it; None while there are no heads.

    How it went is kept for the page (audit.trust.watch). Raises Forked (Behind), ForeignKeys, SignerAway,
    SignerBroken, NoLogKey."""
    try:
        with _turn:
            made = _signed()
    except (SignerAway, SignerBroken, NoLogKey) as error:
        watch.goes(SigningState.AWAY, str(error))
        raise
    except (Forked, ForeignKeys) as error:
        refused(error)
        raise
    watch.goes(SigningState.WELL)
    return made


def check_past() -> None:
    """Raises Forked when the heads that the last checkpoint covers are not those that stand there now."""
    if known := last():
        _unchanged(known, trees.heads_tree(known.size))


def refused(error: Forked | ForeignKeys) -> None:
    """Keep that history changed, where people see it, and wake somebody: once, until it is well again."""
    if watch.goes(SigningState.REFUSED, str(error)):
        findings.found(f"the signer, on {clock.now():%Y-%m-%d}", str(error))


def _signed() -> Checkpoint | None:
    for _ in range(TRIES):
        size, known = Head.objects.count(), last()
        if size == 0 or (known and known.size >= size):
            return known
        port = signer()
        state = port.status()
        if state.origin != (origin := origins.current().origin):
            raise OtherOrigin(state.origin, origin)
        rotation.reconcile(state)
        if state.signed.size > size:
            if state.signed.size > (held := Head.objects.count()):
                raise Behind(state.signed.size, held)
            continue  # the heads grew while we asked
        try:
            return _store(_asked(port, state, known, size), size)
        except SignerRefused as error:
            if error.state.get("logs") == state.as_json()["logs"]:  # else another checkpointer was faster
                raise Forked("the heads", state.signed.size) from error
    raise SignerAway("its socket", f"{TRIES} times others were faster")


def _asked(port: Port, state: State, known: Checkpoint | None, size: int) -> tuple[bytes, bytes, State]:
    """Root and note of the first `size` heads, and what the signer remembered before."""
    before = trees.heads_tree(state.signed.size)
    if known and known.size <= state.signed.size:
        _unchanged(known, before)
    if before.root().hex() != state.signed.root:
        raise Forked("the heads", state.signed.size)
    added = list(trees.head_leaves(before.size, size))
    proof = merkle.extension_proof(before, added) if before.size else []
    for leaf in added:
        before.add(leaf)
        if known and known.size == before.size:
            _unchanged(known, before)
    if before.size != size:
        raise Forked("the heads", size)
    return before.root(), port.sign(state.origin, size, before.root(), proof), state


def _unchanged(known: Checkpoint, tree: merkle.Growing) -> None:
    """Whether what the last checkpoint covers is what stands there now."""
    root = tree.root() if tree.size == known.size else trees.heads_tree(known.size).root()
    if root != bytes(known.root):
        raise Forked("the heads", known.size)


def _store(signed: tuple[bytes, bytes, State], size: int) -> Checkpoint:
    root, note, state = signed
    newest = key_id(state.origin, state.keys_in_force()[-1].public).hex()
    try:
        with atomic():
            return Checkpoint.objects.create(size=size, root=root, note=note, key_id=newest, made=clock.now())
    except IntegrityError:  # another checkpointer stored the same tree
        return Checkpoint.objects.get(size=size)
