"""What the pages and the API of the catalog show and take."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from audit.models import Entry
from catalog import services
from catalog.models import Probe, Service
from catalog.states import Health
from catalog.yaml_text import LARGEST_FILE

pytestmark = pytest.mark.django_db
COMPONENT = (
    "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: %s}\nspec: {type: service, owner: %s}\n"
)


def text(response) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def probe(store):
    return services.make_probe(store, "healthz", "http://192.0.2.1/healthz")


def paint(probe: Probe, colour: Health) -> None:
    Probe.objects.filter(pk=probe.pk).update(health=colour)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", {"store", "api", "edge"}),
        ("?q=STO", {"store"}),
        ("?kind=website", {"edge"}),
        ("?team=payments", {"store", "api", "edge"}),
        ("?team=elsewhere", {"store", "api", "edge"}),  # a team one can't see is no filter
        ("?health=red", {"store"}),
        ("?health=unknown", {"api", "edge"}),
        ("?kind=nonsense", {"store", "api", "edge"}),
        ("?shown=99999999999", {"store", "api", "edge"}),
    ],
)
def test_the_list_is_filtered_by_its_query(client, viewer, edge, probe, stranger, query, shown):
    paint(probe, Health.RED)
    client.force_login(viewer)
    response = client.get(f"/services/{query}")
    assert {row.slug for row in response.context["rows"]} == shown


def test_the_most_important_stands_first(client, viewer, make_service):
    for slug, tier in (("b", 3), ("a", 3), ("z", 1), ("m", 2)):
        make_service(slug, tier=tier)
    client.force_login(viewer)
    assert [row.slug for row in client.get("/services/").context["rows"]] == ["z", "m", "a", "b"]
    assert [row["slug"] for row in client.get("/api/v1/services").json()["results"]] == ["z", "m", "a", "b"]


def test_the_list_takes_few_queries_however_long(client, viewer, make_service, django_assert_max_num_queries):
    for _ in range(60):
        make_service()
    client.force_login(viewer)
    with django_assert_max_num_queries(14):
        response = client.get("/services/")
    assert "50 of 60" in text(response)
    assert "?shown=100" in response.content.decode()
    assert "60 of 60" in text(client.get("/services/?shown=100"))


def test_empty_lists_say_what_to_do(client, admin_user, viewer):
    client.force_login(admin_user)
    assert "Import a catalog file" in text(client.get("/services/"))
    client.force_login(viewer)
    assert "No services that you can see." in text(client.get("/services/"))
    assert "No service is like that." in text(client.get("/services/?q=x"))


def test_the_page_shows_who_answers_and_what_surrounds(client, viewer, edge, api, store, probe):
    client.force_login(viewer)
    page = text(client.get("/services/api/"))
    for fact in ("Lena Vogt", "calls it", "calls this", "Entered by a person", "last seen"):
        assert fact in page
    assert "Piotr Nowak" in text(client.get("/services/store/"))
    assert "Pause" not in page  # no right to administer


def test_an_administrator_pauses_and_resumes_a_probe(client, admin_user, store, probe):
    client.force_login(admin_user)
    assert "Pause" in text(client.get("/services/store/"))
    address = f"/services/store/probes/{probe.pk}/"
    for to, health in (("paused", "paused"), ("paused", "paused"), ("asked", "unknown"), ("nonsense", "unknown")):
        assert client.post(address, {"to": to}).headers["Location"] == "/services/store/"
        probe.refresh_from_db()
        assert probe.health == health
    assert list(Entry.objects.filter(kind__startswith="probe.p").values_list("actor", flat=True)) == [
        admin_user.actor_id
    ]


def test_what_a_file_says_is_shown_as_text(client, admin_user, payments_team):
    client.force_login(admin_user)
    evil = COMPONENT % ("evil", "payments") + "---\n" + COMPONENT % ("'<img>'", "payments")
    evil = evil.replace("{name: evil}", '{name: evil, title: "<script>alert(1)</script>"}')
    response = client.post("/services/-/import/", {"catalog_files": SimpleUploadedFile("<b>.yaml", evil.encode())})
    page = response.content.decode()
    assert "1 taken, 1 refused." in text(response)
    assert "<script>alert" not in page + client.get("/services/evil/").content.decode()
    assert "<b>.yaml" not in page and "<img>" not in page


def test_several_files_are_imported_together(client, admin_user, payments_team):
    client.force_login(admin_user)
    needs = (COMPONENT % ("one", "payments")).replace("owner: payments", "owner: payments, dependsOn: [two]")
    one = SimpleUploadedFile("one.yaml", needs.encode())
    two = SimpleUploadedFile("two.yaml", (COMPONENT % ("two", "payments")).encode())
    response = client.post("/services/-/import/", {"catalog_files": [one, two]})
    assert "3 taken." in text(response)
    assert Service.objects.get(slug="one").providers.get().slug == "two"


@pytest.mark.parametrize(
    ("files", "why"),
    [
        ([SimpleUploadedFile("big.yaml", b"#" * (LARGEST_FILE + 1))], "the limit is 1,048,576"),
        ([SimpleUploadedFile(f"{n}.yaml", b"a: 1") for n in range(21)], "at most 20 are taken"),
        ([SimpleUploadedFile("empty.yaml", b"")], "empty"),
        ([], "required"),
    ],
)
def test_an_upload_beyond_a_limit_is_refused(client, admin_user, files, why):
    client.force_login(admin_user)
    response = client.post("/services/-/import/", {"catalog_files": files})
    assert response.status_code == 422
    assert why in text(response)
    assert not Service.objects.exists()


def test_the_api_lists_shows_and_switches(client, admin_user, viewer, edge, store, probe):
    client.force_login(admin_user)
    paint(probe, Health.GREEN)
    rows = client.get("/api/v1/services?q=store").json()["results"]
    assert [(row["slug"], row["health"], row["owner"]["name"]) for row in rows] == [("store", "green", "Lena Vogt")]
    assert client.get("/api/v1/services?team=nowhere").json()["count"] == 0
    one = client.get("/api/v1/services/store").json()
    assert one["blast_radius"] == [{"service": "api", "distance": 1}, {"service": "edge", "distance": 2}]
    assert one["needed_by"][0]["service"] == "api" and one["probes"][0]["health"] == "green"
    answer = client.post("/api/v1/services/store/probes", {"paused": True}, "application/json")
    assert answer.json() == {"paused": True}
    assert client.get("/api/v1/services/store").json()["health"] == "paused"


def test_the_api_imports_and_reports(client, admin_user, payments_team):
    client.force_login(admin_user)
    body = {"files": [{"name": "a.yaml", "content": COMPONENT % ("one", "payments") + "---\na: 1\n"}]}
    answer = client.post("/api/v1/catalog/import", body, "application/json").json()
    assert answer["counts"] == {"taken": 1, "changed": 0, "unchanged": 0, "removed": 0, "refused": 1}
    assert [(line["outcome"], line["document"], line["line"]) for line in answer["lines"]] == [
        ("taken", 1, 3),
        ("refused", 2, 6),
    ]


@pytest.mark.parametrize("body", [{}, {"files": []}, {"files": [{"name": "a"}]}, {"files": "x"}, [], "nonsense"])
def test_the_api_refuses_a_malformed_import(client, admin_user, body):
    client.force_login(admin_user)
    assert client.post("/api/v1/catalog/import", body, "application/json").status_code == 400


def test_the_schema_knows_the_catalog(client, viewer):
    client.force_login(viewer)
    schema = client.get("/api/v1/schema/", headers={"Accept": "application/json"}).content.decode()
    for path in ("/api/v1/services", "/api/v1/teams/{slug}", "/api/v1/me", "/api/v1/catalog/import"):
        assert path in schema
