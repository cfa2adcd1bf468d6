"""What a decision of a run sees of its incident's alerts."""

import datetime as dt

import pytest

from incidents.models import Signal
from incidents.selectors.alerts import signal_seen
from plumbing import clock
from runbooks.engine.values import Question

pytestmark = pytest.mark.django_db


@pytest.fixture
def heard(make_incident, make_source, estate):
    """heard(state, minutes ago, …): an alert of an incident, and what one sees of it then."""
    incident, source, now = make_incident(), make_source(), clock.now()

    def hear(state, minutes, *, name="HighLatency", service="store", of=incident):
        at = now - dt.timedelta(minutes=minutes)
        return Signal.objects.create(
            source=source,
            fingerprint=f"{name}/{service}",
            began_at=at,
            state=state,
            name=name,
            service=estate[service],
            incident=of,
            first_heard_at=at,
            last_heard_at=at,
        )

    hear.see = lambda **config: signal_seen({"signal": "HighLatency", **config}, Question(incident.stream, {}, now))
    hear.other = make_incident
    return hear


def test_the_newest_firing_counts_with_its_age(heard):
    heard("resolved", 30)
    heard("firing", 2)
    seen = heard.see()
    assert (seen.value["state"], seen.value["firing"]) == ("firing", True)
    assert seen.age_s == pytest.approx(120) and seen.value["began_s"] == pytest.approx(120)


def test_a_service_may_be_named(heard):
    heard("firing", 5)
    heard("resolved", 1, service="api")
    assert heard.see(service="store").value["firing"] and not heard.see(service="api").value["firing"]


def test_an_alert_that_never_came_is_missing_and_not_silent(heard):
    heard("firing", 1, name="Another")
    heard("firing", 1, of=heard.other())
    assert "no alert HighLatency has reached" in heard.see().error
