"""The recorded posts, in order and shuffled: one incident per fault, nothing lost, nothing twice."""

import datetime as dt
import random
from collections import defaultdict

import pytest

from audit.entries import stamp
from audit.models import Entry
from incidents import services
from incidents.intake.registry import FORMATS
from incidents.models import Incident, Signal
from incidents.states import SignalState
from tests.incidents.conftest import SCENARIOS, Post

pytestmark = pytest.mark.django_db
A_DAY_LATER = dt.timedelta(days=1)
FAULTS = {  # startsAt of the recorded faults' alerts, to the minute; the two at 14:40 were never heard firing
    "14:31": "r1-store",
    "14:35": "r6-api",
    "14:36": "r8-api-503twice",
    "14:42": "s4-edge-repeat",
    "14:46": "p1-store-pagerduty",
}


def take(post: Post, sources, now: dt.datetime):
    return services.take(sources[post.kind], FORMATS[post.kind](post.body, post.received), now)


def told_by(posts: list[Post]) -> set[tuple[str, str]]:
    """(fingerprint, startsAt) of every alert in the Alertmanager posts."""
    return {
        (alert["fingerprint"], alert["startsAt"])
        for post in posts
        if post.kind == "alertmanager"
        for alert in post.body["alerts"]
    }


def check_one_incident_per_fault(posts: list[Post]) -> None:
    stored = {(row.fingerprint, stamp(row.began_at)) for row in Signal.objects.all()}
    assert told_by(posts) <= stored, "an alert was lost"
    assert Signal.objects.count() == len(told_by(posts)) + len(
        {post.body["dedup_key"] for post in posts if post.kind == "pagerduty"}
    ), "an alert was stored twice"
    assert not Signal.objects.filter(state=SignalState.FIRING).exclude(name="Watchdog").exists(), "an end was lost"
    faults = defaultdict(set)
    for row in Signal.objects.exclude(incident=None):
        faults[row.incident_id].add(FAULTS[f"{row.began_at:%H:%M}"])
    assert sorted(len(of) for of in faults.values()) == [1] * len(faults), "two faults share an incident"
    assert Incident.objects.count() == len(faults) == len({fault for of in faults.values() for fault in of})
    homeless = Signal.objects.filter(incident=None).exclude(name__in=["Watchdog", "HostHighCpuLoad"])
    assert {f"{row.began_at:%H:%M}" for row in homeless} <= {"14:40"}, "a signal of a fault belongs to no incident"


def test_posts_in_order_open_one_incident_per_fault(recorded, sources, rules, estate):
    for post in recorded:
        take(post, sources, post.received)
    check_one_incident_per_fault(recorded)
    assert Incident.objects.count() == len(SCENARIOS)


@pytest.mark.parametrize("seed", range(8))
def test_posts_in_any_order_open_one_incident_per_fault(recorded, sources, rules, estate, seed):
    shuffled = random.Random(seed).sample(recorded, len(recorded))
    for post in shuffled:
        take(post, sources, recorded[-1].received + A_DAY_LATER)
    check_one_incident_per_fault(recorded)
    assert Incident.objects.count() == len(SCENARIOS)


@pytest.mark.parametrize("seed", range(4))
def test_posts_shuffled_within_their_fault_open_one_incident_per_fault(recorded, sources, rules, estate, seed):
    dice = random.Random(seed)
    for scenario in SCENARIOS:
        posts = [post for post in recorded if post.scenario == scenario]
        for post in dice.sample(posts, len(posts)):
            take(post, sources, post.received)
    check_one_incident_per_fault(recorded)


def test_every_post_twice_writes_nothing_twice(recorded, sources, rules, estate):
    for post in recorded:
        take(post, sources, post.received)
        entries = Entry.objects.count()
        rows = list(Signal.objects.order_by("pk").values("state", "began_at", "ended_at", "incident"))
        again = take(post, sources, post.received)
        assert (again.new, again.ended, again.joined, again.opened) == (0, 0, 0, [])
        assert Entry.objects.count() == entries
        assert list(Signal.objects.order_by("pk").values("state", "began_at", "ended_at", "incident")) == rows


def test_the_deepest_failing_service_names_the_incident(recorded, sources, rules, estate):
    by_cluster = next(post for post in recorded if post.file == "003-hook-by-cluster.json")
    take(by_cluster, sources, by_cluster.received)
    incident = Incident.objects.get()
    assert incident.title == "Store is failing"  # although edge and api are told first
    assert {service.slug for service in incident.services.all()} == {"edge", "api", "store"}


def test_the_heartbeat_is_heard_and_opens_nothing(recorded, sources, rules, estate):
    watchdog = next(post for post in recorded if "watchdog" in post.file)
    take(watchdog, sources, watchdog.received)
    sources["alertmanager"].refresh_from_db()
    assert sources["alertmanager"].heard_at == watchdog.received
    assert Signal.objects.get().incident is None
    assert not Incident.objects.exists()
