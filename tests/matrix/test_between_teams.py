"""A right in one team gives nothing in another, and asking doesn't tell what is there."""

import pytest
from django.urls import reverse

from catalog.services import join
from catalog.states import Role
from runbooks.models import Run, Runbook
from runbooks.services import make_runbook, publish, save_version
from tests.matrix.world import World

pytestmark = pytest.mark.django_db
OTHERS = "name: other\ntitle: Other\nsteps:\n  - {id: a, title: A, action: wait, with: {for: 1s}}\n"


def post(world: World, who: str, door: str, body: dict[str, object], *args: object):
    return world.clients[who].post(reverse(door, args=args), body, content_type="application/json")


@pytest.fixture
def others_runbook(make_team, make_user, world: World) -> Runbook:
    """Of another team, in which the responder of payments may look, and nothing else."""
    team = make_team("others", "Others")
    author = make_user(team=team, roles=[Role.AUTHOR])
    made = make_runbook("other", "Other", team, actor=author)
    publish(save_version(made, OTHERS, author=author), publisher=author)
    join(team, world.users["responder"], Role.VIEWER, author)
    return made


@pytest.mark.parametrize("is_page", [True, False])
def test_who_may_only_see_a_runbook_does_not_start_it_in_an_incident_of_theirs(
    is_page: bool, world: World, others_runbook: Runbook
) -> None:
    client = world.clients["responder"]
    assert client.get(reverse("runbooks:page", args=["other"])).status_code == 200
    if is_page:
        client.post(reverse("incidents:start-runbook", args=[world.incident.uid]) + "?runbook=other", {})
    else:
        assert (
            post(world, "responder", "incidents-api:runs", {"runbook": "other"}, world.incident.uid).status_code == 400
        )
    assert not Run.objects.filter(version__runbook=others_runbook).exists()


@pytest.mark.parametrize("who", ["stranger", "newcomer", "author"])
def test_a_team_that_one_does_not_see_and_one_that_is_not_there_get_the_same_answer(who: str, world: World) -> None:
    hidden = "payments" if who != "author" else "elsewhere"
    answers = [
        post(world, who, "runbooks-api:list", {"slug": "fresh", "title": "Fresh", "team": team})
        for team in (hidden, "nowhere")
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content.replace(hidden.encode(), b"X") == answers[1].content.replace(b"nowhere", b"X")


@pytest.mark.parametrize("user", ["stranger", "nobody-at-all"])
def test_a_role_is_not_given_to_somebody_out_of_sight(user: str, world: World) -> None:
    answer = post(world, "commander", "incidents-api:roles", {"role": "scribe", "user": user}, world.incident.uid)
    assert answer.status_code == 422
    assert user in answer.json()["detail"]
    assert not world.incident.role_holders.exists()


@pytest.mark.parametrize("door", ["approvals:decide", "approvals-api:decide"])
def test_a_superuser_decides_nothing_even_where_they_own_the_service(door: str, world: World) -> None:
    root = world.users["superuser"]
    world.store.owner = root
    world.store.save()
    said = {"verdict": "approve", "reason": "I am root.", "seen": world.request.digest}
    if door == "approvals-api:decide":
        answer = post(world, "superuser", door, {**said, "seen_digest": said["seen"]}, world.request.uid)
    else:
        answer = world.clients["superuser"].post(reverse(door, args=[world.request.uid]), said)
    assert answer.status_code == 403
    world.request.refresh_from_db()
    assert world.request.is_pending
