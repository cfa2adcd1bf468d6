"""Every door of the catalog is tried by every role, by a stranger, by a superuser and by nobody."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from catalog import services
from catalog.states import Role

pytestmark = pytest.mark.django_db

MEMBERS = ["viewer", "responder", "commander", "author", "owner", "compliance"]  # of the payments team, not its admin
EVERYBODY = [*MEMBERS, "admin_user", "superuser", "stranger", "nobody"]
SIGN_IN = 302  # pages send nobody there; the API says 401

# door: (method, path, status for members, administrator, superuser, stranger, nobody)
PAGES = {
    "services": ("get", "/services/", 200, 200, 200, 200, SIGN_IN),
    "service": ("get", "/services/store/", 200, 200, 200, 404, SIGN_IN),
    "no such service": ("get", "/services/ghost/", 404, 404, 404, 404, SIGN_IN),
    "teams": ("get", "/services/-/teams/", 200, 200, 200, 200, SIGN_IN),
    "import": ("get", "/services/-/import/", 403, 200, 200, 200, SIGN_IN),  # the stranger administers elsewhere
    "import, sent": ("post", "/services/-/import/", 403, 422, 422, 422, SIGN_IN),
    "switch probe": ("post", "/services/store/probes/{probe}/", 403, 302, 302, 404, SIGN_IN),
    "switch no probe": ("post", "/services/store/probes/99999/", 403, 404, 404, 404, SIGN_IN),
}
API = {
    "me": ("get", "/api/v1/me", 200, 200, 200, 200, 401),
    "services": ("get", "/api/v1/services", 200, 200, 200, 200, 401),
    "service": ("get", "/api/v1/services/store", 200, 200, 200, 404, 401),
    "probes": ("post", "/api/v1/services/store/probes", 403, 400, 400, 404, 401),
    "teams": ("get", "/api/v1/teams", 200, 200, 200, 200, 401),
    "team": ("get", "/api/v1/teams/payments", 200, 200, 200, 404, 401),
    "import": ("post", "/api/v1/catalog/import", 403, 400, 400, 400, 401),
}


def expected(door, who):
    _, _, member, admin, root, stranger, nobody = door
    others = {"admin_user": admin, "superuser": root, "stranger": stranger, "nobody": nobody}
    return others.get(who, member)


@pytest.mark.parametrize("who", EVERYBODY)
@pytest.mark.parametrize("door", [*PAGES.values(), *API.values()], ids=[*PAGES, *(f"API {name}" for name in API)])
def test_the_matrix_of_doors_and_roles(door, who, request, store, client):
    probe = services.make_probe(store, "healthz", "http://127.0.0.1:1/healthz", paused=True)
    if who != "nobody":
        client.force_login(request.getfixturevalue(who))
    method, path, *_ = door
    body = {"data": {}, "content_type": "application/json"} if (method, path[:5]) == ("post", "/api/") else {}
    response = getattr(client, method)(path.format(probe=probe.pk), **body)
    assert response.status_code == expected(door, who)
    if response.status_code == SIGN_IN and who == "nobody":
        assert response.headers["Location"].startswith("/sign-in/?next=")


def test_the_matrix_knows_every_role():
    assert len(MEMBERS) + 1 == len(Role)


@pytest.mark.parametrize(
    ("method", "path"),
    [("post", "/services/"), ("post", "/services/store/"), ("get", "/services/store/probes/1/"), ("put", "/sign-in/"),
     ("get", "/sign-out/"), ("post", "/services/-/teams/")],
)  # fmt: skip
def test_other_methods_are_refused(method, path, client, superuser, store):
    client.force_login(superuser)
    assert getattr(client, method)(path).status_code == 405


def test_lists_show_nothing_of_other_teams(client, stranger, store, api):
    client.force_login(stranger)
    assert "Store" not in client.get("/services/").content.decode()
    assert "Payments" not in client.get("/services/-/teams/").content.decode()
    assert client.get("/api/v1/services").json()["count"] == 0
    assert [team["slug"] for team in client.get("/api/v1/teams").json()["results"]] == ["elsewhere"]


def test_a_neighbour_of_another_team_is_counted_and_not_named(client, viewer, store, api, make_service, make_team):
    make_service("secret-consumer", name="Hush", team=make_team("hush"), needs=[store])
    client.force_login(viewer)
    page = client.get("/services/store/").content.decode()
    assert "Hush" not in page and "secret-consumer" not in page
    assert "1 more belongs to teams" in page
    answer = client.get("/api/v1/services/store").json()
    assert [edge["service"] for edge in answer["needed_by"]] == ["api"]
    assert [hurt["service"] for hurt in answer["blast_radius"]] == ["api"]


def test_a_form_without_its_token_is_refused(viewer, store):
    client = Client(enforce_csrf_checks=True)
    client.force_login(viewer)
    assert client.post("/sign-out/").status_code == 403
    assert client.post("/services/store/probes/1/").status_code == 403
    assert client.post("/api/v1/services/store/probes", {"paused": True}, "application/json").status_code == 403


def test_a_machine_user_sees_what_its_team_gives_it(client, make_token, make_user, payments_team, store):
    robot = make_user("robot", machine=True, team=payments_team, roles=[Role.VIEWER])
    secret = make_token(robot).secret
    headers = {"Authorization": f"Bearer {secret}"}
    me = client.get("/api/v1/me", headers=headers).json()
    assert (me["kind"], me["rights"]) == ("machine", {"payments": ["may_view"]})
    assert client.get("/api/v1/services/store", headers=headers).json()["name"] == "Store"
    assert client.get("/services/store/", headers=headers).status_code == SIGN_IN  # pages are for people
    intake = make_token(robot, scopes=["intake"]).secret
    assert client.get("/api/v1/me", headers={"Authorization": f"Bearer {intake}"}).status_code == 403


def test_rights_of_says_what_holds_says(request, payments_team, make_team):
    from catalog.permissions import Right, holds, rights_by_team, rights_of

    elsewhere = make_team("somewhere")
    for who in EVERYBODY[:-1]:
        user = request.getfixturevalue(who)
        for teams in ([payments_team], [elsewhere], [], [payments_team, elsewhere]):
            assert rights_of(user, teams) == {right for right in Right if holds(user, right, teams)}
        assert set(rights_by_team(user).get("payments", [])) == rights_of(user, [payments_team])
    assert rights_of(AnonymousUser(), [payments_team]) == frozenset()
