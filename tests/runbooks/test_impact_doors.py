"""Whom a step can hurt, where somebody decides on it: the step's page, the request for consent, the API."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import ApprovalRequest
from catalog.models import Service, Team, User
from catalog.services import join
from catalog.states import Role
from incidents.services import declare
from runbooks.models import Run
from tests.runbooks.conftest import work_off
from tests.runbooks.test_locks import make_run as make_run
from tests.runbooks.test_locks import take

pytestmark = pytest.mark.django_db
PLAN = """name: restart
title: Restart
inputs:
  which: {type: string}
steps:
  - {id: look, title: Look, action: scripted}
  - id: act
    title: Restart it
    action: scripted
    touches: ["{{ inputs.which }}"]
    approval: {reason: "Restart {{ inputs.which }}?"}
  - id: later
    title: Restart what was found
    action: scripted
    needs: [act]
    touches: ["{{ steps.act.output.service }}"]
"""


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def run(edge: Service, start: Callable[..., Run]) -> Run:
    """`act` waits for the owner of the store; api and edge need it."""
    return work_off(start(PLAN, inputs={"which": "store"}))


@pytest.fixture
def foreign(make_service: Callable[..., Service], make_team: Callable[..., Team], store: Service) -> Service:
    """A consumer of the store, of a team that nobody of payments sees."""
    return make_service("hush", name="Hush-hush", team=make_team("secretive", "Secretive"), needs=[store])


def step_page(run: Run, step: str = "act") -> str:
    return reverse("runbooks:step", args=[run.uid, step])


def pages(run: Run) -> tuple[str, str]:
    """The step's page and that of the request."""
    return step_page(run), reverse("approvals:page", args=[ApprovalRequest.objects.get().uid])


def test_both_pages_tell_touched_services_consumers_and_owners(run: Run, owner: User) -> None:
    for url in pages(run):
        page = as_user(owner).get(url).content.decode()
        assert "2 services need what it touches" in page
        for slug in ("store", "api", "edge"):
            assert f'href="{reverse("catalog:service", args=[slug])}"' in page
        assert "needs it directly" in page and "2 steps away" in page
        assert "<dt>Owners</dt><dd>Lena Vogt, Piotr Nowak</dd>" in page


def test_open_incidents_and_steps_at_work_there_are_told(
    run: Run, owner: User, edge: Service, commander: User, make_run: Callable[..., Run]
) -> None:
    incident = declare(title="Edge is slow", severity="SEV2", services=[edge], declarer=commander)
    take(holder := make_run("api"))
    for url in pages(run):
        page = as_user(owner).get(url).content.decode()
        assert f"Edge is slow</a><small>{incident.label}</small>" in page
        assert holder.uid in page
        assert "Works" in page


def test_what_the_reader_may_not_see_is_counted_and_not_named(run: Run, owner: User, foreign: Service) -> None:
    for url in pages(run):
        page = as_user(owner).get(url).content.decode()
        assert "3 services need what it touches" in page
        assert "1 more belongs to teams that you can’t see" in page
        assert "Hush" not in page


def test_an_approver_who_sees_the_request_alone_is_told_no_name(run: Run, stranger: User, foreign: Service) -> None:
    request = ApprovalRequest.objects.get()
    request.asked.update(user=stranger)
    page = as_user(stranger).get(reverse("approvals:page", args=[request.uid])).content.decode()
    assert "3 belong to teams that you can’t see" in page
    assert reverse("catalog:service", args=["api"]) not in page
    assert as_user(stranger).get(step_page(run)).status_code == 404


def test_its_own_team_sees_the_name(run: Run, make_user: Callable[..., User], foreign: Service, owner: User) -> None:
    join(foreign.team, owner, Role.VIEWER, owner)
    assert "Hush-hush" in as_user(owner).get(step_page(run)).content.decode()


def test_what_is_touched_may_not_be_known_yet(run: Run, viewer: User) -> None:
    page = as_user(viewer).get(step_page(run, "later")).content.decode()
    assert "{{ steps.act.output.service }}</span> (not known yet)" in page


def test_a_step_that_touches_nothing_has_no_radius(run: Run, viewer: User) -> None:
    assert "Blast radius" not in as_user(viewer).get(step_page(run, "look")).content.decode()


def test_the_api_gives_all_of_it_to_who_sees_the_run(run: Run, viewer: User, stranger: User, foreign: Service) -> None:
    url = reverse("runbooks-api:step-impact", args=[run.uid, "act"])
    told = as_user(viewer).get(url).json()
    assert [each["service"] for each in told["touched"]] == ["store"]
    assert [(each["service"], each["distance"]) for each in told["affected"]] == [("api", 1), ("edge", 2)]
    assert told["affected"][0]["owner"]["name"] == "Lena Vogt"
    assert (told["hidden_affected"], told["hidden_touched"]) == (1, 0)
    assert as_user(stranger).get(url).status_code == 404
    nothing = reverse("runbooks-api:step-impact", args=[run.uid, "nonsense"])
    assert as_user(viewer).get(nothing).status_code == 404


def test_many_consumers_are_folded(run: Run, owner: User, make_service: Callable[..., Service], store: Service) -> None:
    for number in range(12):
        make_service(f"many-{number:02}", name=f"Many {number:02}", needs=[store])
    page = as_user(owner).get(step_page(run)).content.decode()
    assert "14 services need what it touches" in page
    assert "6 more services, up to 2 steps away" in page
