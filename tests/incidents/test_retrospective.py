"""What is written down later carries both times and is marked; a correction shows both texts."""

import datetime as dt

import pytest
from django.urls import reverse

from audit.selectors import latest
from incidents import services
from plumbing import clock
from plumbing.errors import BadField

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


@pytest.fixture
def incident(store, commander):
    return services.declare(title="Slow payments", severity="SEV3", services=[store], declarer=commander)


def page_of(client, incident):
    return client.get(reverse("incidents:room", args=[incident.uid])).content.decode()


@pytest.mark.parametrize(("is_decision", "kind"), [(False, "note.added"), (True, "decision.noted")])
def test_the_entry_carries_when_it_happened_and_when_it_was_written(incident, responder, is_decision, kind):
    then = clock.now() - HOUR
    told = services.add_earlier(
        incident, "We pulled the plug", occurred_at=then, source="paper", is_decision=is_decision, actor=responder
    )
    row = latest(incident.stream)[0]
    assert row.kind == kind
    assert row.fields["occurred_at"] == then.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert row.fields["source"] == "paper"
    assert told.time > then


@pytest.mark.parametrize("ago", [-HOUR, dt.timedelta(days=400)])
def test_a_moment_to_come_or_of_another_year_is_refused(incident, responder, ago):
    with pytest.raises(BadField, match="past"):
        services.add_earlier(incident, "x", occurred_at=clock.now() - ago, source="paper", actor=responder)
    with pytest.raises(BadField, match="paper"):
        services.add_earlier(incident, "x", occurred_at=clock.now() - HOUR, source="gossip", actor=responder)


def test_the_page_takes_the_readers_own_time_and_the_timeline_marks_it(client, incident, responder):
    responder.time_zone = "Asia/Tokyo"
    responder.save()
    client.force_login(responder)
    door = reverse("incidents:earlier", args=[incident.uid])
    assert "Asia/Tokyo" in client.get(door).content.decode()
    then = (clock.now() - HOUR).replace(second=0, microsecond=0)
    typed = (then + 9 * HOUR).strftime("%Y-%m-%dT%H:%M")
    said = {"kind": "note", "text": "The pump rattled", "occurred_at": typed, "source": "phone"}
    assert client.post(door, said).status_code == 302
    page = page_of(client, incident)
    assert "The pump rattled" in page
    assert "written down later, after a call" in page
    assert f'datetime="{then:%Y-%m-%dT%H:%M:%SZ}"' in page
    evidence = client.get(reverse("audit:stream", args=[incident.stream])).content.decode()
    assert "Written down later: happened" in evidence
    assert client.post(door, {**said, "occurred_at": ""}).status_code == 422
    assert client.post(door, {**said, "occurred_at": "2999-01-01T00:00"}).status_code == 422


def test_the_api_takes_both_or_neither(client, incident, responder):
    client.force_login(responder)
    door = reverse("incidents-api:notes", args=[incident.uid])
    then = "2026-01-02T03:04:05Z" if clock.now().year == 2026 else (clock.now() - HOUR).isoformat()
    both = {"text": "From the log book", "occurred_at": then, "source": "paper"}
    assert client.post(door, both, content_type="application/json").status_code == 201
    assert latest(incident.stream)[0].fields["source"] == "paper"
    half = {"text": "x", "occurred_at": then}
    assert client.post(door, half, content_type="application/json").status_code == 400
    assert client.post(door, {"text": "Now"}, content_type="application/json").status_code == 201
    assert "occurred_at" not in latest(incident.stream)[0].fields


def test_a_correction_shows_both_texts_in_both_directions(client, incident, responder):
    client.force_login(responder)
    noted = services.add_note(incident, "The lag is 40 s", actor=responder)
    door = reverse("incidents:correct", args=[incident.uid, noted.seq])
    assert "The lag is 40 s" in client.get(door).content.decode()
    assert client.post(door, {"text": ""}).status_code == 422
    assert client.post(door, {"text": "The lag is 4 s"}).status_code == 302
    right = latest(incident.stream)[0].seq
    page = page_of(client, incident)
    assert "It said: “The lag is 40 s”" in page
    assert f"Corrected by entry {right}." in page
    evidence = client.get(reverse("audit:stream", args=[incident.stream])).content.decode()
    assert "Corrects: “The lag is 40 s”" in evidence
    assert f"Corrected by entry {right}" in evidence
    assert client.get(reverse("incidents:correct", args=[incident.uid, 0])).status_code == 422
    api = reverse("incidents-api:corrections", args=[incident.uid])
    assert client.post(api, {"seq": right, "text": "5 s"}, content_type="application/json").status_code == 201
    assert client.post(api, {"seq": 99, "text": "5 s"}, content_type="application/json").status_code == 422


def test_who_only_reads_is_offered_no_correction(client, incident, responder, viewer):
    services.add_note(incident, "The lag is 40 s", actor=responder)
    for user, may in ((responder, True), (viewer, False)):
        client.force_login(user)
        assert ("/correct/" in page_of(client, incident)) is may
