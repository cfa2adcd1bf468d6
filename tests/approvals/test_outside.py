"""Requests from outside: a pipeline asks over the API, people decide, and exactly what was approved is used, once."""

import datetime as dt
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from approvals import services
from approvals.errors import NotEntitled
from approvals.models import ApprovalRequest
from approvals.selectors import bound_facts
from audit.models import Entry
from catalog.models import Service, Team, User
from catalog.services import join, leave
from catalog.states import Role
from incidents.models import Incident
from incidents.services import declare
from plumbing import clock
from tests.approvals.test_binding import altered, stricter_house

pytestmark = pytest.mark.django_db
DOES: dict[str, Any] = {"action": "deploy", "image": "shop:41", "replicas": 3, "canary": 0.5}


@pytest.fixture
def incident(store: Service, commander: User) -> Incident:
    return declare(title="Slow", severity="SEV2", services=[store], declarer=commander, description="")


@pytest.fixture
def robot(make_user, payments_team: Team) -> User:
    return make_user("pipeline", machine=True, team=payments_team, roles=[Role.RESPONDER])


@pytest.fixture
def pipeline(robot: User, make_token) -> Client:
    return with_token(robot, make_token)


def with_token(user: User, make_token) -> Client:
    return Client(headers={"Authorization": f"Bearer {make_token(user).secret}"})


def ask(client: Client, incident: Incident, **changed: object) -> HttpResponse:
    said = {
        "stream": incident.stream, "name": "deploy-shop", "question": "Deploy shop 41?", "services": ["store"],
        "does": DOES, **changed,
    }  # fmt: skip
    return client.post(reverse("approvals-api:list"), said, content_type="application/json")


def asked(client: Client, incident: Incident, **changed: object) -> ApprovalRequest:
    answer = ask(client, incident, **changed)
    assert answer.status_code == 201, answer.content
    return ApprovalRequest.objects.get(uid=answer.json()["id"])


def use(client: Client, request: ApprovalRequest, digest: str = "") -> HttpResponse:
    url = reverse("approvals-api:use", args=[request.uid])
    return client.post(url, {"digest": digest or request.digest}, content_type="application/json")


def kinds(incident: Incident) -> list[str]:
    return [entry.kind for entry in Entry.objects.filter(stream__uid=incident.stream).order_by("seq")]


def not_used(answer: HttpResponse, says: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (409, "not_usable"), answer.content
    assert says in answer.json()["detail"]
    assert not ApprovalRequest.objects.filter(state="used").exists()


def test_a_machine_asks_and_the_owner_is_asked_for_exactly_that(
    pipeline: Client, robot: User, incident: Incident, owner: User
) -> None:
    request = asked(pipeline, incident, effect="Rolls over in 40 s.")
    assert (request.requester, request.subject) == (robot, f"api/{robot.uid}/deploy-shop")
    assert [row.user for row in request.asked.all()] == [owner]
    bound = dict(bound_facts(request))
    assert {name: value for name, value in bound.items() if not name.startswith("policies")} == {
        "action": "deploy", "class": "empty", "environment": "production", "services": "store",
        "does.action": "deploy", "does.image": "shop:41", "does.replicas": "3", "does.canary": "0.5",
    }  # fmt: skip
    assert kinds(incident)[-1] == "approval.asked"


def test_it_uses_the_yes_once(pipeline: Client, incident: Incident, owner: User, decide) -> None:
    request = asked(pipeline, incident)
    not_used(use(pipeline, request), "nobody has decided yet")
    decide(request, owner)
    told = use(pipeline, request)
    assert (told.status_code, told.json()["state"]) == (200, "used")
    again = use(pipeline, request)
    assert (again.status_code, again.json()["code"]) == (409, "not_usable")
    assert "used already" in again.json()["detail"]
    assert kinds(incident).count("approval.used") == 1


def test_it_never_decides_what_it_asks_for(pipeline: Client, robot: User, incident: Incident, payments_team) -> None:
    join(payments_team, robot, Role.APPROVER, robot)
    request = asked(pipeline, incident)
    said = {"verdict": "approve", "seen_digest": request.digest}
    answer = pipeline.post(reverse("approvals-api:decide", args=[request.uid]), said, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (403, "not_entitled")
    assert kinds(incident)[-1] == "approval.refused"


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({"does": {**DOES, "image": "shop:42"}}, "does.image was shop:41, is shop:42"),
        ({"does": {**DOES, "canary": 1}}, "does.canary was 0.5, is 1"),
        ({"does": {**DOES, "force": True}}, "does.force was nothing, is true"),
        ({"does": {**DOES, "action": "wipe"}}, "action was deploy, is wipe"),
        ({"environment": "staging"}, "environment was production, is staging"),
        ({"class": "degrade-service"}, "class was empty, is degrade-service"),
        ({"services": ["store", "api"]}, "services was store, is api, store"),
    ],
)
@pytest.mark.parametrize("was", ["pending", "approved"])
def test_asking_for_anything_else_under_the_name_voids_what_was_asked(
    was: str, changed: dict[str, object], differs: str, pipeline: Client, incident: Incident, owner: User, decide,
    api: Service,
) -> None:  # fmt: skip
    first = asked(pipeline, incident)
    if was == "approved":
        decide(first, owner)
    second = asked(pipeline, incident, **changed)
    first.refresh_from_db()
    assert (first.state, second.state) == ("void", "pending")
    assert differs in first.why
    assert "approval.voided" in kinds(incident)
    not_used(use(pipeline, first), "it was asked for anew since")
    not_used(use(pipeline, second), "nobody has decided yet")


@pytest.mark.parametrize("was", ["pending", "approved"])
def test_asking_for_the_same_again_gives_what_there_is(
    was: str, pipeline: Client, incident: Incident, owner: User, decide
) -> None:
    first = asked(pipeline, incident)
    if was == "approved":
        decide(first, owner)
    assert asked(pipeline, incident, question="Deploy shop 41, please?") == first
    assert ApprovalRequest.objects.count() == 1
    assert kinds(incident).count("approval.asked") == 1


def test_what_was_used_or_has_expired_is_asked_anew(
    pipeline: Client, incident: Incident, owner: User, decide, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = decide(asked(pipeline, incident), owner)
    assert use(pipeline, first).status_code == 200
    second = decide(asked(pipeline, incident), owner)
    assert second.pk != first.pk
    later = clock.now() + dt.timedelta(days=2)
    monkeypatch.setattr("approvals.api.clock.now", lambda: later)
    third = asked(pipeline, incident)
    assert third.pk != second.pk
    assert third.is_pending


def test_another_caller_neither_uses_it_nor_takes_its_name(
    pipeline: Client, incident: Incident, owner: User, decide, make_user, make_token, payments_team: Team
) -> None:
    request = decide(asked(pipeline, incident), owner)
    other = with_token(make_user(machine=True, team=payments_team, roles=[Role.RESPONDER]), make_token)
    not_used(use(other, request), "only who asked for it uses it")
    assert asked(other, incident).pk != request.pk, "names are each caller's own"
    request.refresh_from_db()
    assert request.state == "approved"
    elsewhere = make_user(machine=True)
    assert use(with_token(elsewhere, make_token), request).status_code == 404


def test_a_step_of_a_run_is_not_used_from_outside(make_request, decide, responder: User, owner: User) -> None:
    request = decide(make_request(), owner)
    client = Client()
    client.force_login(responder)
    not_used(use(client, request), "only what was asked for from outside")


@pytest.mark.parametrize("digest", ["0" * 64, "nonsense", ""])
def test_a_use_names_the_digest_that_was_approved(
    digest: str, pipeline: Client, incident: Incident, owner: User, decide
) -> None:
    request = decide(asked(pipeline, incident), owner)
    url = reverse("approvals-api:use", args=[request.uid])
    answer = pipeline.post(url, {"digest": digest}, content_type="application/json")
    assert answer.status_code == (409 if len(digest) == 64 else 400)
    request.refresh_from_db()
    assert request.state == "approved"


def test_a_changed_policy_voids_the_yes(
    pipeline: Client, incident: Incident, owner: User, decide, compliance: User, admin_user: User
) -> None:
    request = decide(asked(pipeline, incident), owner)
    stricter_house(compliance, admin_user)
    not_used(use(pipeline, request), "policies.house v1 was")
    assert asked(pipeline, incident).is_pending


def test_who_lost_the_right_to_act_uses_nothing(
    pipeline: Client, robot: User, incident: Incident, owner: User, decide, payments_team: Team, admin_user: User
) -> None:
    request = decide(asked(pipeline, incident), owner)
    leave(payments_team, robot, Role.RESPONDER, admin_user)
    not_used(use(pipeline, request), "you have no right to act on Store any more")


def test_facts_that_were_rewritten_in_the_row_change_nothing(
    pipeline: Client, incident: Incident, owner: User, decide
) -> None:
    request = decide(asked(pipeline, incident, environment="staging"), owner)
    ApprovalRequest.objects.filter(pk=request.pk).update(facts={**request.facts, "environment": "production"})
    assert use(pipeline, request).status_code == 200
    assert dict(bound_facts(request))["environment"] == "staging", "what was used is what was approved"


def test_a_row_that_was_rewritten_to_another_act_is_not_used(
    pipeline: Client, incident: Incident, owner: User, decide
) -> None:
    request = decide(asked(pipeline, incident), owner)
    other = asked(pipeline, incident, name="other", does={"action": "wipe"})
    altered(request, binds=other.binds, digest=other.digest)
    not_used(use(pipeline, request, other.digest), "the ledger says that something else was approved")


def test_it_withdraws_its_own_question(pipeline: Client, incident: Incident, owner: User, decide) -> None:
    request = asked(pipeline, incident)
    url = reverse("approvals-api:withdraw", args=[request.uid])
    told = pipeline.post(url, {"reason": "The build is broken."}, content_type="application/json")
    assert (told.status_code, told.json()["state"]) == (200, "withdrawn")
    assert kinds(incident)[-1] == "approval.withdrawn"
    not_used(use(pipeline, request), "The build is broken.")


def test_a_note_is_confirmed_by_a_person_before_a_machine_acts(
    pipeline: Client, incident: Incident, owner: User, decide, responder: User, robot: User
) -> None:
    request = decide(asked(pipeline, incident), owner, conditions=(("note", "Traffic is drained."),))
    condition = request.decisions.get().conditions.get()
    not_used(use(pipeline, request), "nobody has confirmed the condition “Traffic is drained.”")
    with pytest.raises(NotEntitled, match="whoever carries it out"):
        services.confirm(request.uid, condition.pk, user=robot, now=clock.now())
    services.confirm(request.uid, condition.pk, user=responder, now=clock.now())
    assert use(pipeline, request).status_code == 200


def test_a_name_that_is_open_in_another_history_is_refused(
    pipeline: Client, incident: Incident, store: Service, commander: User
) -> None:
    other = declare(title="Slow too", severity="SEV2", services=[store], declarer=commander, description="")
    asked(pipeline, other)
    answer = ask(pipeline, incident)
    assert (answer.status_code, answer.json()["code"]) == (409, "name_in_use")
    assert "Withdraw it there" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"services": []}, 400),
        ({"services": ["nowhere"]}, 404),
        ({"services": ["foreign"]}, 404),
        ({"stream": "inc_ffffffffffffffffffffffffffffffff"}, 404),
        ({"stream": "portal"}, 404),
        ({"name": "../up"}, 400),
        ({"name": ""}, 400),
        ({"does": "deploy"}, 400),
        ({"question": ""}, 400),
        ({"question": "x" * 201}, 400),
        ({"environment": "x" * 41}, 400),
    ],
)
def test_what_is_malformed_or_out_of_sight_asks_nothing(
    changed: dict[str, object], status: int, pipeline: Client, incident: Incident, make_service, make_team
) -> None:
    make_service("foreign", team=make_team("elsewhere"))
    before = kinds(incident)
    answer = ask(pipeline, incident, **changed)
    assert answer.status_code == status, answer.content
    assert not ApprovalRequest.objects.exists()
    assert kinds(incident) == before


@pytest.mark.parametrize("value", [2**70, -(2**60), "\ud800", "a\x00b", 1e308, {"": 1}, {"pairs": [1]}, [[[]]], None])
def test_whatever_would_be_done_is_bound_or_refused(value: object, pipeline: Client, incident: Incident) -> None:
    before = kinds(incident)
    answer = ask(pipeline, incident, does={"value": value})
    assert answer.status_code in (201, 400, 409, 422), answer.content
    if answer.status_code == 201:
        assert answer.json()["digest"]
        assert asked(pipeline, incident, does={"value": value}).pk
        assert pipeline.get(reverse("approvals-api:detail", args=[answer.json()["id"]])).status_code == 200
    else:
        assert kinds(incident) == before


@pytest.mark.parametrize("who", ["viewer", "owner", "superuser"])
def test_who_may_not_act_may_not_ask(who: str, incident: Incident, request: pytest.FixtureRequest) -> None:
    client = Client()
    client.force_login(request.getfixturevalue(who))
    assert ask(client, incident).status_code == 403
    assert not ApprovalRequest.objects.exists()
