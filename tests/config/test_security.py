"""What holds on every page and at every start: headers, cookies, sessions, redirects, refused settings."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.test import Client
from django.urls import reverse

from audit.models import Disclosure
from config.checks import refuse_unsafe_start
from tests.cast import PASSWORD
from tests.matrix import bodies
from tests.matrix.conftest import *  # noqa: F403 - the world and all who knock
from tests.matrix.doors import doors
from tests.matrix.table import API, PAGES
from tests.matrix.world import World

ROOT = Path(__file__).resolve().parents[2]
SIGN_IN = "/sign-in/"
READ_PAGES = [door for door, rows in PAGES.items() if "GET" in rows]


def address(world: World, door: str) -> str:
    blanks = doors()[door]
    return reverse(door, kwargs={name: value for name, value in world.arguments(door).items() if name in blanks})


# ---- browser --------------------------------------------------------------------------------------------------------


def policy(answer) -> dict[str, list[str]]:
    directives = (each.split() for each in answer.headers["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in directives}


def check_headers(answer) -> None:
    told, found = answer.headers, policy(answer)
    assert found["default-src"] == found["base-uri"] == found["frame-ancestors"] == ["'none'"]
    assert found["script-src"] == found["form-action"] == found["connect-src"] == ["'self'"]
    assert "'unsafe-inline'" not in found["style-src"]
    assert told["X-Content-Type-Options"] == "nosniff"
    assert told["X-Frame-Options"] == "DENY"
    assert told["Cross-Origin-Opener-Policy"] == told["Cross-Origin-Resource-Policy"] == "same-origin"
    assert told["Referrer-Policy"] == "same-origin"
    assert "camera=()" in told["Permissions-Policy"]
    assert "Server" not in told and "X-Powered-By" not in told


@pytest.mark.django_db
def test_every_page_tells_the_browser_what_it_may_not_do(world: World) -> None:
    for door in READ_PAGES:
        for who in ("commander", "stranger", "anonymous"):  # also what is hidden, and who is sent to sign in
            answer = world.clients[who].get(address(world, door))
            check_headers(answer)
            if who != "anonymous":
                assert "no-store" in answer.headers["Cache-Control"], f"{door} may be kept ({answer.status_code})"


@pytest.mark.django_db
def test_no_page_has_a_script_or_a_handler_in_it(world: World) -> None:
    for door in READ_PAGES:
        answer = world.clients["commander"].get(address(world, door))
        if answer.headers.get("Content-Disposition", "").startswith("attachment"):
            continue  # a download, no page of this portal
        page = answer.getvalue().decode().lower()
        inline = [tag for tag in page.split("<script")[1:] if "src=" not in tag[: tag.index(">")]]
        data = [tag for tag in inline if 'type="application/json"' in tag[: tag.index(">")]]
        assert inline == data, f"{door} has a script of its own"
        assert " onclick=" not in page and " onload=" not in page and "javascript:" not in page, door
        assert "hx-on" not in page, door


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["incidents-api:incidents", "catalog-api:me", "schema"])
def test_what_the_api_says_is_not_kept_either(door: str, world: World) -> None:
    answer = world.clients["commander"].get(address(world, door))
    check_headers(answer)
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.django_db
def test_a_refusal_leads_back_to_us_and_never_to_another_site(world: World) -> None:
    said = {"verdict": "approve", "seen": world.request.digest, "reason": ""}
    client, path = world.clients["deputy"], address(world, "approvals:decide")
    ours = client.post(path, said, headers={"Referer": "http://testserver/approvals/"}).content.decode()
    assert 'href="http://testserver/approvals/"' in ours
    for page in ("https://evil.example/", "javascript:alert(1)", "//evil.example"):
        answer = client.post(path, said, headers={"Referer": page})
        assert answer.status_code == 403
        assert page not in answer.content.decode()


# ---- requests of other sites ----------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_door_that_changes_something_works_without_the_token_of_the_form(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(world.users["commander"])
    wrong, tried = {}, 0
    for door, rows in {**PAGES, **API}.items():
        if "POST" not in rows or "intake" in door:  # tokens of machines aren't sent by browsers
            continue
        make = (bodies.API if door in API else bodies.PAGES).get(door, lambda world: {})
        kind = {"content_type": "application/json"} if door in API else {}
        told = client.post(address(world, door), make(world), **kind).status_code
        tried += 1
        if told != 403:
            wrong[door] = told
    assert not wrong
    assert tried > 30


@pytest.mark.django_db
def test_a_token_of_a_machine_needs_no_form(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.defaults.update(world.clients["machine"].defaults)
    answer = client.post(address(world, "incidents-api:notes"), {"text": "hello"}, content_type="application/json")
    assert answer.status_code == 201


# ---- sessions -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize(
    "where",
    ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)", "http:///evil.example",
     "https:evil.example", "\t//evil.example", "http://testserver@evil.example/"],
)  # fmt: skip
def test_sign_in_leads_to_no_other_site(where: str, client, viewer) -> None:
    answer = client.post(SIGN_IN, {"username": "viewer", "password": PASSWORD, "next": where})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")
    again = client.get(SIGN_IN, {"next": where})
    assert (again.status_code, again.headers["Location"]) == (302, "/")


@pytest.mark.django_db
def test_sign_in_leads_where_one_wanted_to_go(client, viewer) -> None:
    answer = client.post(SIGN_IN, {"username": "viewer", "password": PASSWORD, "next": "/services/"})
    assert answer.headers["Location"] == "/services/"


@pytest.mark.django_db
@pytest.mark.parametrize("act", ["approvals:decide", "runbooks:cancel"])
def test_an_act_leads_to_no_other_site(act: str, world: World) -> None:
    who = "owner" if act == "approvals:decide" else "commander"
    said = {**bodies.PAGES[act](world), "next": "https://evil.example/"}
    answer = world.clients[who].post(address(world, act), said)
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/")
    swapped = world.clients[who].get(address(world, act) + "?next=https://evil.example/")
    assert 'href="https://evil.example' not in swapped.content.decode()


@pytest.mark.django_db
def test_the_sixth_wrong_password_is_not_even_looked_at(client, viewer) -> None:
    for _ in range(5):
        assert client.post(SIGN_IN, {"username": "viewer", "password": "wrong"}).status_code == 422
    answer = client.post(SIGN_IN, {"username": "viewer", "password": PASSWORD})
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 300
    assert "_auth_user_id" not in client.session


@pytest.mark.django_db
def test_a_session_ends_with_the_password_and_with_the_account(viewer) -> None:
    for change in ("password", "account"):
        client = Client()
        client.force_login(viewer)
        assert client.get("/services/").status_code == 200
        if change == "password":
            viewer.set_password("another-long-password-of-hers")
        else:
            viewer.is_active = False
        viewer.save()
        assert client.get("/services/").headers["Location"].startswith(SIGN_IN)
        assert client.get("/api/v1/me").status_code == 401


# ---- evidence -------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_secret_is_in_the_ledger(world: World, client) -> None:
    client.post(SIGN_IN, {"username": "viewer", "password": PASSWORD})
    client.post(SIGN_IN, {"username": "viewer", "password": "a-wrong-" + PASSWORD})
    client.post("/sign-out/")
    for door in ("incidents:write", "incidents:update", "runbooks:change-input"):
        world.clients["commander"].post(address(world, door), bodies.PAGES[door](world))
    told = b"".join(bytes(payload) for payload in Disclosure.objects.values_list("payload", flat=True))
    secrets = [PASSWORD, "a-wrong-", settings.SECRET_KEY, client.cookies["sessionid"].value or "no session"]
    secrets += [each.cookies["sessionid"].value for each in world.clients.values() if "sessionid" in each.cookies]
    bearers = [each.defaults.get("HTTP_AUTHORIZATION", "") for each in world.clients.values()]
    secrets += [bearer.removeprefix("Bearer ") for bearer in bearers if bearer]
    secrets += [user.password for user in world.users.values() if len(user.password) > 20]
    assert len(secrets) > 20
    assert b"session.started" not in told and len(told) > 2_000
    assert not [secret for secret in secrets if secret.encode() in told]


# ---- starting -------------------------------------------------------------------------------------------------------

SAFE = {
    "MUSTER_MODE": "production",
    "MUSTER_SECRET_KEY": "k3Jx-9vQz_81mPfW2rTnYb6Lc0Hd5SgAa7EuXo4Ii-wMpRtVqZyBnKfD",
    "MUSTER_HOSTS": "muster.bank.example",
    "MUSTER_ORIGIN": "https://muster.bank.example",
    "MUSTER_DATABASE_URL": "postgresql://muster@db.bank.example/muster",
    "MUSTER_REDIS_URL": "redis://redis.bank.example/0",
}


@pytest.fixture
def run(tmp_path):
    """run("check", "--deploy", MUSTER_…=…): manage.py in a process of its own, with a production's environment."""
    key = tmp_path / "key.pem"
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    key.write_bytes(Ed25519PrivateKey.generate().private_bytes(*pem))
    key.chmod(0o600)

    def started(*command: str, **changes: str | None) -> subprocess.CompletedProcess[str]:
        said = {**SAFE, "MUSTER_LEDGER_KEY": str(key), "MUSTER_DATA": str(tmp_path), **changes}
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "DJANGO_"))}
        environment = kept | {name: value for name, value in said.items() if value is not None}
        arguments = [sys.executable, *command]
        return subprocess.run(
            arguments, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return started


START = "import config.settings, django, os; os.environ['DJANGO_SETTINGS_MODULE'] = 'config.settings'; django.setup(); "
START += "from config.checks import refuse_unsafe_start; refuse_unsafe_start(); print('started')"


def test_production_passes_the_deployment_check_without_a_warning(run) -> None:
    signer = "unix:/run/muster/signer.sock"
    done = run("-W", "error", "manage.py", "check", "--deploy", "--fail-level", "WARNING", MUSTER_SIGNER=signer)
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_the_deployment_check_warns_of_a_production_that_signs_by_itself(run) -> None:
    done = run("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 1
    assert "(muster.W001) MUSTER_SIGNER is not set" in done.stderr
    assert "HINT: Run the signer as another user" in done.stderr
    assert done.stderr.count("muster.W") == 1


def test_a_safe_production_starts(run) -> None:
    assert run("-c", START).stdout == "started\n"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"MUSTER_SECRET_KEY": None}, "MUSTER_SECRET_KEY is the demo's or shorter"),
        ({"MUSTER_SECRET_KEY": "short"}, "MUSTER_SECRET_KEY is the demo's or shorter"),
        ({"MUSTER_DEBUG": "1"}, "DEBUG is on"),
        ({"MUSTER_DATABASE_URL": None}, "the database is sqlite3"),
        ({"MUSTER_REDIS_URL": None}, "the broker lives in one process's memory"),
        (
            {"MUSTER_REDIS_URL": None, "MUSTER_BROKER_URL": "amqp://x"},
            "the channel layer lives in one process's memory",
        ),
        ({"MUSTER_HOSTS": None}, "no host names are set"),
        ({"MUSTER_HOSTS": "*"}, "no host names are set"),
        ({"MUSTER_ORIGIN": None}, "the public address is not https"),
        ({"MUSTER_ORIGIN": "http://muster.bank.example"}, "the public address is not https"),
        ({"MUSTER_LEDGER_KEY": "/nowhere/key.pem"}, "there is no ledger key at /nowhere/key.pem"),
        ({"MUSTER_MODE": "prod"}, "MUSTER_MODE=prod is unknown"),
        ({"MUSTER_MODE": "demo"}, "A demo can't start with production settings: MUSTER_ORIGIN"),
        ({"MUSTER_MODE": "demo", "MUSTER_ORIGIN": None}, "A demo can't start with production settings: MUSTER_HOSTS"),
        ({"MUSTER_MODE": "test"}, "A test can't start with production settings: MUSTER_ORIGIN"),
    ],
    ids=lambda value: ",".join(f"{k}={v}" for k, v in value.items()) if isinstance(value, dict) else "",
)
def test_an_unsafe_start_is_refused_with_a_sentence(changes: dict[str, str | None], sentence: str, run) -> None:
    done = run("-c", START, **changes)
    assert done.returncode != 0
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_every_refusal_of_production_is_told_at_once(run) -> None:
    done = run("-c", START, MUSTER_SECRET_KEY=None, MUSTER_DEBUG="1", MUSTER_HOSTS=None, MUSTER_ORIGIN=None)
    assert len(done.stderr.strip().splitlines()) == 4


def test_cookies_of_production_belong_to_this_host_and_to_https(run) -> None:
    names = [f"SESSION_COOKIE_{name}" for name in ("NAME", "SECURE", "HTTPONLY", "SAMESITE")]
    names += ["CSRF_COOKIE_NAME", "CSRF_COOKIE_SECURE", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "DEBUG"]
    script = f"from config import settings as s; print([getattr(s, name) for name in {names!r}])"
    expected = ["__Host-session", True, True, "Lax", "__Host-csrf", True, True, 31536000, False]
    assert run("-c", script).stdout.strip() == str(expected)


def test_a_demo_listens_on_this_machine_alone(run) -> None:
    done = run("manage.py", "serve", "--host", "0.0.0.0", MUSTER_MODE="demo", MUSTER_ORIGIN=None, MUSTER_HOSTS=None)  # noqa: S104
    assert done.returncode != 0
    assert "127.0.0.1 only" in done.stderr


def test_a_test_run_is_let_start(settings) -> None:
    settings.ALLOWED_HOSTS = ["127.0.0.1", "testserver"]
    refuse_unsafe_start()
