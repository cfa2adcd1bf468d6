"""Whom a step can hurt: consumers with owners, open incidents, steps at work there; and what a reader is not told."""

import random
import time
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from catalog.models import Dependency, Service, Team, User
from incidents.services import declare
from plumbing import clock
from runbooks.impact import impact_of
from runbooks.models import Run
from runbooks.permissions import visible_runs
from tests.runbooks.test_locks import make_run as make_run
from tests.runbooks.test_locks import row, take

pytestmark = pytest.mark.django_db


def test_the_consumers_of_all_touched_services_with_their_owners(
    edge: Service, commander: User, owner: User, deputy: User
) -> None:
    found = impact_of(["store"], reader=commander, visible_runs=visible_runs(commander))
    assert [(each.service.slug, each.distance) for each in found.affected] == [("api", 1), ("edge", 2)]
    assert found.owners == [owner, deputy]
    both = impact_of(["store", "api"], reader=commander, visible_runs=visible_runs(commander))
    assert [each.service.slug for each in both.affected] == ["edge"], "what is touched is not told as affected"
    assert [each.slug for each in both.touched] == ["api", "store"]


def test_open_incidents_and_steps_at_work_there_are_told_to_who_may_see_them(
    edge: Service, commander: User, stranger: User, make_run: Callable[..., Run]
) -> None:
    incident = declare(title="Edge is slow", severity="SEV2", services=[edge], declarer=commander)
    holder, waiter = make_run("api"), make_run("api")
    take(holder)
    take(waiter)
    found = impact_of(["store"], reader=commander, visible_runs=visible_runs(commander), but=None)
    assert [(each.label, each.severity) for each in found.burning] == [(incident.label, "SEV2")]
    assert [(each.title, each.is_waiting) for each in found.at_work] == [("Restart it", False), ("Restart it", True)]
    alone = impact_of(["store"], reader=commander, visible_runs=visible_runs(commander), but=row(holder))
    assert [each.is_waiting for each in alone.at_work] == [True]
    hidden = impact_of(["store"], reader=stranger, visible_runs=visible_runs(stranger))
    assert (hidden.touched, hidden.affected, hidden.burning, hidden.at_work) == ([], [], [], [])
    assert (hidden.hidden_affected, hidden.hidden_burning, hidden.hidden_at_work) == (2, 1, 2)


def test_a_step_that_touches_nothing_hurts_nobody(commander: User) -> None:
    found = impact_of([], reader=commander, visible_runs=visible_runs(commander))
    assert (found.affected, found.owners) == ([], [])


def test_a_graph_of_5000_services_takes_few_queries(
    payments_team: Team, commander: User, owner: User, capsys: pytest.CaptureFixture[str]
) -> None:
    """The time is printed, not asserted: machines are noisy. The number of queries is asserted."""
    chance, number = random.Random(5), 5_000
    services = [Service(slug=f"s{n}", name=f"S {n}", team=payments_team, owner=owner) for n in range(number)]
    Service.objects.bulk_create(services, batch_size=200)
    edges = {(n, chance.randrange(max(0, n - 400), n)) for n in range(1, number) for _ in range(3)}
    rows = [Dependency(consumer=services[a], provider=services[b], last_seen=clock.now()) for a, b in edges]
    Dependency.objects.bulk_create(rows, batch_size=100)
    began, used = time.perf_counter(), time.process_time()
    with CaptureQueriesContext(connection) as queries:
        found = impact_of(["s0"], reader=commander, visible_runs=visible_runs(commander))
    took_s, used_s = time.perf_counter() - began, time.process_time() - used
    assert len(found.affected) == number - 1
    assert len(queries) < 100
    hops = max(each.distance for each in found.affected)
    with capsys.disabled():
        print(f"\nblast radius: {len(found.affected)} of {number} services, {hops} hops, {len(edges)} dependencies,")
        print(f"in {took_s:.2f} s ({used_s:.2f} s of processor) and {len(queries)} queries")
