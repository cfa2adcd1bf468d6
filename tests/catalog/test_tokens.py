"""Machine tokens: issued once, hashed, scoped, expiring, revocable; and what the API answers to each."""

import datetime as dt

import pytest
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from audit import ledger
from audit.models import Disclosure, Entry
from catalog import services
from catalog.errors import TokenNotIssued
from catalog.models import MachineToken
from plumbing import clock

pytestmark = pytest.mark.django_db


class Door(APIView):
    def get(self, request):
        return Response({"user": request.user.username, "scopes": getattr(request.auth, "scopes", None)})


class IntakeDoor(Door):
    token_scope = "intake"


def knock(authorization: str | None, door=Door):
    headers = {} if authorization is None else {"Authorization": authorization}
    response = door.as_view()(APIRequestFactory().get("/api/v1/door", headers=headers))
    response.render()
    return response


def test_a_token_opens_the_door_as_its_machine_user(make_token):
    token, secret = make_token(scopes=["api", "intake"])
    answer = knock(f"Bearer {secret}")
    assert answer.status_code == 200
    assert answer.data == {"user": token.user.username, "scopes": ["api", "intake"]}
    token.refresh_from_db()
    assert token.used_at is not None


def test_the_secret_is_stored_nowhere(make_token):
    token, secret = make_token()
    assert secret.startswith("muster_") and len(secret) > 40
    assert token.hashed != secret and token.prefix == secret[:12]
    row = MachineToken.objects.values().get(pk=token.pk)
    assert secret not in str(row)
    assert not any(
        secret.encode() in bytes(payload) for payload in Disclosure.objects.values_list("payload", flat=True)
    )


@pytest.mark.parametrize("header", ["Bearer muster_unknown", "Bearer ", "bearer x" * 900, "Bearer \x7f\u00e9"])
def test_an_unknown_token_gets_401_and_is_told_how(header):
    answer = knock(header)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    assert answer.data["code"] == "token_refused"


def test_without_a_token_the_answer_is_401():
    assert knock(None).status_code == 401
    assert knock("Basic YTpi").status_code == 401


def test_an_expired_token_is_refused_and_says_when(make_token):
    now = clock.now()
    token, secret = make_token(expires_at=now + dt.timedelta(hours=1))
    MachineToken.objects.filter(pk=token.pk).update(expires_at=now - dt.timedelta(seconds=1))
    answer = knock(f"Bearer {secret}")
    assert answer.status_code == 401
    assert "expired at" in answer.data["detail"]


def test_a_revoked_token_is_refused_and_revoking_is_recorded_once(make_token, admin_user):
    token, secret = make_token()
    services.revoke_token(token, admin_user)
    services.revoke_token(token, admin_user)
    assert knock(f"Bearer {secret}").status_code == 401
    assert Entry.objects.get(kind="token.revoked").actor == admin_user.actor_id


def test_a_switched_off_machine_user_is_refused(make_token):
    token, secret = make_token()
    token.user.is_active = False
    token.user.save()
    assert knock(f"Bearer {secret}").status_code == 401


def test_a_token_opens_only_doors_of_its_scope(make_token):
    intake, api = make_token(scopes=["intake"]).secret, make_token(scopes=["api"]).secret
    assert knock(f"Bearer {intake}", IntakeDoor).status_code == 200
    assert knock(f"Bearer {api}", IntakeDoor).status_code == 403
    refused = knock(f"Bearer {intake}")
    assert refused.status_code == 403
    assert refused.data["code"] == "scope_missing" and "'api'" in refused.data["detail"]


@pytest.mark.parametrize(
    ("scopes", "hours", "word"),
    [([], 1, "at least one"), (["root"], 1, "no scope 'root'"), (["api"], -1, "expired")],
)
def test_a_token_asked_for_wrongly_is_not_issued(scopes, hours, word, make_user):
    with pytest.raises(TokenNotIssued, match=word):
        services.issue_token(
            make_user(machine=True), "x", scopes, clock.now() + dt.timedelta(hours=hours), ledger.SYSTEM
        )
    assert not MachineToken.objects.exists()
    assert not Entry.objects.filter(kind="token.issued").exists()


def test_a_person_gets_no_token(viewer):
    with pytest.raises(TokenNotIssued, match="is a person"):
        services.issue_token(viewer, "x", ["api"], None, ledger.SYSTEM)


def test_use_is_noted_at_most_once_a_minute(make_token, django_assert_num_queries):
    _, secret = make_token()
    knock(f"Bearer {secret}")
    with django_assert_num_queries(2):  # the clock and the lookup; no write
        knock(f"Bearer {secret}")


def test_a_machine_user_cannot_sign_in(client):
    robot = services.make_machine_user("robot", "Robot")
    assert not robot.has_usable_password()
    assert not client.login(username="robot", password="")
