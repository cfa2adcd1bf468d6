"""From the opaque actor ids of the ledger to the names that people know."""

from collections.abc import Iterable

from django.db.models import QuerySet

from audit.ledger import SYSTEM
from audit.models import Entry
from catalog.models import Membership, User
from catalog.permissions import Right, teams_where
from catalog.states import UserKind
from incidents.errors import UnknownPerson

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


def people_for(user: User) -> QuerySet[User]:
    """Whom `user` can call into an incident: active people of the teams whose things they see."""
    members = Membership.objects.filter(team__in=teams_where(user, Right.VIEW)).values("user")
    return User.objects.filter(pk__in=members, is_active=True, kind=UserKind.PERSON).order_by("name")


def person_for(user: User, username: str) -> User:
    """The one of people_for() with this username. Raises UnknownPerson."""
    found = people_for(user).filter(username=username).first()
    if found is None:
        raise UnknownPerson(username)
    return found


def last_to_do(stream_uid: str, kind: str) -> str:
    """Who wrote the last entry of a kind in a stream; "" when there is none."""
    entry = Entry.objects.filter(stream__uid=stream_uid, kind=kind).order_by("-seq").only("actor").first()
    return name_of(entry.actor) if entry else ""
