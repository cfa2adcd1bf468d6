"""Policies, delegations, the dry run and the measures over the API: machine users read, persons change."""

from typing import Any

import pytest
from django.test import Client

from approvals.models import Delegation, PolicyVersion
from approvals.policies.shipped import shipped
from approvals.selectors import in_force
from audit.models import Entry
from catalog.models import Service, User
from catalog.services import go_away, join
from catalog.states import Role
from plumbing import clock
from tests.approvals.test_delegation_pages import DAY, given
from tests.approvals.test_pages import as_user
from tests.approvals.test_policy_pages import NOTE, SHORTER, SLUG

pytestmark = pytest.mark.django_db
API = "/api/v1/approvals"


def get(client: Client, path: str, **query: Any) -> Any:
    answer = client.get(f"{API}/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def post(client: Client, path: str, **said: Any):
    return client.post(f"{API}/{path}", said, content_type="application/json")


@pytest.fixture
def robot(make_user, make_token, payments_team, admin_user: User) -> Client:
    """A machine user with every role: only what it is stands in its way."""
    user = make_user("robot", machine=True)
    for role in Role:
        join(payments_team, user, role, admin_user)
    return Client(headers={"Authorization": f"Bearer {make_token(user).secret}"})


def test_a_machine_reads_everything_and_changes_nothing(
    robot: Client, owner: User, deputy: User, store: Service, admin_user: User
) -> None:
    post(as_user(admin_user), "policies", text=SHORTER, note=NOTE)
    made = given(owner, deputy)
    before = Entry.objects.count()
    for path in ("policies", f"policies/{SLUG}", "delegations", "explain?service=store", "measures"):
        assert robot.get(f"{API}/{path}").status_code == 200, path
    refused = [
        post(robot, "policies", text=SHORTER, note=NOTE),
        post(robot, f"policies/{SLUG}/versions/2/rule", accept=True),
        post(robot, "delegations", taker="deputy", until=(clock.now() + DAY).isoformat(), reason="x"),
        post(robot, f"delegations/{made.uid}/end", reason="x"),
    ]
    assert [answer.status_code for answer in refused] == [403] * 4
    assert Entry.objects.count() == before
    assert (PolicyVersion.objects.get().state, Delegation.objects.get().ended_at) == ("proposed", None)


def test_a_policy_is_changed_by_two_people(admin_user: User, compliance: User, viewer: User) -> None:
    made = post(as_user(admin_user), "policies", text=SHORTER, note=NOTE)
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, 2, "proposed")
    own = post(as_user(admin_user), f"policies/{SLUG}/versions/2/rule", accept=True)
    assert (own.status_code, own.json()["code"]) == (403, "not_entitled")
    assert post(as_user(compliance), f"policies/{SLUG}/versions/2/rule", accept=False).status_code == 422
    done = post(as_user(compliance), f"policies/{SLUG}/versions/2/rule", accept=True)
    assert done.json()["state"] == "in_force"
    assert post(as_user(compliance), f"policies/{SLUG}/versions/2/rule", accept=True).status_code == 409
    listed = {each["slug"]: each for each in get(as_user(viewer), "policies")}
    assert listed.keys() == in_force().keys() == shipped().keys()
    assert (listed[SLUG]["number"], listed[SLUG]["within_s"], listed[SLUG]["classes"]) == (2, 720, [SLUG])
    assert listed[SLUG]["decider"] == {"id": compliance.actor_id, "name": "Tom Saal"}
    assert listed["house"]["decider"] is None
    newest, original = get(as_user(viewer), f"policies/{SLUG}")
    assert newest["changed"] == ["Time to decide was 15 min, is 12 min."]
    assert (original["number"], original["state"], original["author"]) == (1, "retired", None)
    assert original["says"]["Time to decide"] == "15 min"


def test_a_wrong_text_is_refused_with_every_mistake(admin_user: User) -> None:
    answer = post(as_user(admin_user), "policies", text=SHORTER.replace("risk: high", "risk: x"), note=NOTE)
    assert (answer.status_code, answer.json()["code"]) == (422, "policy_refused")
    assert "line" in answer.json()["problems"][0]
    assert post(as_user(admin_user), "policies", text="", note="").status_code == 400


@pytest.mark.parametrize("who", ["viewer", "owner", "superuser"])
def test_without_the_right_policies_are_read_only(who: str, request: pytest.FixtureRequest, payments_team) -> None:
    client = as_user(request.getfixturevalue(who))
    assert get(client, "policies")
    assert post(client, "policies", text=SHORTER, note=NOTE).status_code == 403
    assert post(client, f"policies/{SLUG}/versions/2/rule", accept=True).status_code == 403


def test_somebody_in_no_team_finds_no_rule_and_nobodys_cover(make_user, owner: User, deputy: User) -> None:
    made, client = given(owner, deputy), as_user(make_user("newcomer"))
    for path in ("policies", f"policies/{SLUG}", "explain"):
        assert client.get(f"{API}/{path}").status_code == 404
    assert get(client, "delegations") == []
    assert post(client, f"delegations/{made.uid}/end", reason="x").status_code == 404
    assert get(client, "measures")["asked"] == 0
    assert Client().get(f"{API}/delegations").status_code == 401


def test_somebody_stands_in_and_ends_it(owner: User, deputy: User, store: Service, viewer: User) -> None:
    until = (clock.now() + DAY).isoformat()
    made = post(
        as_user(owner), "delegations", taker="deputy", services=["store"], classes=[SLUG], until=until, reason="Leave."
    )
    assert made.status_code == 201, made.content
    assert made.json()["services"] == ["store"]
    [seen] = get(as_user(viewer), "delegations")
    assert (seen["giver"]["name"], seen["taker"]["name"], seen["classes"]) == ("Lena Vogt", "Piotr Nowak", [SLUG])
    assert post(as_user(viewer), f"delegations/{seen['id']}/end", reason="x").status_code == 403
    ended = post(as_user(deputy), f"delegations/{seen['id']}/end", reason="I am ill.")
    assert ended.json()["ended_at"]
    assert get(as_user(viewer), "delegations") == []


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"taker": "stranger"}, 400),
        ({"taker": "owner"}, 400),
        ({"until": "2020-01-01T00:00:00Z"}, 422),
        ({"classes": ["nonsense"]}, 422),
        ({"services": ["edge"]}, 422),
        ({"services": ["nonsense"]}, 400),
        ({"reason": ""}, 400),
    ],
)
def test_a_delegation_that_can_not_hold_is_refused(
    said: dict[str, Any], status: int, owner: User, deputy: User, stranger: User, edge: Service
) -> None:
    whole = {"taker": "deputy", "until": (clock.now() + DAY).isoformat(), "reason": "Leave.", **said}
    assert post(as_user(owner), "delegations", **whole).status_code == status
    assert not Delegation.objects.exists()


def test_the_dry_run_answers_like_the_page(
    owner: User, deputy: User, responder: User, store: Service, api: Service
) -> None:
    now = clock.now()
    go_away(owner, since=now, until=now + DAY, reason="On leave", now=now)
    query = {"service": ["store", "api"], "class": SLUG, "requester": "responder", "environment": "production"}
    found = get(as_user(responder), "explain", **query)
    asked = {seat["seat"]: [one["name"] for one in seat["asked"]] for seat in found["seats"]}
    assert list(asked) == ["accountable owner of api", "accountable owner of store"]
    assert asked["accountable owner of store"] == ["Piotr Nowak"]
    assert found["policies"] == ["house v1", f"{SLUG} v1"]
    assert {"rule": "Decide within 15 min", "from": f"{SLUG} v1"} in found["rules"]
    assert [link["after_s"] for link in found["next"]] == [300, 600]
    assert found["requester"]["name"] == "Jonas Weber"
    assert any("On leave" in one["because"] for seat in found["seats"] for one in seat["skipped"])
    later = get(as_user(responder), "explain", service="store", at=(now + 2 * DAY).isoformat())
    assert [one["name"] for one in later["seats"][0]["asked"]] == ["Lena Vogt"]
    assert get(as_user(responder), "explain")["unroutable"] is True


@pytest.mark.parametrize(
    "query",
    [
        {"service": "elsewhere-db"},
        {"requester": "stranger"},
        {"at": "tomorrow"},
        {"at": "1999-01-01T00:00:00Z"},
        {"class": "nonsense"},
    ],
)
def test_a_question_that_can_not_be_is_refused(
    query: dict[str, str], viewer: User, stranger: User, make_service
) -> None:
    make_service("elsewhere-db", team=stranger.memberships.all()[0].team)
    answer = as_user(viewer).get(f"{API}/explain", query)
    assert answer.status_code == 400
    assert list(answer.json()) == list(query)


def test_measures_take_a_number_of_days(viewer: User) -> None:
    for days in ("", "30", "0", "99999", "many"):
        found = get(as_user(viewer), "measures", days=days)
        assert (found["asked"], found["overall"], found["by_class"]) == (0, None, [])
