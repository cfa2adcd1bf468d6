"""Resources: what only so many steps may use at a time (2 at once on db-cluster-a). Their history is the catalog's."""

import re

from audit import ledger
from audit.ledger import Actor
from catalog.models import Team
from plumbing import doorbell
from plumbing.database import atomic
from runbooks.engine.queueing import next_in_line
from runbooks.errors import ReasonNeeded, ResourceNotMade
from runbooks.models import Resource

STREAM = "catalog"
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
MOST = 1_000  # steps at once; more is no limit


@atomic()
def make_resource(slug: str, capacity: int, team: Team, *, actor: Actor) -> Resource:
    """Enter a resource; the team answers for it. Raises ResourceNotMade for a taken or ill-formed name, or capacity."""
    if not SLUG.fullmatch(slug):
        raise ResourceNotMade(f"“{slug[:60]}” is no name for a resource: use up to 60 of a-z, 0-9 and -.")
    if Resource.objects.filter(slug=slug).exists():
        raise ResourceNotMade(f"There is a resource {slug} already; change its capacity instead.")
    _check(capacity)
    found = Resource.objects.create(slug=slug, capacity=capacity, team=team)
    ledger.record(STREAM, "resource.made", actor, {"resource": slug, "capacity": capacity, "team": team.slug})
    return found


@atomic()
def change_resource(slug: str, capacity: int, *, actor: Actor, reason: str) -> Resource:
    """Let more or fewer steps use a resource at a time. Who uses it now is left alone; who waits may go on at once.

    Raises ReasonNeeded, ResourceNotMade; Resource.DoesNotExist."""
    if not reason.strip():
        raise ReasonNeeded
    _check(capacity)
    found = Resource.objects.select_for_update().get(slug=slug)
    was, found.capacity = found.capacity, capacity
    found.save(update_fields=["capacity"])
    ledger.record(STREAM, "resource.changed", actor, {"resource": slug, "was": was, "now": capacity, "reason": reason})
    for uid in next_in_line():
        doorbell.ring("run", uid)
    return found


def _check(capacity: int) -> None:
    if not 1 <= capacity <= MOST:
        raise ResourceNotMade(f"Capacity: found {capacity}, a number from 1 to {MOST} is needed.")
