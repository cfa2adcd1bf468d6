"""The dependency graph: near, hurt, deepest. Compared with a plain search on generated graphs, cycles included."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catalog import graph
from catalog.models import Dependency, Service
from catalog.states import DependencyKind
from plumbing import clock

pytestmark = pytest.mark.django_db


def test_blast_radius_is_the_transitive_consumers_with_distance_and_owner(edge, api, store, owner, deputy):
    assert [(a.service.slug, a.distance, a.owner) for a in graph.blast_radius(store)] == [
        ("api", 1, owner),
        ("edge", 2, deputy),
    ]
    assert graph.blast_radius(edge) == []


def test_a_cycle_ends(edge, api, store):
    Dependency.objects.create(consumer=store, provider=edge, last_seen=clock.now())
    assert {a.service.slug: a.distance for a in graph.blast_radius(store)} == {"api": 1, "edge": 2}
    assert graph.deepest([edge, api, store]) == [edge, api, store]


def test_related_goes_both_ways_and_no_further_than_asked(edge, api, store, make_service):
    lonely = make_service("lonely")
    assert graph.related([store.pk], 1) == {store.pk: 0, api.pk: 1}
    assert graph.related([store.pk], 2) == {store.pk: 0, api.pk: 1, edge.pk: 2}
    assert graph.related([edge.pk, lonely.pk], 1) == {edge.pk: 0, lonely.pk: 0, api.pk: 1}
    assert graph.related([], 3) == {}


def test_connected_ignores_direction_and_respects_the_bound(edge, api, store, make_service):
    sibling, lonely = make_service("sibling", needs=[store]), make_service("lonely")
    assert graph.connected(sibling, edge)
    assert not graph.connected(sibling, edge, hops=2)
    assert graph.connected(lonely, lonely)
    assert not graph.connected(lonely, store)


def test_deepest_is_what_needs_none_of_the_others(edge, api, store, make_service):
    lonely = make_service("lonely")
    assert graph.deepest([edge, api, store]) == [store]
    assert graph.deepest([edge, api]) == [api]
    assert graph.deepest([edge, lonely]) == [edge, lonely]
    assert graph.deepest([edge, store]) == [store]  # the one between is healthy, and was not named
    assert graph.deepest([]) == []


def test_a_long_chain_takes_one_query_per_hop(make_service, django_assert_max_num_queries):
    chain = [make_service("s0")]
    for number in range(1, 20):
        chain.append(make_service(f"s{number}", needs=[chain[-1]]))
    with django_assert_max_num_queries(22):  # 20 hops, the services, their teams
        assert [a.distance for a in graph.blast_radius(chain[0])] == list(range(1, 20))


def test_a_wide_graph_is_asked_in_portions(make_service, payments_team):
    hub, count = make_service("hub"), 2 * graph.IDS_AT_ONCE + 1
    Service.objects.bulk_create(Service(slug=f"w{n}", name=f"w{n}", team=payments_team) for n in range(count))
    spokes = Service.objects.filter(slug__startswith="w")
    Dependency.objects.bulk_create(Dependency(consumer=s, provider=hub, last_seen=clock.now()) for s in spokes)
    assert len(graph.blast_radius(hub)) == count
    assert graph.connected(spokes[0], spokes[1])


EDGES = st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda edge: edge[0] != edge[1]), max_size=20)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edges=EDGES)
def test_walks_agree_with_a_plain_search(edges, payments_team):
    Service.objects.all().delete()
    nodes = [Service.objects.create(slug=f"n{n}", name=f"n{n}", team=payments_team) for n in range(7)]
    Dependency.objects.bulk_create(
        Dependency(consumer=nodes[a], provider=nodes[b], kind=DependencyKind.READS, last_seen=clock.now())
        for a, b in edges
    )
    hurt = plain_search({(b, a) for a, b in edges}, 0)
    assert {a.service.slug: a.distance for a in graph.blast_radius(nodes[0])} == {
        f"n{n}": d for n, d in hurt.items() if n != 0
    }
    near = plain_search(edges | {(b, a) for a, b in edges}, 0)
    assert [graph.connected(nodes[0], node) for node in nodes] == [n in near for n in range(7)]


def plain_search(arrows: set[tuple[int, int]], start: int) -> dict[int, int]:
    found, waiting = {start: 0}, [start]
    for node in waiting:
        for a, b in arrows:
            if a == node and b not in found:
                found[b] = found[node] + 1
                waiting.append(b)
    return found
