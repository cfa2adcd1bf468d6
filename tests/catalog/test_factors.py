"""One's own second factors: adding and removing, what ends with it, what is kept of it, and who may do it."""

import base64
import json
import re
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from django.core.management import CommandError, call_command
from django.db import DatabaseError
from django.test import Client

from audit import ledger
from audit.models import Disclosure, Entry
from catalog import services
from catalog.errors import FactorNotAdded, WrongFactor
from catalog.models import Notice, User
from plumbing import clock
from plumbing.sealing import SealingRefused
from tests.cast import PASSWORD
from tests.catalog.test_stepup_sign_in import facts
from tests.factors import Passkey, code_of, enrol_app, enrol_passkey_of, proved, remembered

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sealing_key")]
LIST, APP, PASSKEY, CODES = "/me/factors/", "/me/factors/app/", "/me/factors/passkey/", "/me/factors/codes/"
STEP_UP, CONFIRM = "/me/confirm/", "/me/factors/confirm/"


@pytest.fixture
def client(viewer):
    """The viewer's, who signed in a moment ago with a password, at a name that passkeys take."""
    client = Client(HTTP_HOST="localhost")
    client.force_login(viewer)
    remembered(client, viewer, {"method": "password", "at": clock.now().timestamp()})
    return client


@pytest.fixture
def elsewhere(viewer):
    """Another session of the same person."""
    client = Client()
    client.force_login(viewer)
    return client


def is_in(client):
    return client.get("/services/").status_code == 200


def key_on(page):
    """The key that the page shows as text."""
    return re.search(r'factor-app__key mono">([A-Z2-7 =]+)<', page.content.decode()).group(1).replace(" ", "")


def add_app(client):
    secret = key_on(client.get(APP))
    return secret, client.post(APP, {"code": code_of(secret)})


def add_passkey(client, key, name="Blue key", **how):
    asked = client.get(PASSKEY).context["passkey"]["publicKey"]
    return client.post(PASSKEY, {"name": name, "credential": json.dumps(key.create(asked, **how))})


# ---- adding ---------------------------------------------------------------------------------------------------------


def test_an_app_is_added_by_showing_that_it_knows_the_key(client, viewer):
    secret, answer = add_app(client)
    assert (answer.status_code, answer["Location"]) == (302, CODES)
    factor = Authenticator.objects.get(user=viewer, type="totp")
    assert facts("factor.added") == {"method": "totp", "factor": factor.pk}
    assert Entry.objects.get(kind="factor.added").actor == viewer.actor_id
    assert secret not in json.dumps(factor.data), "the key is kept sealed"
    assert "mfa.totp.secret" not in client.session
    assert "Authenticator app" in client.get(LIST).content.decode()


def test_the_code_that_added_an_app_is_spent(client, viewer):
    secret, _ = add_app(client)
    assert client.post(STEP_UP, {"code": code_of(secret)}).status_code == 422
    assert client.post(STEP_UP, {"code": code_of(secret, 1)}).status_code == 302


def test_a_wrong_first_code_adds_nothing_and_keeps_the_key(client, viewer):
    secret = key_on(client.get(APP))
    answer = client.post(APP, {"code": "12345"})
    assert answer.status_code == 422 and key_on(answer) == secret
    assert not Authenticator.objects.filter(user=viewer).exists()
    assert client.post(APP, {"code": code_of(secret)}).status_code == 302


def test_there_is_one_app(client, viewer):
    enrol_app(viewer)
    proved(client, viewer, "totp")
    secret = key_on(client.get(APP))
    answer = client.post(APP, {"code": code_of(secret)})
    assert answer.status_code == 422 and "there is an authenticator app already" in answer.content.decode()


def test_a_passkey_is_added_used_and_listed_by_its_name(client, viewer):
    key = Passkey()
    assert add_passkey(client, key, "Lena's <b>key</b>")["Location"] == CODES
    assert "Lena&#x27;s &lt;b&gt;key&lt;/b&gt;" in client.get(LIST).content.decode()
    asked = client.get(STEP_UP).context["passkey"]["publicKey"]
    assert asked["userVerification"] == "required"
    answer = client.post(STEP_UP, {"credential": json.dumps(key.get(asked)), "next": "/services/"})
    assert (answer.status_code, answer["Location"]) == (302, "/services/")
    assert facts("session.confirmed")["method"] == "webauthn"


@pytest.mark.parametrize("how", [{"origin": "https://evil.example"}, {"origin": "http://localhost.evil.example"},
                                 {"verified": False}], ids=str)  # fmt: skip
def test_a_passkey_of_another_page_or_without_finger_face_or_pin_is_refused(client, viewer, how):
    assert add_passkey(client, Passkey(), **how).status_code == 422
    assert not Authenticator.objects.filter(user=viewer).exists()
    key = Passkey()
    add_passkey(client, key)
    asked = client.get(STEP_UP).context["passkey"]["publicKey"]
    assert client.post(STEP_UP, {"credential": json.dumps(key.get(asked, **how))}).status_code == 422


def test_an_answer_of_a_passkey_counts_once_and_for_its_own_question(client, viewer):
    key = Passkey()
    add_passkey(client, key)
    old = client.get(STEP_UP).context["passkey"]["publicKey"]
    asked = client.get(STEP_UP).context["passkey"]["publicKey"]
    assert client.post(STEP_UP, {"credential": json.dumps(key.get(old))}).status_code == 422
    asked = client.get(STEP_UP).context["passkey"]["publicKey"]
    said = {"credential": json.dumps(key.get(asked))}
    assert client.post(STEP_UP, said).status_code == 302
    assert client.post(STEP_UP, said).status_code == 422


def test_a_strangers_passkey_and_one_that_signs_wrongly_are_refused(client, viewer, commander):
    own, other, forged = Passkey(), Passkey(), Passkey()
    add_passkey(client, own)
    enrol_passkey_of(commander, other)
    forged.uid = own.uid
    for key in (other, forged):
        asked = client.get(STEP_UP).context["passkey"]["publicKey"]
        assert client.post(STEP_UP, {"credential": json.dumps(key.get(asked))}).status_code == 422


NONSENSE = (None, 7, "", "AAAA", "!!", "o2NmbXRkbm9uZQ", ["x"], {"a": 1})
ADDING = ("clientDataJSON", "attestationObject")
USING = ("clientDataJSON", "authenticatorData", "signature")


@pytest.mark.parametrize("wrong", NONSENSE, ids=str)
def test_a_broken_answer_of_a_passkey_is_refused_and_breaks_nothing(client, viewer, monkeypatch, wrong):
    monkeypatch.setattr(services.tries, "MOST_BY_ONE", 100)
    key = Passkey()

    def refused(path, answer, parts):
        for part in (*parts, "all of it"):
            said = answer(client.get(path).context["passkey"]["publicKey"])  # each time to a question of its own
            said["response"] = wrong if part == "all of it" else {**said["response"], part: wrong}
            told = client.post(path, {"name": "x", "credential": json.dumps(said)})
            assert told.status_code == 422, part
        assert client.post(path, {"name": "x", "credential": json.dumps({"id": wrong})}).status_code == 422

    refused(PASSKEY, key.create, ADDING)
    assert not Authenticator.objects.filter(user=viewer).exists()
    assert add_passkey(client, key).status_code == 302
    refused(STEP_UP, key.get, USING)


def test_a_passkey_needs_a_name_and_not_too_many_are_kept(client, viewer):
    assert add_passkey(client, Passkey(), name=" ").status_code == 422
    for _ in range(services.factors.MOST_PASSKEYS):
        enrol_passkey_of(viewer)
    with pytest.raises(FactorNotAdded, match="10 passkeys are enough"):
        services.add_passkey(viewer, "one more", {})


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "[::1]:8000"])
def test_at_an_address_made_of_numbers_the_page_leads_to_a_name(client, viewer, host, settings):
    settings.ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
    page = client.get(PASSKEY, headers={"host": host}).content.decode()
    assert 'href="http://localhost:8000/me/factors/passkey/"' in page
    assert "passkey-options" not in page
    assert client.get(APP, headers={"host": host}).status_code == 200  # the app works everywhere


def test_a_passkey_belongs_to_the_public_name(client, viewer, settings):
    settings.ALLOWED_HOSTS, settings.ORIGIN = ["muster.bank.example", "old.bank.example"], "https://muster.bank.example"
    right = client.get(PASSKEY, headers={"host": "muster.bank.example"}, secure=True)
    assert right.context["passkey"]["publicKey"]["rp"]["id"] == "muster.bank.example"
    wrong = client.get(PASSKEY, headers={"host": "old.bank.example"}, secure=True)
    assert wrong.context["passkey"] is None
    assert wrong.context["passkey_place"] == "https://muster.bank.example/me/factors/passkey/"


def test_a_machine_user_has_no_factor(make_user):
    machine = make_user("robot", machine=True)
    with pytest.raises(FactorNotAdded, match="machines have tokens"):
        services.add_app(machine, "A" * 32, "000000")
    with pytest.raises(FactorNotAdded, match="machines have tokens"):
        services.add_passkey(machine, "x", {})


# ---- what ends with it ----------------------------------------------------------------------------------------------


def test_all_other_sessions_end_when_a_factor_comes_and_when_one_goes(client, viewer, elsewhere):
    assert is_in(elsewhere)
    add_app(client)
    assert is_in(client) and not is_in(elsewhere)
    elsewhere.force_login(User.objects.get(pk=viewer.pk))
    assert is_in(elsewhere)
    factor = Authenticator.objects.get(user=viewer, type="totp")
    assert client.post(f"/me/factors/{factor.pk}/remove/")["Location"] == LIST
    assert is_in(client) and not is_in(elsewhere)


def test_nothing_changes_when_the_record_cannot_be_written(viewer, elsewhere, monkeypatch):
    def fail(*args, **kwargs):
        raise DatabaseError("no")

    secret = "A" * 32
    monkeypatch.setattr(ledger, "record", fail)
    with pytest.raises(DatabaseError):
        services.add_app(viewer, secret, code_of(secret))
    assert not Authenticator.objects.filter(user=viewer).exists()
    assert is_in(elsewhere)


def test_removing_the_last_factor_takes_the_recovery_codes_and_is_on_record(client, viewer):
    add_app(client)
    factor = Authenticator.objects.get(user=viewer, type="totp")
    page = client.get(f"/me/factors/{factor.pk}/remove/").content.decode()
    assert "It is your only one" in page
    client.post(f"/me/factors/{factor.pk}/remove/")
    assert not Authenticator.objects.filter(user=viewer).exists()
    assert facts("factor.removed") == {"method": "totp", "factor": factor.pk}


def test_removing_one_of_two_leaves_the_codes(client, viewer):
    add_app(client)
    passkey = enrol_passkey_of(viewer)
    client.post(f"/me/factors/{passkey.pk}/remove/")
    assert set(Authenticator.objects.filter(user=viewer).values_list("type", flat=True)) == {"totp", "recovery_codes"}


def test_nobody_removes_anothers_factor_nor_recovery_codes_as_such(client, viewer, commander):
    add_app(client)
    theirs = enrol_passkey_of(commander)
    codes = Authenticator.objects.get(user=viewer, type="recovery_codes")
    for factor in (theirs, codes):
        for answer in (client.get(f"/me/factors/{factor.pk}/remove/"), client.post(f"/me/factors/{factor.pk}/remove/")):
            assert answer.status_code == 404
    assert Authenticator.objects.filter(pk__in=[theirs.pk, codes.pk]).count() == 2


# ---- a recent sign-in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [APP, PASSKEY, CODES])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_old_sign_in_is_confirmed_by_the_password_first(elsewhere, path, method):
    answer = getattr(elsewhere, method)(path)
    assert answer["Location"] == f"{CONFIRM}?next={path.replace('/', '%2F')}"
    assert elsewhere.post(answer["Location"], {"password": "wrong"}).status_code == 422
    assert getattr(elsewhere, method)(path).status_code == 302
    assert elsewhere.post(answer["Location"], {"password": PASSWORD})["Location"] == path
    assert elsewhere.get(path).status_code == 200
    assert facts("session.confirmed") == {"address": "127.0.0.1", "method": "password"}


def test_guessing_the_password_there_is_limited_too(elsewhere, viewer):
    for _ in range(services.tries.MOST_BY_ONE):
        assert elsewhere.post(CONFIRM, {"password": "wrong"}).status_code == 422
    assert elsewhere.post(CONFIRM, {"password": PASSWORD}).status_code == 429


def test_who_has_a_factor_confirms_with_one_and_the_password_is_not_asked(client, viewer):
    secret = enrol_app(viewer)
    assert client.get(PASSKEY)["Location"].startswith(CONFIRM)  # though the password was given just now
    assert client.post(CONFIRM, {"password": PASSWORD}).status_code == 422
    assert client.post(CONFIRM, {"code": code_of(secret), "next": PASSKEY})["Location"] == PASSKEY
    assert client.get(PASSKEY).status_code == 200


def test_a_recovery_code_confirms_for_ones_own_factors_and_does_not_step_up(client, viewer):
    add_app(client)
    code = services.show_recovery_codes(viewer)[0]
    assert client.post(STEP_UP, {"code": code}).status_code == 422
    assert client.post(CONFIRM, {"code": code})["Location"] == LIST  # refused above, and not spent by it


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_no_page_leads_to_another_site(client, viewer, where):
    secret = enrol_app(viewer)
    assert "evil" not in client.get(STEP_UP, {"next": where}).content.decode()
    assert client.post(STEP_UP, {"code": code_of(secret), "next": where})["Location"] == "/"
    assert client.post(CONFIRM, {"code": code_of(secret, 1), "next": where})["Location"] == LIST


def test_who_has_no_factor_is_told_at_step_up_how_to_get_one(client, viewer):
    page = client.get(STEP_UP, {"next": "/approvals/"}).content.decode()
    assert "A second factor is needed" in page and 'href="/me/factors/"' in page and 'href="/approvals/"' in page
    assert client.post(STEP_UP, {"code": "000000"}).status_code == 200


# ---- recovery codes -------------------------------------------------------------------------------------------------


def test_recovery_codes_are_shown_once_and_renewed_as_often_as_wanted(client, viewer):
    add_app(client)
    first = client.post(CODES).context["codes"]
    assert len(set(first)) == 10 and all(re.fullmatch(r"\d{10}", code) for code in first)
    assert client.post(CODES).context["codes"] == []
    assert all(code[:5] not in client.get(CODES).content.decode() for code in first)
    second = client.post(CODES, {"do": "renew"}).context["codes"]
    assert len(second) == 10 and not set(first) & set(second)
    assert [Entry.objects.filter(kind=f"recovery_codes.{what}").count() for what in ("shown", "made")] == [2, 1]
    kept = b" ".join(bytes(each) for each in Disclosure.objects.values_list("payload", flat=True))
    assert not [code for code in (*first, *second) if code.encode() in kept]
    with pytest.raises(WrongFactor):
        services.use_code(viewer, first[0], kinds=["recovery_codes"], entry="session.started", address="")
    services.use_code(viewer, second[0], kinds=["recovery_codes"], entry="session.started", address="")
    assert "9 recovery codes left" in client.get(LIST).content.decode()


def test_without_a_factor_there_are_no_recovery_codes(client, viewer):
    assert client.post(CODES, {"do": "renew"}).status_code == 422
    assert not Authenticator.objects.filter(user=viewer).exists()


# ---- the administrator's way ----------------------------------------------------------------------------------------


def test_an_administrator_resets_factors_and_it_is_on_record(client, viewer):
    add_app(client)
    said = StringIO()
    call_command("reset_factors", "viewer", reason="Phone lost; recognised in person at the desk.", stdout=said)
    assert said.getvalue() == "viewer: 1 second factor removed, all sessions ended\n"
    assert not Authenticator.objects.filter(user=viewer).exists()
    assert not is_in(client)
    told = {"user": viewer.actor_id, "reason": "Phone lost; recognised in person at the desk.", "factors": 1}
    assert facts("factor.reset") == told


@pytest.mark.parametrize(("name", "reason", "says"), [
    ("nobody", "lost", "There is no person 'nobody'"), ("robot", "lost", "There is no person 'robot'"),
    ("viewer", " ", "--reason needs 1 to 500"), ("viewer", "x" * 501, "--reason needs 1 to 500"),
])  # fmt: skip
def test_a_reset_that_makes_no_sense_changes_nothing(viewer, make_user, elsewhere, name, reason, says):
    make_user("robot", machine=True)
    with pytest.raises(CommandError, match=says):
        call_command("reset_factors", name, reason=reason)
    assert is_in(elsewhere)
    assert not Entry.objects.filter(kind="factor.reset").exists()


# ---- keys, and being told -------------------------------------------------------------------------------------------


def test_secrets_are_sealed_anew_so_that_an_old_key_can_go(viewer, settings):
    old, new = (base64.b64encode(bytes([each]) * 32).decode() for each in (0, 1))
    secret = enrol_app(viewer)
    services.renew_recovery_codes(viewer)
    settings.SEALING_KEYS, said = [new, old], StringIO()
    call_command("seal_contacts_anew", stdout=said)
    assert "2 secrets of second factors sealed anew" in said.getvalue()
    assert services.seal_factors_anew() == 0
    settings.SEALING_KEYS = [new]
    how = {"entry": "session.confirmed", "address": ""}
    assert services.use_code(viewer, code_of(secret), kinds=["totp"], **how)
    assert len(services.show_recovery_codes(viewer)) == 10
    settings.SEALING_KEYS = [old]
    with pytest.raises(SealingRefused):
        services.use_code(viewer, code_of(secret, 1), kinds=["totp"], **how)


def test_the_owner_of_the_account_is_told_of_each_change(client, viewer):
    viewer.email = "rafa@bank.example"
    viewer.save()
    add_app(client)
    factor = Authenticator.objects.get(user=viewer, type="totp")
    client.post(f"/me/factors/{factor.pk}/remove/")
    services.reset_factors(viewer, reason="to be sure", actor=ledger.SYSTEM)
    told = list(Notice.objects.filter(user=viewer).order_by("pk").values_list("title", "path", "stream"))
    assert [title for title, _, _ in told] == [
        "A second factor was added to your account",
        "A second factor of yours was removed",
        "An administrator removed all your second factors",
    ]
    assert {(path, stream) for _, path, stream in told} == {("/me/factors/", "access")}


# ---- what allauth would bring ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/accounts/signup/", "/accounts/password/reset/", "/accounts/email/", "/signup/",
                                  "/accounts/login/", "/accounts/2fa/", "/accounts/3rdparty/"])  # fmt: skip
def test_no_other_address_of_allauth_exists(client, path):
    assert client.get(path).status_code == 404
