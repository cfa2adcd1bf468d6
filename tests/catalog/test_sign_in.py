"""Signing in and out: who may, how often one may try, where one lands, and what is kept of it."""

import datetime as dt

import pytest

from audit.models import Disclosure, Entry
from catalog import services
from catalog.models import SignInFailure
from catalog.services import tries
from plumbing import clock
from tests.cast import PASSWORD

pytestmark = pytest.mark.django_db
PAGE = "/sign-in/"


@pytest.fixture(autouse=True)
def home(settings):
    settings.LOGIN_REDIRECT_URL = "/"  # which room answers there is not this test's business


def knock(client, username="viewer", password=PASSWORD, address="192.0.2.1", **more):
    return client.post(PAGE, {"username": username, "password": password, **more}, REMOTE_ADDR=address)


def test_the_right_password_signs_in_and_is_recorded(client, viewer):
    response = knock(client)
    assert (response.status_code, response.headers["Location"]) == (302, "/")
    assert client.session["_auth_user_id"] == str(viewer.pk)
    entry = Entry.objects.get(kind="session.started")
    assert (entry.actor, entry.stream.uid) == (viewer.actor_id, "access")
    assert not SignInFailure.objects.exists()


def test_the_session_gets_a_new_key(client, viewer):
    client.get(PAGE)
    session = client.session
    session["x"] = 1
    session.save()
    before = session.session_key
    knock(client)
    assert client.session.session_key != before


@pytest.mark.parametrize(
    ("username", "password"),
    [
        ("viewer", "wrong"),
        ("nobody", PASSWORD),
        ("viewer", PASSWORD.upper()),
        ("viewer", PASSWORD + " "),
        ("robot", "!"),
    ],
)
def test_a_wrong_sign_in_gets_one_answer_and_is_recorded_without_what_was_typed(
    client, viewer, make_user, username, password
):
    make_user("robot", machine=True)
    response = knock(client, username, password)
    assert response.status_code == 422
    assert "don&#x27;t belong together" in response.content.decode()
    assert "_auth_user_id" not in client.session
    entry = Entry.objects.get(kind="session.refused")
    assert entry.actor == "sys_muster"
    kept = b" ".join(bytes(each) for each in Disclosure.objects.filter(entry=entry).values_list("payload", flat=True))
    assert password.encode() not in kept and b"192.0.2.1" in kept
    assert (viewer.actor_id.encode() in kept) == (username == "viewer")


def test_a_switched_off_person_does_not_sign_in(client, viewer):
    viewer.is_active = False
    viewer.save()
    assert knock(client).status_code == 422


def test_after_five_wrong_tries_even_the_right_password_waits(client, viewer):
    for _ in range(tries.MOST_BY_ONE):
        assert knock(client, password="wrong").status_code == 422
    response = knock(client)
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= 300
    assert "Too many wrong tries. Try again in 5 minutes." in response.content.decode()
    assert Entry.objects.filter(kind="session.refused").count() == tries.MOST_BY_ONE  # knocking on fills no ledger
    assert knock(client, address="192.0.2.2").status_code == 302  # somebody else's tries lock nobody out elsewhere


def test_the_wait_ends_and_does_not_grow_by_knocking(client, viewer):
    for _ in range(tries.MOST_BY_ONE + 3):
        knock(client, password="wrong")
    assert SignInFailure.objects.count() == 2 * tries.MOST_BY_ONE
    SignInFailure.objects.update(at=SignInFailure.objects.first().at - tries.WINDOW)
    assert knock(client).status_code == 302


def test_a_good_sign_in_forgets_the_wrong_ones_of_that_name(client, viewer):
    for _ in range(tries.MOST_BY_ONE - 1):
        knock(client, password="wrong")
    assert knock(client).status_code == 302
    client.post("/sign-out/")
    assert knock(client, password="wrong").status_code == 422


def test_one_password_tried_on_everybody_is_stopped(client, viewer, monkeypatch):
    monkeypatch.setattr(tries, "MOST_BY_ADDRESS", 3)
    for number in range(3):
        assert knock(client, f"somebody-{number}").status_code == 422
    assert knock(client).status_code == 429
    assert knock(client, address="192.0.2.9").status_code == 302


def test_the_table_of_failures_names_nobody(client, viewer):
    knock(client, password="wrong")
    rows = str(list(SignInFailure.objects.values()))
    assert "viewer" not in rows and "192.0.2.1" not in rows


@pytest.mark.parametrize(
    ("asked", "lands"),
    [
        ("/services/?q=a", "/services/?q=a"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_next_leads_only_within_this_site(client, viewer, asked, lands):
    assert knock(client, next=asked).headers["Location"] == lands


def test_next_survives_a_wrong_try_and_is_escaped(client, viewer):
    page = client.get(PAGE, {"next": '/services/?q="><script>'}).content.decode()
    assert 'name="next" value="/services/?q=&quot;&gt;&lt;script&gt;"' in page
    assert 'value="/services/"' in knock(client, password="wrong", next="/services/").content.decode()


def test_who_is_signed_in_already_is_sent_on(client, viewer):
    client.force_login(viewer)
    assert client.get(PAGE, {"next": "/services/"}).headers["Location"] == "/services/"


@pytest.mark.parametrize(
    "data", [{}, {"username": "viewer"}, {"password": "x"}, {"username": "x" * 151, "password": "x"}]
)
def test_an_incomplete_form_is_refused_before_anything_is_counted(client, viewer, data):
    assert client.post(PAGE, data).status_code == 422
    assert not SignInFailure.objects.exists()


def test_signing_out_ends_the_session_and_is_recorded(client, viewer):
    client.force_login(viewer)
    response = client.post("/sign-out/")
    assert response.headers["Location"] == PAGE
    assert "_auth_user_id" not in client.session
    assert Entry.objects.get(kind="session.ended").actor == viewer.actor_id
    assert client.post("/sign-out/").status_code == 302  # twice is harmless
    assert Entry.objects.filter(kind="session.ended").count() == 1


def test_the_page_is_not_cached_and_shows_no_people_outside_the_demo(client, viewer):
    response = client.get(PAGE)
    assert "no-store" in response.headers["Cache-Control"]
    assert "Rafa Ortega" not in response.content.decode()


def test_the_demo_names_its_people(client, make_user, settings):
    settings.DEMO = True
    person = make_user("lena", name="Lena Vogt")
    person.title = "Head of data platform"
    person.save()
    assert "Lena Vogt" in client.get(PAGE).content.decode()


def test_a_try_older_than_the_window_does_not_count(viewer):
    now = clock.now()
    pair, place = tries.key_of("pair", "viewer\n192.0.2.1"), tries.key_of("address", "192.0.2.1")
    old = now - tries.WINDOW - dt.timedelta(seconds=1)
    SignInFailure.objects.bulk_create(SignInFailure(key=key, at=old) for key in (pair, place) for _ in range(40))
    assert services.check_credentials("viewer", PASSWORD, "192.0.2.1") == viewer
    assert not SignInFailure.objects.exists()
