"""The API: the same gate and the same rules as the pages."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from approvals.models import ApprovalRequest
from catalog.models import Team, User
from catalog.states import Role
from tests.approvals.conftest import MakeRequest, history

pytestmark = pytest.mark.django_db


def as_user(user: User | None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def decide(user: User, request: ApprovalRequest, **fields: str):
    body = {"verdict": "approve", "seen_digest": request.digest, **fields}
    return as_user(user).post(reverse("approvals-api:decide", args=[request.uid]), body, format="json")


def test_the_list_shows_what_the_caller_sees(
    make_request: MakeRequest, owner: User, viewer: User, stranger: User, superuser: User
) -> None:
    asked = make_request()
    url = reverse("approvals-api:list")
    for user in (owner, viewer, superuser):
        (found,) = as_user(user).get(url).json()["results"]
        assert found["id"] == asked.uid
    assert as_user(stranger).get(url).json()["results"] == []
    assert as_user(None).get(url).status_code in (401, 403)


@pytest.mark.parametrize(
    ("query", "count"),
    [
        ("?show=waiting", 1), ("?show=cover", 0), ("?show=asked", 0), ("?show=nonsense", 1),
        ("?state=pending", 1), ("?state=void", 0), ("?stream=inc_other", 0),
    ],
)  # fmt: skip
def test_the_list_can_be_narrowed(query: str, count: int, make_request: MakeRequest, owner: User) -> None:
    make_request()
    assert as_user(owner).get(reverse("approvals-api:list") + query).json()["count"] == count


def test_the_detail_gives_exactly_what_is_bound(make_request: MakeRequest, viewer: User, stranger: User) -> None:
    asked = make_request()
    url = reverse("approvals-api:detail", args=[asked.uid])
    found = as_user(viewer).get(url).json()
    assert (found["digest"], found["binds"], found["service"]) == (asked.digest, asked.binds, "store")
    assert found["asked"][0]["user"]["name"] == "Lena Vogt"
    assert found["requester"]["name"] == "Jonas Weber"
    assert found["executor"] is None
    assert as_user(stranger).get(url).status_code == 404


def test_the_owner_decides(make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    answer = decide(owner, asked, reason="Safe.")
    assert answer.status_code == 200
    assert answer.json()["state"] == "approved"
    assert answer.json()["decisions"][0]["reason"] == "Safe."


@pytest.mark.parametrize(
    ("who", "status"),
    [("responder", 403), ("deputy", 403), ("viewer", 403), ("superuser", 403), ("stranger", 404)],
)
def test_nobody_else_decides(who: str, status: int, make_request: MakeRequest, request: pytest.FixtureRequest) -> None:
    asked, user = make_request(), request.getfixturevalue(who)
    answer = decide(user, asked)
    assert answer.status_code == status
    asked.refresh_from_db()
    assert asked.is_pending
    assert len(history("approval.refused")) == (status == 403)
    if status == 403:
        assert answer.json()["code"] == "not_entitled"


def test_a_machine_user_reads_but_never_decides(make_request: MakeRequest, make_user, payments_team: Team) -> None:
    asked, robot = make_request(), make_user(machine=True, team=payments_team, roles=[Role.APPROVER])
    assert as_user(robot).get(reverse("approvals-api:detail", args=[asked.uid])).status_code == 200
    answer = decide(robot, asked)
    assert answer.status_code == 403
    assert "machine user" in answer.json()["detail"]


def test_conflicts_have_codes(make_request: MakeRequest, owner: User, bindings: dict[str, str | None]) -> None:
    asked = make_request()
    assert decide(owner, asked, seen_digest="0" * 64).json()["code"] == "other_digest"
    assert decide(owner, asked, verdict="reject").json()["code"] == "reason_missing"
    assert decide(owner, asked, verdict="reject").status_code == 422
    bindings[asked.subject] = None
    changed = decide(owner, asked)
    assert (changed.status_code, changed.json()["code"]) == (409, "binding_changed")
    late = decide(owner, asked)
    assert (late.status_code, late.json()["code"]) == (409, "already_settled")


@pytest.mark.parametrize("fields", [{"verdict": "perhaps"}, {"seen_digest": "x"}, {"reason": "x" * 2001}])
def test_a_malformed_decision_changes_nothing(fields: dict[str, str], make_request: MakeRequest, owner: User) -> None:
    asked = make_request()
    answer = decide(owner, asked, **fields)
    assert answer.status_code == 400
    assert set(answer.json()) == set(fields)
    asked.refresh_from_db()
    assert asked.is_pending
