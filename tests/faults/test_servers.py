"""Servers go away, hang, fill up or cut connections: rows 6 to 10 of the fault matrix (runtime.md, section 7)."""

import threading
import time
import urllib.error
import urllib.request

import psycopg
import pytest
import redis

from tests.faults.conftest import only
from tests.faults.scene import Posted, Scene
from tests.faults.servers import Server

pytestmark = pytest.mark.faults
SOON_S = 5.0  # no POST waits longer, whatever the broker does; one that rings by itself would wait 6


def assert_undisturbed(posted: Posted) -> None:
    """Everybody who posted was answered as ever."""
    assert len(posted.answers) >= 3
    assert posted.statuses == {201}
    assert posted.slowest_s < SOON_S


def assert_work_goes_on(scene: Scene, run: str) -> None:
    """Steps act while the fault lasts, not only afterwards: more of them than had been on their way."""
    wanted, until = len(scene.target.effects(run)) + 5, time.monotonic() + 40
    while len(scene.target.effects(run)) < wanted:
        assert time.monotonic() < until, scene.look(run)
        time.sleep(0.1)


@only("redis")
def test_broker_and_layer_flushed_again_and_again(scene: Scene) -> None:
    run = scene.begin(scene.chain(6))
    broker = redis.Redis.from_url(scene.portal.servers["broker"].url)
    with scene.posting() as posted:
        for _ in range(10):
            broker.flushall()
            time.sleep(0.2)
    assert_undisturbed(posted)
    scene.assert_whole(run)


@pytest.mark.parametrize(
    ("standing", "which"),
    [
        pytest.param(shape, which, id=f"{shape}-{which}")
        for shape, which in (("redis", "broker"), ("rabbitmq", "broker"), ("rabbitmq", "layer"))
    ],
    indirect=["standing"],
)  # fmt: skip
@pytest.mark.parametrize("hurt", ["dead", "mute"])
def test_a_doorbell_that_is_dead_or_never_answers(scene: Scene, which: str, hurt: str) -> None:
    one: Server = scene.portal.servers[which]
    run = scene.begin(scene.chain(14))
    scene.wait_for_calls(run, 2)
    with scene.posting() as posted:
        one.kill() if hurt == "dead" else one.freeze()
        assert_work_goes_on(scene, run)
    assert_undisturbed(posted)
    one.heal()
    scene.assert_whole(run, within_s=90)


@only("redis")
def test_a_broker_that_is_full(scene: Scene) -> None:
    broker = redis.Redis.from_url(scene.portal.servers["broker"].url)
    broker.set("ballast", b"x" * 2_000_000)
    broker.config_set("maxmemory-policy", "noeviction")
    run = scene.begin(scene.chain(10))
    try:
        with scene.posting() as posted:
            broker.config_set("maxmemory", "1mb")
            assert_work_goes_on(scene, run)
    finally:
        broker.config_set("maxmemory", "0")
        broker.delete("ballast")
    assert_undisturbed(posted)
    scene.assert_whole(run)


@only("redis", "rabbitmq")
def test_the_database_restarts_and_is_three_seconds_away(scene: Scene) -> None:
    database = scene.portal.servers["database"]
    run = scene.begin(scene.chain(6))
    scene.wait_for_calls(run, 3)
    pages: list[tuple[int, str]] = []
    asking = threading.Thread(target=ask_pages, args=(scene, pages), daemon=True)
    with scene.posting() as posted:
        database.kill()
        asking.start()
        time.sleep(3)
        database.heal()
        time.sleep(2)
    asking.join(30)
    assert posted.statuses <= {201, 503}, "they wait, or hear 503"
    assert {status for status, _ in pages} <= {200, 503}
    assert all(retry for status, retry in pages if status == 503), "503 says when to come again"
    scene.assert_whole(run)
    assert scene.note()[0] == 201


def ask_pages(scene: Scene, pages: list[tuple[int, str]]) -> None:
    """GET an API page for some seconds: (status, Retry-After)."""
    until = time.monotonic() + 4
    while time.monotonic() < until:
        address = f"http://127.0.0.1:{scene.portal.port}/api/v1/runs"
        request = urllib.request.Request(address, headers={"Authorization": f"Bearer {scene.token}"})
        try:
            with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
                pages.append((response.status, ""))
        except urllib.error.HTTPError as error:
            pages.append((error.code, error.headers.get("Retry-After", "")))
            error.close()
        time.sleep(0.1)


@only("redis", "rabbitmq")
def test_the_database_ends_connections_in_the_middle(scene: Scene) -> None:
    url = scene.portal.servers["database"].url
    run = scene.begin(scene.chain(8))
    with psycopg.connect(url, autocommit=True) as knife, scene.posting() as posted:
        for _ in range(12):
            knife.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
            )
            time.sleep(0.25)
    assert posted.statuses <= {201, 503}
    scene.assert_whole(run)
    assert scene.note()[0] == 201, "the next one works"


@only("redis", "rabbitmq")
def test_a_deadlock_costs_nothing_but_time(scene: Scene) -> None:
    """We take the ledger's stream first and the run second, the engine the other way: PostgreSQL ends one of us."""
    run = scene.begin(scene.chain(5))
    scene.wait_for_calls(run, 2)
    deadlocks = 0
    for _ in range(3):
        with psycopg.connect(scene.portal.servers["database"].url) as crossing:
            crossing.execute("SELECT 1 FROM ledger_stream WHERE uid = %s FOR UPDATE", [scene.stream])
            time.sleep(1)  # the engine has locked its run meanwhile, and waits for the stream
            try:
                crossing.execute("SELECT 1 FROM runbooks_run WHERE uid = %s FOR UPDATE", [run])
            except psycopg.errors.DeadlockDetected:
                deadlocks += 1
            crossing.rollback()
    found = scene.assert_whole(run)
    with psycopg.connect(scene.portal.servers["database"].url) as asking:
        (counted,) = asking.execute("SELECT sum(deadlocks) FROM pg_stat_database").fetchone() or (0,)
    assert max(counted, deadlocks) > 0, f"no deadlock came about: {found}"
