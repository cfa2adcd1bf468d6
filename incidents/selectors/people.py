"""From the opaque actor ids of the ledger to the names that people know."""

from collections.abc import Iterable

from audit.ledger import SYSTEM
from audit.models import Entry
from catalog.models import User

PREFIX = "usr_"
MUSTER = "Muster"


def names_of(actor_ids: Iterable[str]) -> dict[str, str]:
    """actor id -> name as it is shown; the engine is "Muster", an unknown one stays an id."""
    wanted = set(actor_ids)
    found = {SYSTEM.actor_id: MUSTER, **{actor: actor for actor in wanted}}
    uids = [actor.removeprefix(PREFIX) for actor in wanted if actor.startswith(PREFIX)]
    for user in User.objects.filter(uid__in=uids):
        found[user.actor_id] = str(user)
    found[SYSTEM.actor_id] = MUSTER
    return found


def name_of(actor_id: str) -> str:
    """The name behind one actor id."""
    return names_of([actor_id])[actor_id]


def last_to_do(stream_uid: str, kind: str) -> str:
    """Who wrote the last entry of a kind in a stream; "" when there is none."""
    entry = Entry.objects.filter(stream__uid=stream_uid, kind=kind).order_by("-seq").only("actor").first()
    return name_of(entry.actor) if entry else ""
