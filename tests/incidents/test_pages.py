"""The pages of incidents, as the cast sees them: signed in, a stranger, or without the right."""

import json
import re

import pytest
from django.urls import reverse

from audit.models import Entry
from audit.selectors import latest, reached
from catalog.models import Probe
from catalog.states import Health
from incidents import services
from incidents.models import Incident, RoleHolder
from incidents.states import IncidentRole, Phase, Severity
from plumbing import clock

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true"}


def url(incident, name, *more):
    return reverse(f"incidents:{name}", args=[incident.uid, *more])


def kinds(incident):
    return [row.kind for row in latest(incident.stream)]


@pytest.fixture
def red_probe(estate):
    now = clock.now()
    return Probe.objects.create(
        service=estate["store"], name="/healthz", target="http://127.0.0.1:1/", health=Health.RED, due_at=now
    )


READS = ["room", "feed", "history", "move", "severity", "update", "give-role", "start-runbook"]
WRITES = ["write", "move", "severity", "update", "give-role", "take-role", "leave-role"]


@pytest.mark.parametrize("name", READS)
def test_a_stranger_finds_no_page_of_an_incident(client, make_incident, stranger, name):
    client.force_login(stranger)
    assert client.get(url(make_incident(), name)).status_code == 404


@pytest.mark.parametrize("name", WRITES)
def test_a_stranger_finds_nothing_to_write_to(client, make_incident, stranger, name):
    incident = make_incident()
    before = reached(incident.stream)
    client.force_login(stranger)
    assert client.post(url(incident, name), {"role": "scribe", "text": "x", "kind": "note"}).status_code == 404
    assert reached(incident.stream) == before


@pytest.mark.parametrize("name", ["header", "vitals", "run", "steps", "decision", "clocks", "health", "timeline"])
def test_each_fragment_is_the_part_that_the_page_includes(client, make_incident, responder, stranger, name):
    incident = make_incident()
    client.force_login(responder)
    page = client.get(url(incident, "room")).content.decode()
    part = client.get(url(incident, "fragment", name), **HTMX)
    assert part.status_code == 200
    root = re.search(r'<(\w+)[^>]*data-fragment="([^"]+)"', part.content.decode())
    assert root is not None
    assert root[2] == url(incident, "fragment", name)
    assert f'data-fragment="{root[2]}"' in page
    client.force_login(stranger)
    assert client.get(url(incident, "fragment", name)).status_code == 404


def test_without_a_session_every_page_leads_to_the_sign_in(client, make_incident):
    incident = make_incident()
    for name in READS:
        assert client.get(url(incident, name)).status_code == 302


@pytest.mark.parametrize("name", ["move", "severity", "give-role"])
def test_a_viewer_may_look_and_not_command(client, make_incident, viewer, name):
    incident = make_incident()
    client.force_login(viewer)
    assert client.get(url(incident, "room")).status_code == 200
    assert client.get(url(incident, name)).status_code == 403
    assert client.post(url(incident, "write"), {"kind": "note", "text": "I was here"}).status_code == 403


def test_the_room_shows_what_is_known(client, make_incident, commander, red_probe):
    incident = make_incident(title="Store is slow", commander=commander)
    client.force_login(commander)
    page = client.get(url(incident, "room")).content.decode()
    assert f'data-seq="{reached(incident.stream)}"' in page
    for words in ("INC-1", "Store is slow", "Amara Diallo", "1 of 1 probes red", "No runbook is running", "No scribe"):
        assert words in page


def test_declaring_takes_four_fields_and_leads_to_the_room(client, estate, commander):
    client.force_login(commander)
    given = {"title": "Card payments fail", "severity": "SEV1", "service": "store", "commander": "commander"}
    answer = client.post(reverse("incidents:declare"), given)
    incident = Incident.objects.get()
    assert answer.url == url(incident, "room")
    assert (incident.title, incident.severity, incident.phase) == ("Card payments fail", "SEV1", Phase.MOBILIZATION)
    assert RoleHolder.objects.get(incident=incident).user == commander
    assert kinds(incident)[::-1] == ["incident.opened", "role.taken", "incident.moved"]


@pytest.mark.parametrize("missing", ["title", "severity", "service"])
def test_declaring_says_which_field_is_missing(client, estate, commander, missing):
    client.force_login(commander)
    given = {"title": "Card payments fail", "severity": "SEV1", "service": "store"}
    del given[missing]
    answer = client.post(reverse("incidents:declare"), given)
    assert answer.status_code == 422
    assert f'href="#id_{missing}"' in answer.content.decode()
    assert not Incident.objects.exists()


def test_a_stranger_cannot_declare_for_somebody_elses_service(client, estate, stranger):
    client.force_login(stranger)
    given = {"title": "Card payments fail", "severity": "SEV1", "service": "store"}
    assert client.post(reverse("incidents:declare"), given).status_code == 422
    assert not Incident.objects.exists()


def test_the_preview_names_who_is_hurt(client, estate, commander):
    client.force_login(commander)
    page = client.get(reverse("incidents:declare"), {"service": "store"}, **HTMX).content.decode()
    assert "2 services" in page
    assert "Edge" in page
    assert "API" in page


def test_a_move_on_an_old_page_is_a_409_that_says_who_was_faster(client, make_incident, commander):
    incident = make_incident()
    services.move(incident, Phase.DIAGNOSIS, actor=commander, seen_phase=Phase.DETECTION)
    client.force_login(commander)
    answer = client.post(url(incident, "move"), {"target": "mitigation", "seen_phase": "detection"})
    assert answer.status_code == 409
    assert "Amara Diallo" in answer.content.decode()
    incident.refresh_from_db()
    assert incident.phase == Phase.DIAGNOSIS


def test_resolving_while_a_probe_is_red_is_refused_and_can_be_forced(client, make_incident, commander, red_probe):
    incident = make_incident()
    client.force_login(commander)
    given = {"target": "resolution", "seen_phase": "detection"}
    refused = client.post(url(incident, "move"), given)
    assert refused.status_code == 422
    assert "Store: /healthz" in refused.content.decode()
    without_reason = client.post(url(incident, "move"), {**given, "force": "on"})
    assert without_reason.status_code == 422
    assert "incident.forced" not in kinds(incident)
    done = client.post(url(incident, "move"), {**given, "force": "on", "reason": "The probe itself is broken."})
    assert done.status_code == 302
    incident.refresh_from_db()
    assert incident.phase == Phase.RESOLUTION
    assert kinds(incident)[:2] == ["incident.moved", "incident.forced"]


def test_an_act_in_the_live_room_swaps_nothing(client, make_incident, commander):
    incident = make_incident()
    client.force_login(commander)
    here = {**HTMX, "HTTP_HX_CURRENT_URL": "http://testserver" + url(incident, "room")}
    given = {"severity": "SEV1", "seen_severity": "SEV2", "reason": "All customers feel it."}
    assert client.post(url(incident, "severity"), given, **here).status_code == 204
    assert client.post(url(incident, "severity"), given, **here).status_code == 409


def test_words_become_entries_and_the_composer_comes_back_empty(client, make_incident, responder):
    incident = make_incident()
    client.force_login(responder)
    answer = client.post(url(incident, "write"), {"kind": "decision", "text": "We fail over."}, **HTMX)
    assert answer.status_code == 200
    assert "We fail over." not in answer.content.decode()
    assert latest(incident.stream)[0].kind == "decision.noted"
    empty = client.post(url(incident, "write"), {"kind": "note", "text": "  "}, **HTMX)
    assert empty.status_code == 422
    assert "Write what happened" in empty.content.decode()


def test_a_note_without_scripts_leads_back_to_the_room(client, make_incident, responder):
    incident = make_incident()
    client.force_login(responder)
    assert client.post(url(incident, "write"), {"kind": "note", "text": "Seen"}).url == url(incident, "room")
    refused = client.post(url(incident, "write"), {"kind": "note", "text": ""})
    assert refused.status_code == 422
    assert "Back to the room" in refused.content.decode()


def test_an_update_is_posted_and_the_next_one_set(client, make_incident, commander):
    incident = make_incident(severity=Severity.SEV4)
    client.force_login(commander)
    assert client.get(url(incident, "update")).status_code == 200
    assert client.post(url(incident, "update"), {"text": "", "next_due": "30"}).status_code == 422
    assert client.post(url(incident, "update"), {"text": "We look at it.", "next_due": "30"}).status_code == 302
    incident.refresh_from_db()
    assert incident.next_update_due > clock.now()
    assert latest(incident.stream)[0].fields["text"] == "We look at it."


def test_whoever_holds_a_role_can_leave_it(client, make_incident, responder):
    incident = make_incident()
    client.force_login(responder)
    client.post(url(incident, "take-role"), {"role": "scribe"})
    assert client.post(url(incident, "leave-role"), {"role": "scribe"}).status_code == 302
    assert not RoleHolder.objects.exists()
    assert client.post(url(incident, "leave-role"), {"role": "scribe"}).status_code == 409
    assert client.post(url(incident, "take-role"), {"role": "king"}).status_code == 409


def test_markup_in_words_stays_words(client, make_incident, responder):
    incident = make_incident()
    services.add_note(incident, "<script>alert(1)</script>", actor=responder)
    client.force_login(responder)
    assert "<script>alert(1)" not in client.get(url(incident, "room")).content.decode()
    assert "<script>alert(1)" not in json.dumps(client.get(url(incident, "feed") + "?after=-1").json())


def test_a_role_is_taken_once(client, make_incident, responder, commander):
    incident = make_incident()
    client.force_login(responder)
    assert client.post(url(incident, "take-role"), {"role": "scribe"}).status_code == 302
    assert client.post(url(incident, "take-role"), {"role": "commander"}).status_code == 403
    client.force_login(commander)
    taken = client.post(url(incident, "take-role"), {"role": "scribe"})
    assert taken.status_code == 409
    assert "Jonas Weber is Scribe already" in taken.content.decode()
    given = client.post(url(incident, "give-role"), {"role": "scribe", "user": "commander"})
    assert given.status_code == 302
    assert RoleHolder.objects.get(role=IncidentRole.SCRIBE).user == commander
    assert kinds(incident)[:2] == ["role.taken", "role.left"]


def test_home_shows_what_waits_first(client, make_incident, commander):
    incident = make_incident(commander=commander)
    Incident.objects.filter(pk=incident.pk).update(next_update_due=clock.now())
    client.force_login(commander)
    page = client.get(reverse("home")).content.decode()
    assert "Update overdue" in page
    assert page.index("For you") < page.index("Open incidents") < page.index("My services")


def test_home_of_somebody_with_nothing_to_do_says_so(client, stranger):
    client.force_login(stranger)
    page = client.get(reverse("home")).content.decode()
    assert "Nothing waits for you." in page
    assert "0 incidents are open" in page


def test_the_list_shows_open_ones_first_and_filters(client, make_incident, commander):
    make_incident(title="Old trouble", severity=Severity.SEV1)
    make_incident(title="New trouble", severity=Severity.SEV3)
    Incident.objects.filter(title="Old trouble").update(phase=Phase.CLOSED)
    client.force_login(commander)
    page = client.get(reverse("incidents:list")).content.decode()
    assert page.index("New trouble") < page.index("Closed</th>") < page.index("Old trouble")
    assert "New trouble" not in client.get(reverse("incidents:list"), {"phase": "closed"}).content.decode()
    assert "No incident is like that" in client.get(reverse("incidents:list"), {"q": "xyz"}).content.decode()
    assert "Old trouble" in client.get(reverse("incidents:list"), {"q": "INC-1"}).content.decode()


def test_a_stranger_sees_an_empty_list(client, make_incident, stranger):
    make_incident()
    client.force_login(stranger)
    assert "No incidents" in client.get(reverse("incidents:list")).content.decode()


def test_a_closed_incident_takes_no_more_words(client, make_incident, commander):
    incident = make_incident()
    Incident.objects.filter(pk=incident.pk).update(phase=Phase.CLOSED)
    client.force_login(commander)
    assert "read only" in client.get(url(incident, "room")).content.decode()
    count = Entry.objects.count()
    assert client.post(url(incident, "write"), {"kind": "note", "text": "late"}).status_code == 409
    assert Entry.objects.count() == count
