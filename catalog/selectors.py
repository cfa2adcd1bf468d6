"""Reads for the pages and the API: services with their health, what surrounds one, teams with their members."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from django.db.models import Case, CharField, Count, Exists, OuterRef, Prefetch, Q, QuerySet, Value, When

from audit.naming import Person
from catalog.graph import Affected, blast_radius
from catalog.models import ContactPoint, Dependency, Membership, Notice, Probe, Service, Team, User
from catalog.reaching.names import name_of
from catalog.states import Health, NoticeState, Role


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One edge of a service, seen from it."""

    edge: Dependency
    service: Service  # at the other end
    health: str


@dataclass(slots=True)
class Surroundings:
    """What a service needs and who needs it, one hop; its blast radius. `hidden`: how many the reader may not see."""

    providers: list[Neighbour] = field(default_factory=list)
    consumers: list[Neighbour] = field(default_factory=list)
    hurt: list[Affected] = field(default_factory=list)
    hidden_providers: int = 0
    hidden_consumers: int = 0
    hidden_hurt: int = 0


def with_health(services: QuerySet[Service], only: str = "") -> QuerySet[Service]:
    """Each service with `red`, `asked` (probes that aren't paused) and `colour`, a value of Health: `only` that one."""
    probes = Probe.objects.filter(service=OuterRef("pk"))
    asked = ~Q(probes__health=Health.PAUSED)
    found = services.annotate(
        asked=Count("probes", filter=asked, distinct=True),
        red=Count("probes", filter=Q(probes__health=Health.RED), distinct=True),
        colour=Case(
            When(Exists(probes.filter(health=Health.RED)), then=Value(Health.RED.value)),
            When(Exists(probes.filter(health=Health.UNKNOWN)), then=Value(Health.UNKNOWN.value)),
            When(Exists(probes.filter(health=Health.GREEN)), then=Value(Health.GREEN.value)),
            When(Exists(probes), then=Value(Health.PAUSED.value)),
            default=Value(Health.UNKNOWN.value),
            output_field=CharField(),
        ),
    )
    found = found.order_by("tier", "name", "pk")  # a grouped query forgets the model's own ordering
    return found.filter(colour=only) if only else found


def listed(
    services: QuerySet[Service], *, q: str = "", team: Team | None = None, kind: str = "", health: str = ""
) -> QuerySet[Service]:
    """`services` as a list shows them: with team, owner and health, narrowed by what is given."""
    found = with_health(services, health).select_related("team", "owner", "deputy")
    if q:
        found = found.filter(Q(name__icontains=q) | Q(slug__icontains=q))
    if team is not None:
        found = found.filter(team=team)
    return found.filter(kind=kind) if kind else found


def surroundings(service: Service, visible: QuerySet[Service]) -> Surroundings:
    """The neighbourhood of `service`, as far as it is among `visible`; what isn't is only counted."""
    needs = list(service.needs.select_related("consumer", "provider"))
    needed_by = list(service.needed_by.select_related("consumer", "provider"))
    hurt = blast_radius(service)
    ends = {edge.provider_id for edge in needs} | {edge.consumer_id for edge in needed_by}
    ends |= {affected.service.pk for affected in hurt}
    seen = {each.pk: each for each in with_health(visible.filter(pk__in=ends)).select_related("team", "owner")}
    providers = [_neighbour(edge, seen[edge.provider_id]) for edge in needs if edge.provider_id in seen]
    consumers = [_neighbour(edge, seen[edge.consumer_id]) for edge in needed_by if edge.consumer_id in seen]
    shown = [affected for affected in hurt if affected.service.pk in seen]
    return Surroundings(
        providers=_ordered(providers),
        consumers=_ordered(consumers),
        hurt=shown,
        hidden_providers=len(needs) - len(providers),
        hidden_consumers=len(needed_by) - len(consumers),
        hidden_hurt=len(hurt) - len(shown),
    )


def _neighbour(edge: Dependency, other: Service) -> Neighbour:
    return Neighbour(edge, other, str(getattr(other, "colour", Health.UNKNOWN)))


def _ordered(neighbours: Iterable[Neighbour]) -> list[Neighbour]:
    return sorted(neighbours, key=lambda each: (each.service.tier, each.service.name, each.edge.kind))


def teams_with_members(teams: QuerySet[Team]) -> QuerySet[Team]:
    """Teams with `memberships` (people first by name) and `service_count`."""
    people = Membership.objects.select_related("user").order_by("user__name", "role")
    counted = teams.annotate(service_count=Count("services", distinct=True)).order_by("name", "pk")
    return counted.prefetch_related(Prefetch("memberships", queryset=people))


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody in a team, with all roles they have there."""

    user: User
    roles: list[str]
    reached: list[str] | None = None  # names of channels; None where the reader isn't to know


def members_of(team: Team, channels: Mapping[int, list[str]] | None = None) -> list[Member]:
    """Who is in a team (as teams_with_members() loaded it), each once. channels: of channels_of(), to show them."""
    found: dict[int, Member] = {}
    for membership in team.memberships.all():
        key = membership.user_id
        member = found.setdefault(key, Member(membership.user, [], channels.get(key, []) if channels else None))
        member.roles.append(Role(membership.role).label)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class Way:
    """A contact point as its owner sees it. test: the latest test notice, None when none was sent."""

    point: ContactPoint
    test: Notice | None

    @property
    def is_trying(self) -> bool:
        """Whether a test is under way."""
        return self.test is not None and self.test.state == NoticeState.QUEUED


def ways_of(user: User) -> list[Way]:
    """The contact points of somebody, each with its latest test."""
    tests = Notice.objects.filter(user=user, kind="test").order_by("created_at", "pk")
    latest = {notice.contact_point_id: notice for notice in tests}
    return [Way(point, latest.get(point.pk)) for point in user.contact_points.all()]


def notices_of(user: User) -> QuerySet[Notice]:
    """What was sent to somebody, or should have been; the newest first."""
    return Notice.objects.filter(user=user).select_related("contact_point")


def notices_about(about: str) -> QuerySet[Notice]:
    """What was sent, or should have been, about one thing such as a request; the oldest first. For whoever sees it."""
    return Notice.objects.filter(about=about).select_related("user").order_by("created_at", "pk")


def channels_of(users: Iterable[User]) -> dict[int, list[str]]:
    """Key of a person -> names of the channels that reach them; empty for whom nothing reaches. No addresses."""
    found: dict[int, list[str]] = {user.pk: [] for user in users}
    for point in ContactPoint.objects.filter(user__in=found).order_by("created_at", "pk"):
        if point.channel_name not in found[point.user_id]:
            found[point.user_id].append(point.channel_name)
    for user in users:
        if not found[user.pk] and user.email:
            found[user.pk].append(name_of("email"))
    return found


def people_known(actor_ids: Iterable[str]) -> dict[str, Person]:
    """Name and title of these actors, for evidence; those who are no users are left out."""
    uids = [actor_id.removeprefix("usr_") for actor_id in actor_ids]
    return {user.actor_id: Person(str(user), user.title) for user in User.objects.filter(uid__in=uids)}
