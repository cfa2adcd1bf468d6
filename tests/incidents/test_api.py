"""Incidents for programs: the same gate as the pages, by session and by token."""

import pytest
from rest_framework.test import APIClient

from audit.selectors import reached
from catalog.states import Role
from incidents.models import Incident, RoleHolder
from incidents.states import Phase

pytestmark = pytest.mark.django_db
LIST = "/api/v1/incidents"


@pytest.fixture
def robot(make_user, make_token, payments_team):
    """robot(*roles): a client with the token of a machine user in the payments team."""

    def client(*roles, scopes=("api",)):
        user = make_user(machine=True, team=payments_team, roles=roles)
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {make_token(user, scopes=scopes).secret}")
        return api

    return client


def one(incident, verb=""):
    return f"{LIST}/{incident.uid}" + (f"/{verb}" if verb else "")


def test_a_token_reads_and_declares(robot, estate):
    api = robot(Role.COMMANDER)
    made = api.post(LIST, {"title": "Batch is late", "severity": "SEV3", "services": ["store"]}, format="json")
    assert made.status_code == 201
    body = made.json()
    assert (body["label"], body["phase"], body["services"]) == ("INC-1", "detection", ["store"])
    assert [row["uid"] for row in api.get(LIST).json()["results"]] == [body["uid"]]
    assert api.get(f"{LIST}/{body['uid']}").json()["stream"] == f"inc_{body['uid']}"


@pytest.mark.parametrize(
    "given",
    [
        {"severity": "SEV3", "services": ["store"]},
        {"title": "x", "severity": "SEV9", "services": ["store"]},
        {"title": "x", "severity": "SEV1", "services": ["nonsense"]},
        {"title": "x", "severity": "SEV1"},
    ],
)
def test_a_declaration_that_is_not_well_formed_writes_nothing(robot, estate, given):
    assert robot(Role.COMMANDER).post(LIST, given, format="json").status_code in (400, 422)
    assert not Incident.objects.exists()


def test_declaring_needs_the_right_to_command(robot, estate):
    given = {"title": "x", "severity": "SEV1", "services": ["store"]}
    assert robot(Role.RESPONDER).post(LIST, given, format="json").status_code == 403
    assert not Incident.objects.exists()


DOORS = ["", "move", "notes", "decisions", "roles", "runs", "entries"]


@pytest.mark.parametrize("verb", DOORS)
def test_strangers_find_nothing(make_incident, stranger, verb):
    incident = make_incident()
    before, api = reached(incident.stream), APIClient()
    body = {"target": "diagnosis", "seen_phase": "detection", "text": "x", "role": "scribe", "runbook": "r"}
    for user, expected in ((None, 401), (stranger, 404)):
        if user:
            api.force_authenticate(user)
        got = api.get(one(incident, verb)) if verb in ("", "entries") else api.post(one(incident, verb), body, "json")
        assert got.status_code in ((expected,) if verb != "runs" else (expected, 400))
    assert reached(incident.stream) == before


def test_moving_answers_409_with_a_stable_code(robot, make_incident):
    incident, api = make_incident(), robot(Role.COMMANDER)
    moved = api.post(one(incident, "move"), {"target": "diagnosis", "seen_phase": "detection"}, format="json")
    assert moved.json()["phase"] == Phase.DIAGNOSIS
    stale = api.post(one(incident, "move"), {"target": "mitigation", "seen_phase": "detection"}, format="json")
    assert (stale.status_code, stale.json()["code"]) == (409, "stale_incident")
    illegal = api.post(one(incident, "move"), {"target": "closed", "seen_phase": "diagnosis"}, format="json")
    assert (illegal.status_code, illegal.json()["code"]) == (409, "illegal_transition")


def test_words_and_roles_become_entries(robot, make_incident, responder):
    incident, api = make_incident(), robot(Role.COMMANDER)
    note = api.post(one(incident, "notes"), {"text": "Disk is full"}, format="json")
    assert note.json()["seq"] == reached(incident.stream)
    assert api.post(one(incident, "decisions"), {"text": ""}, format="json").status_code == 400
    given = api.post(one(incident, "roles"), {"role": "scribe", "user": "responder"}, format="json")
    assert given.json()["roles"][0]["name"] == "Jonas Weber"
    assert RoleHolder.objects.get().user == responder
    unknown = api.post(one(incident, "roles"), {"role": "scribe", "user": "stranger"}, format="json")
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown_person")
    rows = api.get(one(incident, "entries"), {"after": note.json()["seq"] - 1}).json()
    assert [row["kind"] for row in rows] == ["note.added", "role.taken"]
    assert rows[0]["fields"] == {"text": "Disk is full"}


def test_a_runbook_that_nobody_offers_cannot_be_started(robot, make_incident):
    incident, api = make_incident(), robot(Role.RESPONDER)
    answer = api.post(one(incident, "runs"), {"runbook": "nonsense"}, format="json")
    assert answer.status_code == 400
    assert "nonsense" in str(answer.json())


@pytest.mark.parametrize("uid", ["%00", "a%00b", "0" * 32, "..", "%F0%9F%98%80"])
def test_no_address_breaks_a_door(robot, client, commander, uid):
    assert robot(Role.COMMANDER).get(f"{LIST}/{uid}").status_code in (400, 404)
    client.force_login(commander)
    assert client.get(f"/incidents/{uid}").status_code in (400, 404)


@pytest.mark.parametrize("value", ["nonsense", "Closed", ""])
def test_a_filter_that_means_nothing_finds_nothing(robot, make_incident, value):
    make_incident()
    assert robot(Role.VIEWER).get(LIST, {"phase": value}).json()["count"] == 0


def test_an_intake_token_is_no_key_to_the_incidents(robot, make_incident):
    assert robot(Role.COMMANDER, scopes=["intake"]).get(one(make_incident())).status_code == 403


def test_the_list_filters(robot, make_incident):
    make_incident(severity="SEV1")
    gone = make_incident(severity="SEV3")
    Incident.objects.filter(pk=gone.pk).update(phase=Phase.CLOSED)
    api = robot(Role.VIEWER)
    assert api.get(LIST, {"open": "true"}).json()["count"] == 1
    assert api.get(LIST, {"phase": "closed"}).json()["results"][0]["uid"] == gone.uid
    assert api.get(LIST, {"severity": "SEV1"}).json()["count"] == 1
