"""How signing goes, for the page and for the record: well, the signer away, or refused because history changed."""

from audit import ledger
from audit.canonical import Json
from audit.ledger import SYSTEM
from audit.models import Signing, SigningState
from plumbing import clock
from plumbing.database import atomic

MOVES: dict[SigningState, frozenset[SigningState]] = {
    SigningState.WELL: frozenset({SigningState.AWAY, SigningState.REFUSED}),
    SigningState.AWAY: frozenset({SigningState.WELL, SigningState.REFUSED}),
    SigningState.REFUSED: frozenset({SigningState.WELL, SigningState.AWAY}),
}
KINDS = {
    SigningState.WELL: "signing.resumed",
    SigningState.AWAY: "signing.interrupted",
    SigningState.REFUSED: "signing.refused",
}


def now() -> Signing:
    """How it goes. Unsaved, and well, as long as nothing ever went wrong."""
    return Signing.objects.filter(pk=1).first() or Signing(pk=1, since=clock.now())


def goes(state: SigningState, detail: str = "") -> bool:
    """Keep how the last attempt went; a change is recorded in the stream `portal`. Returns whether it is a change."""
    if _is_known(state, detail):
        return False
    with atomic():
        moment = clock.now()
        Signing.objects.get_or_create(pk=1, defaults={"since": moment})
        row = Signing.objects.select_for_update().get(pk=1)
        came_from = SigningState(row.state)
        row.detail = detail
        if state not in MOVES[came_from]:
            row.save(update_fields=["detail"])
            return False
        lasted = moment - row.since
        row.state, row.since = state, moment
        row.save(update_fields=["state", "since", "detail"])
        told: dict[str, Json] = {"from": came_from.value, "to": state.value, "why": detail}
        ledger.record("portal", KINDS[state], SYSTEM, {**told, "after_s": int(lasted.total_seconds())})
        return True


def _is_known(state: SigningState, detail: str) -> bool:
    """Whether nothing changed: the usual case, which then writes nothing."""
    found = Signing.objects.filter(pk=1).values_list("state", "detail").first()
    return found == (state, detail) or (found is None and state == SigningState.WELL)
