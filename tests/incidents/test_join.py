"""Joining and opening, on the real tables: teams, declared incidents, closed ones, two faults in one post."""

import datetime as dt

import pytest

from audit.selectors import entries
from incidents import services
from incidents.intake.base import Observation
from incidents.models import Incident, IntakeRule, Signal
from incidents.states import Phase, SignalState
from plumbing import clock

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def now():
    return clock.now()


@pytest.fixture
def told(now):
    """told(service, began=ago, state=…): one alert as a post tells it."""

    def make(service="store", *, ago=dt.timedelta(0), state=SignalState.FIRING, name="ProbeFails", **labels):
        return Observation(
            fingerprint=f"{name}-{service}",
            name=name,
            state=state,
            began_at=now - ago,
            ended_at=now if state == SignalState.RESOLVED else None,
            labels={"severity": "critical", "service": service, **labels},
            service=service,
        )

    return make


@pytest.fixture
def take(sources, rules, estate, now):
    return lambda *observations, at=now: services.take(sources["alertmanager"], list(observations), at)


def test_a_signal_joins_what_a_person_declared_a_while_ago(take, told, make_incident, now):
    incident = make_incident()
    Incident.objects.filter(pk=incident.pk).update(began_at=now - HOUR / 4)
    assert take(told("edge")).opened == []
    assert Signal.objects.get().incident == incident
    joined = next(entry for entry in entries(incident.stream) if entry.kind == "signal.joined")
    assert "still burns" in joined.fields["because"]


def test_two_faults_in_one_post_are_two_incidents(take, told, make_service):
    make_service("batch")
    assert take(told("store"), told("edge"), told("batch")).opened == ["INC-1", "INC-2"]
    titles = {row.service.slug: row.incident.title for row in Signal.objects.all()}
    assert titles == {"store": "Store is failing", "edge": "Store is failing", "batch": "batch is failing"}


def test_an_incident_names_every_service_and_team_that_its_signals_name(take, told, make_service, make_team, estate):
    other = make_team("web")
    make_service("shop", team=other, needs=[estate["edge"]])
    take(told("store"))
    take(told("shop"))
    incident = Incident.objects.get()
    assert {service.slug for service in incident.services.all()} == {"store", "shop"}
    assert {team.slug for team in incident.teams.all()} == {"payments", "web"}


def test_a_later_failure_joins_while_it_burns_and_no_longer_than_that(take, told, commander, now):
    take(told("store", ago=10 * HOUR / 60))
    assert take(told("edge")).opened == []
    incident = services.move(Incident.objects.get(), Phase.RESOLUTION, actor=commander, seen_phase=Phase.DETECTION)
    assert take(told("api")).opened == []  # began within a minute of what joined: the same fault
    later = now + HOUR
    again = Observation("x", "ProbeFails", SignalState.FIRING, later, labels={"severity": "critical"}, service="edge")
    assert take(again, at=later).opened == ["INC-2"]
    assert incident.signals.count() == 3


def test_a_closed_incident_is_joined_by_nothing(take, told, make_incident):
    Incident.objects.filter(pk=make_incident().pk).update(phase=Phase.CLOSED)
    assert take(told("store")).opened == ["INC-2"]


def test_a_rule_of_another_team_joins_nothing_of_ours(take, told, make_team, make_incident):
    elsewhere = make_team("elsewhere")
    make_incident()
    IntakeRule.objects.create(position=0, name="Theirs", team=elsewhere, matches={"tenant": "them"}, verb="open")
    assert take(told("edge", tenant="them")).opened == ["INC-2"]
    assert elsewhere in Incident.objects.get(number=2).teams.all()


def test_the_first_rule_that_matches_decides(take, told, payments_team):
    quiet = {"service": "edge", "alertname": "ProbeFails"}
    IntakeRule.objects.create(position=0, name="Known flapping", team=payments_team, matches=quiet, verb="ignore")
    assert take(told("edge")).opened == []
    assert take(told("api")).opened == ["INC-1"]
    assert Signal.objects.get(service__slug="edge").incident is None


def test_what_no_rule_knows_is_kept_and_opens_nothing(take, told):
    receipt = take(told("store", severity="none"))
    assert (receipt.new, receipt.opened) == (1, [])
    assert Signal.objects.get().rule is None


def test_an_unknown_service_is_no_reason_to_lose_a_signal(take, told, payments_team):
    assert take(told("nobody-knows-it")).opened == ["INC-1"]
    incident = Incident.objects.get()
    assert incident.title == "nobody-knows-it is failing"
    assert list(incident.services.all()) == []
    assert list(incident.teams.all()) == [payments_team]
    assert take(told("nor-this", name="Other")).opened == ["INC-2"]


@pytest.mark.parametrize("title", ["{{ service.nonsense }}", "{{ unclosed", "{{ signal.labels }}", ""])
def test_a_title_that_cannot_be_rendered_falls_back_on_the_alert(take, told, rules, title):
    IntakeRule.objects.filter(pk=rules[2].pk).update(title=title)
    assert take(told("store")).opened == ["INC-1"]
    assert Incident.objects.get().title


def test_an_end_opens_nothing_and_a_late_beginning_does(take, told):
    assert take(told("store", state=SignalState.RESOLVED)).opened == []
    assert take(told("store")).opened == ["INC-1"]
    row = Signal.objects.get()
    assert (row.state, row.heard) == (SignalState.RESOLVED, 2)


def test_what_was_heard_too_early_is_adopted(take, told, now):
    take(told("edge", state=SignalState.RESOLVED, ago=30 * HOUR / 3600))
    assert Signal.objects.get().incident is None
    take(told("store"))
    assert set(Signal.objects.values_list("incident__number", flat=True)) == {1}
    assert Incident.objects.get().began_at == now - 30 * HOUR / 3600


def test_the_end_of_a_signal_is_recorded_once(take, told):
    take(told("store"))
    for _ in range(3):
        take(told("store", state=SignalState.RESOLVED))
    kinds = [entry.kind for entry in entries(Incident.objects.get().stream)]
    assert kinds.count("signal.ended") == 1


def test_a_deeper_failure_heard_later_names_the_incident(take, told):
    take(told("edge"), told("api"))
    incident = Incident.objects.get()
    assert incident.title == "API is failing"
    take(told("store"))
    incident.refresh_from_db()
    assert incident.title == "Store is failing"
    renamed = [entry for entry in entries(incident.stream) if entry.kind == "incident.retitled"]
    assert [(entry.fields["was"], entry.fields["title"]) for entry in renamed] == [
        ("API is failing", "Store is failing")
    ]


def test_a_shallower_failure_heard_later_does_not(take, told):
    take(told("store"))
    take(told("edge"), told("api"))
    incident = Incident.objects.get()
    assert incident.title == "Store is failing"
    assert "incident.retitled" not in [entry.kind for entry in entries(incident.stream)]


def test_what_a_person_declared_keeps_its_name(take, told, make_incident, now):
    incident = make_incident()
    Incident.objects.filter(pk=incident.pk).update(began_at=now - HOUR / 4)
    take(told("edge"))
    take(told("store"))
    assert Incident.objects.get(pk=incident.pk).title == incident.title
