"""Two posts about one fault at the same instant, on connections of their own: one incident, nothing twice."""

import pytest

from audit.models import Entry
from incidents import services
from incidents.errors import IncidentError
from incidents.intake.registry import FORMATS
from incidents.models import Incident, RoleHolder, Signal
from incidents.states import Phase
from tests.race import at_once

pytestmark = pytest.mark.django_db(transaction=True)
ROUNDS = 5


def test_posts_about_one_fault_open_one_incident(recorded, make_source, rules, estate):
    """Every post of the fault's first seconds, from four sources of signals at once."""
    firsts = [post for post in recorded if post.scenario == "r1-store"][:4]
    sources = [make_source(name=f"prometheus {number}") for number in range(4)]

    def send(source, post):
        observations = FORMATS[post.kind](post.body, post.received)
        return lambda: services.take(source, observations, post.received)

    outcomes = at_once(*(send(source, post) for source, post in zip(sources, firsts, strict=True)))
    assert sum(len(taken.opened) for taken in outcomes) == 1
    assert Incident.objects.count() == 1
    assert not Signal.objects.filter(incident=None).exists()
    assert Entry.objects.filter(kind="signal.joined").count() == Signal.objects.count()


def test_the_same_post_at_once_is_stored_once(recorded, sources, rules, estate):
    post = recorded[0]
    observations = FORMATS[post.kind](post.body, post.received)
    outcomes = at_once(*[lambda: services.take(sources[post.kind], observations, post.received)] * 6)
    assert sorted(taken.new for taken in outcomes) == [0, 0, 0, 0, 0, 4]
    assert Signal.objects.count() == 4
    assert set(Signal.objects.values_list("heard", flat=True)) == {6}
    assert Incident.objects.count() == 1


def test_declared_at_once_numbers_have_no_doubles(make_incident):
    at_once(*[make_incident] * 6)
    assert sorted(Incident.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


def test_of_two_moves_one_counts(make_incident, commander, responder):
    for _ in range(ROUNDS):
        incident = make_incident()

        def move(actor, target, incident=incident):
            return lambda: services.move(incident, target, actor=actor, seen_phase=Phase.DETECTION)

        outcomes = at_once(move(commander, Phase.DIAGNOSIS), move(responder, Phase.MITIGATION))
        (late,) = [outcome for outcome in outcomes if isinstance(outcome, IncidentError)]
        assert "It changed" in str(late)
        assert Entry.objects.filter(stream__uid=incident.stream, kind="incident.moved").count() == 1


def test_of_two_scribes_one_is_it(make_incident, commander, responder):
    for _ in range(ROUNDS):
        incident = make_incident()

        def take(actor, incident=incident):
            return lambda: services.take_role(incident, "scribe", actor=actor)

        outcomes = at_once(take(commander), take(responder))
        assert sum(isinstance(outcome, IncidentError) for outcome in outcomes) == 1
        assert RoleHolder.objects.filter(incident=incident, role="scribe").count() == 1
