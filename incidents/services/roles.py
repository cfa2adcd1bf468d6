"""Who is what in an incident. Commander, communications lead and scribe are one person each."""

from audit import ledger
from audit.ledger import Actor
from catalog.models import User
from incidents.errors import IncidentError, NotHeld, RoleTaken
from incidents.models import Incident, RoleHolder
from incidents.services.locking import locked
from incidents.services.phases import move_by_engine
from incidents.states import SINGLE_ROLES, IncidentRole, Phase
from plumbing import clock
from plumbing.database import atomic
from runbooks.services import assign, hold_runs


@atomic()
def take_role(incident: Incident, role: str, *, actor: User) -> RoleHolder:
    """The actor takes a role; once more changes nothing. Raises RoleTaken when another person is it already."""
    incident = locked(incident)
    _check(role)
    held = _holder(incident, role)
    if held is not None and held.user_id != actor.pk:
        raise RoleTaken(IncidentRole(role).label, str(held.user))
    return _take(incident, role, actor, actor)


@atomic()
def give_role(incident: Incident, role: str, user: User, *, actor: User) -> RoleHolder:
    """The actor gives a role to somebody; a single role passes over from whoever holds it. Both are recorded."""
    incident = locked(incident)
    _check(role)
    held = _holder(incident, role)
    if held is not None and held.user_id != user.pk:
        hold_runs(incident.stream)  # before the stream, in which that somebody left is said first
        _leave(held, actor)
    return _take(incident, role, user, actor)


@atomic()
def leave_role(incident: Incident, role: str, *, actor: User) -> None:
    """The actor is it no more. Raises NotHeld."""
    incident = locked(incident)
    _check(role)
    held = (
        RoleHolder.objects.filter(incident=incident, role=role, user=actor).select_related("user", "incident").first()
    )
    if held is None:
        raise NotHeld(IncidentRole(role).label)
    _leave(held, actor)


def _check(role: str) -> None:
    if role not in IncidentRole.values:
        raise IncidentError(f"Role {role!r} is unknown; it is one of {', '.join(IncidentRole.values)}.")


def _holder(incident: Incident, role: str) -> RoleHolder | None:
    """Who stands in the way of another holder."""
    if role not in SINGLE_ROLES:
        return None
    return RoleHolder.objects.filter(incident=incident, role=role).select_related("user", "incident").first()


def _take(incident: Incident, role: str, user: User, actor: Actor) -> RoleHolder:
    held, is_new = RoleHolder.objects.get_or_create(
        incident=incident, role=role, user=user, defaults={"since": clock.now()}
    )
    if is_new:
        assign(incident.stream, f"role:{role}", user, actor=actor)  # locks runs, so before the stream
        ledger.record(incident.stream, "role.taken", actor, told(role, user))
        if role == IncidentRole.COMMANDER and incident.phase == Phase.DETECTION:
            move_by_engine(incident, Phase.MOBILIZATION, f"{user} commands it.")
    return held


def _leave(held: RoleHolder, actor: Actor) -> None:
    fields = told(held.role, held.user)
    held.delete()
    ledger.record(held.incident.stream, "role.left", actor, fields)


def told(role: str, user: User) -> dict[str, str]:
    """What the ledger says about a role and its holder."""
    return {"role": str(role), "user": user.actor_id, "name": str(user)}
