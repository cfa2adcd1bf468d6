"""Services and dependencies as a person enters them; files of a whole estate come through imports.py."""

from audit import ledger
from audit.canonical import Json
from catalog.errors import ServiceNotMade
from catalog.models import Dependency, Service, Team, User
from catalog.services.imports import CATALOG
from catalog.states import DependencyKind, Origin, ServiceKind
from plumbing import clock
from plumbing.database import atomic


@atomic()
def make_service(
    slug: str,
    name: str,
    team: Team,
    *,
    kind: ServiceKind = ServiceKind.OTHER,
    tier: int = 3,
    description: str = "",
    owner: User | None = None,
    deputy: User | None = None,
    actor: ledger.Actor = ledger.SYSTEM,
) -> Service:
    """A new service with the people who answer for it. Raises ServiceNotMade when the slug is taken."""
    if Service.objects.filter(slug=slug).exists():
        raise ServiceNotMade(f"'{slug}' is taken")
    service = Service(slug=slug, name=name, team=team, kind=kind, tier=tier, description=description)
    service.owner, service.deputy = owner, deputy
    service.full_clean()
    service.save()
    answerable: dict[str, Json] = {
        "owner": owner.actor_id if owner else None,
        "deputy": deputy.actor_id if deputy else None,
    }
    ledger.record(CATALOG, "service.made", actor, {"service": slug, "name": name, "team": team.slug, **answerable})
    return service


@atomic()
def connect(
    consumer: Service,
    provider: Service,
    kind: DependencyKind = DependencyKind.CALLS,
    *,
    actor: ledger.Actor = ledger.SYSTEM,
) -> Dependency:
    """Say that `consumer` fails when `provider` does. An edge that is there already is only seen again.

    Raises ServiceNotMade when both are the same.
    """
    if consumer.pk == provider.pk:
        raise ServiceNotMade(f"'{consumer.slug}' can't depend on itself")
    now = clock.now()
    edge, is_new = Dependency.objects.get_or_create(
        consumer=consumer, provider=provider, kind=kind, defaults={"origin": Origin.PERSON, "last_seen": now}
    )
    if is_new:
        fields: dict[str, Json] = {"consumer": consumer.slug, "provider": provider.slug, "kind": kind.value}
        ledger.record(CATALOG, "dependency.added", actor, fields)
    else:
        edge.last_seen = now
        edge.save(update_fields=["last_seen"])
    return edge
