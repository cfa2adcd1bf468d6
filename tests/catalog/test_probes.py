"""Probes: claimed once, asked outside a transaction, kept with their colour; and what a change of colour tells."""

import datetime as dt
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import connection

from audit import ledger
from audit.models import Entry
from catalog import health, services
from catalog.errors import IllegalHealthMove, ProbeNotMade
from catalog.models import Probe
from catalog.services import probes
from catalog.signals import health_changed
from catalog.states import HEALTH_MOVES, Health, health_after
from plumbing import clock, doorbell, sweep
from plumbing.probing import ProbeAnswer
from tests.race import at_once

pytestmark = pytest.mark.django_db
GOOD, BAD = ProbeAnswer(True, 12, "200 OK"), ProbeAnswer(False, 2000, "no answer within 2 s")


@pytest.fixture
def make_probe(store):
    def make(name="healthz", **fields):
        return services.make_probe(fields.pop("service", store), name, "http://192.0.2.1/healthz", **fields)

    return make


@pytest.fixture
def answers(monkeypatch):
    """The answers of the outside world, one per call; and whether a transaction was open while it was asked."""
    waiting: list[ProbeAnswer] = []
    asked: list[tuple[str, str, dict]] = []

    def check(kind, target, **options):
        asked.append((kind, target, options))
        return waiting.pop(0)

    monkeypatch.setattr(probes.probing, "check", check)
    return waiting, asked


@pytest.fixture
def heard():
    """Colours that changed: (was, now)."""
    found: list[tuple[str, str]] = []

    def hear(sender, probe, was, now, **_):
        assert connection.in_atomic_block
        found.append((was, now))

    health_changed.connect(hear)
    yield found
    health_changed.disconnect(hear)


def due(probe: Probe) -> Probe:
    Probe.objects.filter(pk=probe.pk).update(due_at=clock.now() - dt.timedelta(seconds=1))
    probe.refresh_from_db()
    return probe


def ask(probe: Probe, *given: ProbeAnswer) -> str:
    for answer in given:
        claimed = probes.claim(due(probe).pk)
        probes.keep_answer(claimed, answer)
    probe.refresh_from_db()
    return probe.health


@pytest.mark.parametrize(
    ("given", "colour"),
    [
        ([GOOD], Health.GREEN),
        ([BAD], Health.RED),  # never green before: nobody is woken by a lost packet
        ([GOOD, BAD], Health.GREEN),
        ([GOOD, BAD, GOOD, BAD], Health.GREEN),
        ([GOOD, BAD, BAD], Health.RED),
        ([GOOD, BAD, BAD, GOOD], Health.GREEN),
        ([BAD, GOOD, BAD], Health.GREEN),
    ],
)
def test_the_colour_follows_the_answers(make_probe, given, colour):
    assert ask(make_probe(), *given) == colour


@pytest.mark.parametrize("current", list(Health))
@pytest.mark.parametrize("ok", [True, False])
@pytest.mark.parametrize("failed_before", [True, False])
def test_every_colour_that_follows_is_a_legal_move(current, ok, failed_before):
    after = health_after(current, ok, failed_before)
    assert after == current or after in HEALTH_MOVES[current]


def test_a_change_of_colour_is_recorded_and_announced_and_no_other_answer_is(make_probe, heard):
    probe = make_probe()
    ask(probe, GOOD, GOOD, BAD, BAD, BAD, GOOD)
    assert heard == [("unknown", "green"), ("green", "red"), ("red", "green")]
    entries = Entry.objects.filter(kind="probe.changed", stream__uid="catalog")
    assert [entry.actor for entry in entries] == ["sys_muster"] * 3


def test_an_answer_is_kept_with_latency_detail_and_the_latest_sixty(make_probe):
    probe = make_probe()
    ask(probe, *[GOOD] * (probes.RECENT + 5), ProbeAnswer(False, 7, "x" * 400))
    assert len(probe.recent) == probes.RECENT
    assert probe.recent[-1][1:] == [False, 7] and probe.recent[0][1:] == [True, 12]
    assert (probe.latency_ms, probe.detail) == (7, "x" * 300)
    assert probe.checked_at is not None


def test_a_probe_is_asked_with_its_own_expectation(make_probe, answers):
    waiting, asked = answers
    probe = make_probe(expect_status="200,204", timeout_s=7)
    waiting.append(GOOD)
    services.check_probe(str(probe.pk))
    assert asked == [("http", "http://192.0.2.1/healthz", {"expect_status": "200,204", "timeout_s": 7})]
    services.check_probe(str(probe.pk))  # not due any more
    services.check_probe("999999")  # gone
    assert len(asked) == 1


def test_a_probe_is_due_again_after_its_interval_and_sooner_in_doubt(make_probe):
    probe = make_probe(interval_s=60)
    ask(probe, GOOD)
    assert 58 < (probe.due_at - clock.now()).total_seconds() <= 60
    ask(probe, BAD)
    assert (probe.due_at - clock.now()).total_seconds() <= 5
    ask(probe, BAD)
    assert (probe.due_at - clock.now()).total_seconds() > 58


def test_a_claim_is_given_once_and_comes_back_when_its_asker_dies(make_probe):
    probe = due(make_probe(interval_s=10, timeout_s=3))
    assert probes.claim(probe.pk) is not None
    assert probes.claim(probe.pk) is None
    probe.refresh_from_db()
    assert 12 < (probe.due_at - clock.now()).total_seconds() <= 13
    assert probes.claim(due(probe).pk) is not None


def test_a_late_answer_of_a_lost_claim_changes_nothing(make_probe):
    probe = make_probe()
    slow = probes.claim(due(probe).pk)
    quick = probes.claim(due(probe).pk)
    probes.keep_answer(quick, GOOD)
    probes.keep_answer(slow, BAD)
    probe.refresh_from_db()
    assert (probe.health, len(probe.recent)) == (Health.GREEN, 1)


def test_an_answer_that_comes_after_the_pause_is_dropped(make_probe, admin_user, heard):
    probe = make_probe()
    claimed = probes.claim(due(probe).pk)
    services.pause(probe, admin_user)
    probes.keep_answer(claimed, GOOD)
    probe.refresh_from_db()
    assert (probe.health, probe.recent) == (Health.PAUSED, [])
    assert heard == [("unknown", "paused")]


def test_a_paused_probe_is_never_due_and_resumes_afresh(make_probe, admin_user):
    probe = make_probe(paused=True)
    due(probe)
    assert health.due_probes(clock.now()) == [] and probes.claim(probe.pk) is None
    services.resume(probe, admin_user)
    assert health.due_probes(clock.now()) == [str(probe.pk)]
    assert ask(probe, BAD) == Health.RED
    assert Entry.objects.get(kind="probe.resumed").actor == admin_user.actor_id


def test_pausing_twice_is_refused_and_switching_twice_is_not(make_probe, store, admin_user):
    probe = make_probe()
    services.pause(probe, admin_user)
    with pytest.raises(IllegalHealthMove, match="from paused to paused"):
        services.pause(probe, admin_user)
    assert services.switch_probes(store, paused=True, actor=admin_user) == 0
    assert services.switch_probes(store, paused=False, actor=admin_user) == 1
    with pytest.raises(IllegalHealthMove):
        services.resume(probe, admin_user)


@pytest.mark.parametrize("fields", [{"interval_s": 0}, {"timeout_s": 61}, {"interval_s": 90_000}])
def test_a_probe_with_impossible_times_is_not_made(make_probe, fields):
    with pytest.raises(ProbeNotMade, match="are possible"):
        make_probe(**fields)
    assert not Probe.objects.exists() and not Entry.objects.filter(kind="probe.made").exists()


def test_two_probes_of_one_name_or_of_no_kind_are_not_made(make_probe):
    make_probe()
    with pytest.raises(ProbeNotMade, match="named 'healthz' already"):
        make_probe()
    with pytest.raises(ValueError, match="icmp"):
        make_probe("other", kind="icmp")


def test_health_of_services_together(make_probe, store, api, edge):
    assert health.health_of([store]).health == Health.UNKNOWN
    assert health.health_of([store]).sentence() == "No probe watches it."
    probe, other, rests = make_probe("a"), make_probe("b", service=api), make_probe("c", service=edge, paused=True)
    assert (health.health_of([edge]).health, health.health_of([edge]).sentence()) == (
        "paused",
        "All probes are paused.",
    )
    ask(probe, GOOD)
    assert health.health_of([store, api, edge]).health == Health.UNKNOWN
    ask(other, GOOD)
    together = health.health_of([store, api, edge])
    assert (together.health, together.asked) == (Health.GREEN, 2)
    assert {each.pk for each in together.probes} == {probe.pk, other.pk, rests.pk}
    ask(other, BAD, BAD)
    assert health.health_of([store, api]).sentence() == "Failing: 1 of 2 probes is red."
    assert health.red_probes([store, api]) == [other]
    assert health.red_probes([store]) == []


def test_the_sparkline_stands_in_its_box(make_probe):
    probe = make_probe(timeout_s=2)
    assert health.sparkline(probe) == ""
    ask(probe, GOOD, BAD, GOOD)
    points = [tuple(map(float, point.split(","))) for point in health.sparkline(probe).split()]
    assert points == [(0.0, 16.0), (29.0, 2.0), (58.0, 16.0)]


def test_the_sweep_and_the_doorbell_know_probes(make_probe):
    assert "probe" in doorbell._answers
    rounds = sweep._rounds["probe"]
    probe = make_probe()
    assert list(rounds.find(clock.now())) == [str(probe.pk)]
    assert rounds.perform is services.check_probe


def test_a_new_probe_is_rung_for_at_once(make_probe, django_capture_on_commit_callbacks, monkeypatch):
    rung = []
    monkeypatch.setattr(doorbell, "_answers", {"probe": rung.append})
    monkeypatch.setattr(doorbell.ringer, "put", lambda answer, subject: answer(subject))
    with django_capture_on_commit_callbacks(execute=True):
        probe = make_probe("a")
        make_probe("b", paused=True)
    assert rung == [str(probe.pk)]


def test_the_task_asks(make_probe, answers):
    from catalog.tasks import check_probe

    waiting, asked = answers
    waiting.append(GOOD)
    probe = make_probe()
    check_probe(str(probe.pk))
    probe.refresh_from_db()
    assert probe.health == Health.GREEN and asked


class Target(BaseHTTPRequestHandler):
    """A service that is well, ill or hangs, as the test says."""

    status, hang_s = 200, 0.0

    def do_GET(self):
        time.sleep(type(self).hang_s)
        self.send_response(type(self).status)
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def target(settings):
    handler = type("OneTarget", (Target,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.EGRESS_ALLOW = [f"127.0.0.1:{server.server_port}"]
    yield handler, f"http://127.0.0.1:{server.server_port}/healthz"
    server.shutdown()
    server.server_close()


def test_a_real_target_is_seen_to_fail_to_hang_and_to_recover(store, target):
    handler, url = target
    probe = services.make_probe(store, "healthz", url, timeout_s=1)

    def look():
        begun = time.monotonic()
        services.check_probe(due(probe).pk)
        probe.refresh_from_db()
        return probe.health, time.monotonic() - begun

    assert look()[0] == Health.GREEN
    handler.status = 502
    assert [look()[0], look()[0]] == [Health.GREEN, Health.RED]
    assert "502" in probe.detail
    handler.status = 200
    assert look()[0] == Health.GREEN
    handler.hang_s = 3
    _, took = look()
    assert took < 2  # a hanging probe is cut at its timeout
    assert "no answer within 1 s" in probe.detail


def test_an_address_that_is_not_allowed_is_a_red_probe_that_says_so(store, settings):
    settings.EGRESS_ALLOW = []
    probe = services.make_probe(store, "inside", "http://127.0.0.1:1/healthz")
    services.check_probe(due(probe).pk)
    probe.refresh_from_db()
    assert probe.health == Health.RED and "MUSTER_EGRESS_ALLOW" in probe.detail


@pytest.mark.django_db(transaction=True)
def test_of_many_askers_at_once_one_gets_the_claim_and_it_asks_outside_a_transaction(make_probe, monkeypatch):
    probe, asked = due(make_probe()), []

    def check(*_args, **_options):
        asked.append(connection.in_atomic_block)
        return GOOD

    monkeypatch.setattr(probes.probing, "check", check)
    at_once(*[lambda: services.check_probe(probe.pk)] * 6)
    assert asked == [False]
    assert ledger.SYSTEM.actor_id == Entry.objects.get(kind="probe.changed").actor
