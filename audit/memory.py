"""What the signer remembers, held against the database: the one thing that whoever owns the database can't change."""

from collections.abc import Iterator

from audit.ed25519 import fingerprint
from audit.errors import Forked, LedgerError
from audit.inspection import Break
from audit.keys import LogKey, log_keys
from audit.models import Head
from audit.signer.state import State
from audit.trust import origins, trees
from audit.trust.port import signer

PLACE = "the signer"


def compared() -> tuple[list[Break], str]:
    """Whatever contradicts the signer, and why it could not be asked ("" when it could)."""
    try:
        origin, known = origins.current().origin, log_keys()  # before the signer is asked: it acts first
        return list(_breaks(signer().status(), origin, known)), ""
    except LedgerError as error:
        return [], str(error)


def _breaks(state: State, origin: str, known: list[LogKey]) -> Iterator[Break]:
    held = Head.objects.count()
    if state.origin != origin:
        yield Break(PLACE, f"it signs {state.origin}", f"{origin}, the name of the last epoch here")
        return
    theirs = {fingerprint(key.public) for key in state.keys}
    for key in known:
        if key.is_in_force and key.fingerprint not in theirs:
            yield Break(PLACE, "other keys", f"the key {key.fingerprint}, which signs by what the database says")
    if state.signed.size > held:
        yield Break(PLACE, f"{state.signed.size} heads that it signed", f"no more than the {held} that are here")
        return
    try:
        root = trees.heads_tree(state.signed.size).root().hex()
    except Forked as error:
        yield Break(PLACE, str(error), "the heads that it signed")
        return
    if root != state.signed.root:
        yield Break(PLACE, f"root {state.signed.root} over {state.signed.size} heads", f"{root}, as of these heads")
