"""Signing in with a second factor: until it is given, the session is nobody's, at every door."""

import json

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings as django_settings
from django.test import Client

from audit.models import Disclosure, Entry
from audit.selectors import entries
from catalog import services
from catalog.services import tries
from catalog.stepup import fresh_factor
from config.asgi import rooms
from plumbing import clock
from tests.cast import PASSWORD
from tests.factors import Passkey, code_of, enrol_app
from tests.incidents.sockets import HOST, ORIGIN, Socket, served

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sealing_key")]
PAGE, FACTOR = "/sign-in/", "/sign-in/factor/"
CLOSED = ["/", "/incidents/", "/approvals/", "/me/factors/", "/me/confirm/", "/me/factors/app/", "/evidence/access/"]
CLOSED_API = ["/api/v1/me", "/api/v1/incidents", "/api/v1/approvals", "/api/v1/schema/"]


@pytest.fixture
def secret(viewer):
    return enrol_app(viewer)


def begin(client, username="viewer", **more):
    return client.post(PAGE, {"username": username, "password": PASSWORD, **more}, REMOTE_ADDR="192.0.2.1")


def give(client, code):
    return client.post(FACTOR, {"code": code}, REMOTE_ADDR="192.0.2.1")


def is_in(client, user):
    return client.session.get("_auth_user_id") == str(user.pk)


def facts(kind):
    """What the latest entry of this kind says."""
    rows = Disclosure.objects.filter(entry=Entry.objects.filter(kind=kind).last())
    found = [json.loads(bytes(each)) for each in rows.values_list("payload", flat=True)]
    return {name: value for _salt, name, value in found}


def test_who_has_no_factor_signs_in_with_the_password_alone(client, viewer):
    assert begin(client)["Location"] == "/"
    assert is_in(client, viewer)


def test_the_password_leads_to_the_factor_and_the_factor_leads_on(client, viewer, secret):
    asked = begin(client, next="/services/")
    assert (asked.status_code, asked["Location"]) == (302, FACTOR)
    assert "Your second factor" in client.get(FACTOR).content.decode()
    assert not is_in(client, viewer)
    answer = give(client, code_of(secret))
    assert (answer.status_code, answer["Location"]) == (302, "/services/")
    assert is_in(client, viewer)
    assert client.get("/services/").status_code == 200


def test_the_record_says_what_was_used_and_that_the_password_alone_started_nothing(client, viewer, secret):
    begin(client)
    assert facts("session.challenged") == {"address": "192.0.2.1"}
    assert not Entry.objects.filter(kind="session.started").exists()
    give(client, code_of(secret))
    factor = Authenticator.objects.get(user=viewer)
    assert facts("session.started") == {"address": "192.0.2.1", "method": "totp", "factor": factor.pk}
    assert Entry.objects.get(kind="session.started").actor == viewer.actor_id
    assert factor.last_used_at is not None


def test_the_factor_of_the_sign_in_is_fresh(client, viewer, secret, rf):
    begin(client)
    give(client, code_of(secret))
    request = rf.get("/")
    request.user, request.session = viewer, client.session
    assert fresh_factor(request, now=clock.now(), within_s=300).method == "totp"


@pytest.mark.parametrize("begun", [False, True], ids=["nobody", "half signed in"])
def test_half_signed_in_is_not_signed_in_on_any_page_or_in_the_api(client, viewer, secret, begun):
    if begun:
        begin(client)
    for path in CLOSED:
        answer = client.get(path)
        assert answer.status_code == 302 and answer["Location"].startswith("/sign-in/?next="), path
    for path in CLOSED_API:
        assert client.get(path).status_code in (401, 403), path
    posted = client.post("/incidents/declare", {"title": "x"})
    assert posted["Location"].startswith("/sign-in/?next=")
    assert client.post("/api/v1/incidents", {"title": "x"}, content_type="application/json").status_code in (401, 403)


@pytest.mark.django_db(transaction=True)
def test_half_signed_in_hears_no_socket(viewer, secret, monkeypatch):
    monkeypatch.setattr(django_settings, "ALLOWED_HOSTS", [HOST])
    half, whole = Client(), Client()
    begin(half)
    whole.force_login(viewer)

    async def welcomed(client: Client) -> bool:
        cookie = f"{django_settings.SESSION_COOKIE_NAME}={client.cookies[django_settings.SESSION_COOKIE_NAME].value}"
        headers = [(b"host", HOST.encode()), (b"origin", ORIGIN.encode()), (b"cookie", cookie.encode())]
        socket = Socket(rooms, "/ws/lobby", headers)
        accepted = await socket.connect()
        if accepted:
            await socket.leave()
        return accepted

    async def main() -> list[bool]:
        return [await welcomed(half), await welcomed(whole)]

    assert served(main) == [False, True]


def test_a_code_counts_once(viewer, secret):
    code = code_of(secret)
    first, second = Client(), Client()
    for client in (first, second):
        begin(client)
    assert give(first, code).status_code == 302
    assert give(second, code).status_code == 422
    assert not is_in(second, viewer)
    assert give(second, code_of(secret, 1)).status_code == 302  # the next one does


def test_a_code_counts_once_also_for_a_process_that_did_not_see_it(viewer, secret):
    from django.core.cache import cache

    code, how = code_of(secret), {"kinds": ["totp"], "entry": "session.confirmed", "address": ""}
    services.use_code(viewer, code, **how)
    cache.clear()  # allauth's own memory of it, which is this process's alone
    with pytest.raises(services.factors.WrongFactor):
        services.use_code(viewer, code, **how)
    assert Entry.objects.filter(kind="session.confirmed").count() == 1


@pytest.mark.parametrize("steps", [-2, 2, 3_000])
def test_a_code_of_another_time_is_refused(client, viewer, secret, steps):
    begin(client)
    assert give(client, code_of(secret, steps)).status_code == 422


@pytest.mark.parametrize("said", [{}, {"code": ""}, {"code": "x" * 41}, {"credential": "{"}, {"credential": "[1]"},
                                  {"credential": "[" * 9_000}, {"credential": "x" * 20_000}])  # fmt: skip
def test_nonsense_is_refused_and_counts_no_try(client, viewer, secret, said):
    begin(client)
    answer = client.post(FACTOR, said)
    assert answer.status_code == 422
    assert not is_in(client, viewer)
    assert not Entry.objects.filter(kind="factor.refused").exists()


def test_wrong_codes_are_limited_and_recorded_without_what_was_typed(client, viewer, secret):
    begin(client)
    for _ in range(tries.MOST_BY_ONE):
        assert give(client, "000 000x").status_code == 422
    answer = give(client, code_of(secret))
    assert answer.status_code == 429 and 0 < int(answer["Retry-After"]) <= 300
    assert not is_in(client, viewer)
    other = Client()
    begin(other)
    assert other.post(FACTOR, {"code": code_of(secret)}, REMOTE_ADDR="192.0.2.77").status_code == 429  # from anywhere
    refused = [each for each in entries("access") if each.kind == "factor.refused"]
    assert len(refused) == tries.MOST_BY_ONE
    kept = b" ".join(bytes(each) for each in Disclosure.objects.values_list("payload", flat=True))
    assert b"000000x" not in kept and viewer.actor_id.encode() in kept


def test_a_recovery_code_lets_in_once_and_is_no_fresh_factor(viewer, secret, rf):
    services.renew_recovery_codes(viewer)
    code = services.show_recovery_codes(viewer)[0]
    first, second = Client(), Client()
    for client in (first, second):
        begin(client)
    assert give(first, f"{code[:5]} {code[5:]}").status_code == 302
    assert give(second, code).status_code == 422
    assert facts("session.started")["method"] == "recovery_codes"
    request = rf.get("/")
    request.user, request.session = viewer, first.session
    assert fresh_factor(request, now=clock.now(), within_s=300) is None


def test_a_new_password_a_switched_off_account_and_time_end_what_was_begun(viewer, secret, settings):
    def change_password():
        viewer.set_password("another-long-password-of-hers")
        viewer.save()

    def switch_off():
        viewer.is_active = False
        viewer.save()

    def reset():
        services.reset_factors(viewer, reason="lost", actor=viewer)

    def wait():
        settings.ACCOUNT_LOGIN_TIMEOUT = -1

    for end in (wait, change_password, switch_off, reset):
        client = Client()
        viewer.is_active, settings.ACCOUNT_LOGIN_TIMEOUT = True, 300
        viewer.set_password(PASSWORD)
        viewer.save()
        assert begin(client)["Location"] == FACTOR
        end()
        answer = give(client, code_of(secret))
        assert (answer.status_code, answer["Location"]) == (302, PAGE), end.__name__
        assert not is_in(client, viewer)


def test_nobody_reaches_the_second_half_without_the_first(client, viewer, secret):
    for answer in (client.get(FACTOR), give(client, code_of(secret))):
        assert (answer.status_code, answer["Location"]) == (302, PAGE)
    assert not is_in(client, viewer)


def test_somebody_elses_session_ends_when_another_begins_to_sign_in(client, viewer, commander, secret):
    client.force_login(commander)
    assert begin(client)["Location"] == FACTOR
    assert "_auth_user_id" not in client.session
    assert client.get("/services/").status_code == 302


def test_a_factor_of_another_person_does_not_help(client, viewer, commander, secret):
    other = enrol_app(commander)
    begin(client)
    assert give(client, code_of(other)).status_code == 422


def test_next_leads_only_within_this_site_also_through_the_factor(client, viewer, secret):
    begin(client, next="https://evil.example/")
    assert give(client, code_of(secret))["Location"] == "/"


def test_the_session_gets_a_new_key_when_it_becomes_somebodys(client, viewer, secret):
    begin(client)
    before = client.session.session_key
    give(client, code_of(secret))
    assert client.session.session_key != before
    assert "muster.half_signed_in" not in client.session


def test_a_passkey_signs_in(viewer):
    client, key = Client(HTTP_HOST="localhost"), Passkey()
    client.force_login(viewer)
    client.post(PAGE, {"username": "viewer", "password": PASSWORD})
    asked = client.get("/me/factors/passkey/").context["passkey"]["publicKey"]
    client.post("/me/factors/passkey/", {"name": "Blue key", "credential": json.dumps(key.create(asked))})
    assert Authenticator.objects.filter(user=viewer, type="webauthn").count() == 1
    fresh = Client(HTTP_HOST="localhost")
    begin(fresh)
    asked = fresh.get(FACTOR).context["passkey"]["publicKey"]
    answer = fresh.post(FACTOR, {"credential": json.dumps(key.get(asked))})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert facts("session.started")["method"] == "webauthn"
