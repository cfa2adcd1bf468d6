"""Reads of the dependency graph: who is near, who is hurt, what lies deepest. One query per hop; cycles are fine."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from django.db.models import Q, prefetch_related_objects

from catalog.models import Dependency, Service, User

IDS_AT_ONCE = 500  # SQLite bounds the parameters of one query
FURTHEST = 50  # hops; no estate is deeper, and a walk must end

Neighbours = Callable[[set[int]], set[int]]


@dataclass(frozen=True, slots=True)
class Affected:
    """A service that fails when another does, and whom to tell."""

    service: Service
    distance: int  # hops from the failing service
    owner: User | None


def related(service_ids: Iterable[int], hops: int) -> dict[int, int]:
    """Ids of all services within `hops` of the given ones, in both directions: id -> distance, 0 for the given."""
    return _walk(service_ids, _both_ways, hops)


def consumers_of(service_ids: Iterable[int]) -> dict[int, int]:
    """Ids of everything that fails when one of these does, directly or not: id -> distance. The given have 0."""
    return _walk(service_ids, _consumers, FURTHEST)


def providers_of(service_ids: Iterable[int]) -> dict[int, int]:
    """Ids of everything that these need, directly or not: id -> distance. The given have 0."""
    return _walk(service_ids, _providers, FURTHEST)


def blast_radius(*services: Service) -> list[Affected]:
    """The transitive consumers of these services with their owners, nearest first, then by tier and name."""
    given = {service.pk for service in services}
    distances = {pk: distance for pk, distance in consumers_of(given).items() if pk not in given}
    consumers = [each for ids in _portions(distances) for each in Service.objects.filter(pk__in=ids)]
    prefetch_related_objects(consumers, "owner", "team")  # a few people and teams own thousands: each is made once
    found = [Affected(consumer, distances[consumer.pk], consumer.owner) for consumer in consumers]
    return sorted(found, key=lambda each: (each.distance, each.service.tier, each.service.name))


def neighbours_of(service_ids: Iterable[int]) -> dict[int, set[int]]:
    """id -> ids of the services one declared dependency away, in either direction. Each given id has an entry."""
    wanted = set(service_ids)
    found: dict[int, set[int]] = {pk: set() for pk in wanted}
    for some in _portions(wanted):
        edges = Dependency.objects.filter(Q(consumer__in=some) | Q(provider__in=some))
        for consumer, provider in edges.values_list("consumer", "provider"):
            if consumer in wanted:
                found[consumer].add(provider)
            if provider in wanted:
                found[provider].add(consumer)
    return found


def connected(one: Service, other: Service, *, hops: int = FURTHEST) -> bool:
    """Whether a path of at most `hops` dependencies, whatever their direction, joins the two. True for one service."""
    return other.pk in _walk([one.pk], _both_ways, hops, until=other.pk)


def deepest(services: Iterable[Service]) -> list[Service]:
    """Those of `services` that need none of the others: where a fault that shows in all of them can have its cause.

    Services that need each other (a cycle) stand or fall together. In the order given.
    """
    given = list(services)
    needs = {each.pk: providers_of([each.pk]).keys() for each in given}
    return [each for each in given if not any(_is_below(other, each, needs) for other in given)]


def _is_below(other: Service, each: Service, needs: Mapping[int, Collection[int]]) -> bool:
    return other.pk in needs[each.pk] and each.pk not in needs[other.pk]


def _walk(start: Iterable[int], neighbours: Neighbours, hops: int, until: int | None = None) -> dict[int, int]:
    distances = dict.fromkeys(start, 0)
    frontier = set(distances)
    for distance in range(1, hops + 1):
        if until in distances:
            break
        frontier = neighbours(frontier) - distances.keys()
        if not frontier:
            break
        distances.update(dict.fromkeys(frontier, distance))
    return distances


def _consumers(ids: set[int]) -> set[int]:
    return {
        consumer
        for some in _portions(ids)
        for consumer in Dependency.objects.filter(provider__in=some).values_list("consumer", flat=True)
    }


def _providers(ids: set[int]) -> set[int]:
    return {
        provider
        for some in _portions(ids)
        for provider in Dependency.objects.filter(consumer__in=some).values_list("provider", flat=True)
    }


def _both_ways(ids: set[int]) -> set[int]:
    return _consumers(ids) | _providers(ids)


def _portions(ids: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(ids)
    for start in range(0, len(ordered), IDS_AT_ONCE):
        yield ordered[start : start + IDS_AT_ONCE]
