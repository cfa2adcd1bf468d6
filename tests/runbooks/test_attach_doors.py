"""Using the result of a diagnostic that runs already: on the step's page, in its dialog, by API, in the war room."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.test.client import MULTIPART_CONTENT
from django.urls import reverse

from audit.selectors import entries
from catalog.models import Team, User
from incidents import services as of_incidents
from incidents.models import Incident
from incidents.room.assemble import room_for
from incidents.run_view import StepRow
from plumbing import clock
from runbooks.engine import worker
from runbooks.models import Run, RunbookVersion
from runbooks.outlook.twins import attachable_for, twins_for
from runbooks.services import start_run
from runbooks.services.attaching import attachable
from tests.runbooks.conftest import states
from tests.runbooks.test_attach import PLAN, attempt, sweep
from tests.runbooks.test_attach import begin as begin
from tests.runbooks.test_attach import looking as looking

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/incidents/7"}


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def step_page(run: Run) -> str:
    return reverse("runbooks:step", args=[run.uid, "look"])


def door(run: Run, room: str = "runbooks") -> str:
    return reverse(f"{room}:step-attach", args=[run.uid, "look"])


def say(user: User, run: Run, room: str, attempt: int) -> Any:
    """Take the result of this attempt, on the page or by API."""
    kind = "application/json" if room == "runbooks-api" else MULTIPART_CONTENT
    return as_user(user).post(door(run, room), {"seen": seen(run), "attempt": attempt}, content_type=kind)


def seen(run: Run) -> int:
    return int(run.steps.get(step="look").seen_at)


def test_the_page_says_who_asks_the_same_and_offers_that_result_to_who_may(
    begin: Callable[..., Run], responder: User, viewer: User
) -> None:
    one, two = begin(), begin()
    page = as_user(responder).get(step_page(two)).content.decode()
    assert "The same is asked just now" in page
    assert step_page(one) in page and "begun by Amara Diallo" in page
    assert "Use the result of Look-false-true…" in page
    read_only = as_user(viewer).get(step_page(two)).content.decode()
    assert "The same is asked just now" in read_only
    assert door(two) not in read_only


def test_nothing_is_offered_where_nobody_does_the_same(begin: Callable[..., Run], responder: User) -> None:
    begin("n1")
    assert "The same is asked" not in as_user(responder).get(step_page(begin("n2"))).content.decode()


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_it_is_accepted_in_a_dialog_and_is_on_record(
    headers: dict[str, str], begin: Callable[..., Run], responder: User
) -> None:
    one, two = begin(), begin()
    client = as_user(responder)
    dialog = client.get(door(two), headers=headers).content.decode()
    assert dialog.lstrip().startswith("<dialog") is bool(headers)
    assert "“Look at the node” of Look-false-true, begun by Amara Diallo, waits for a worker since" in dialog
    answer = client.post(door(two), {"seen": seen(two), "attempt": attempt(one).pk}, headers=headers)
    assert answer.status_code == (204 if headers else 302)
    assert states(two) == {"look": "running"}
    (said,) = [entry for entry in entries(two.stream) if entry.kind == "step.attached"]
    assert (said.actor, said.fields["run_of_other"]) == (responder.actor_id, one.uid)
    worker.perform(attempt(one).pk)
    sweep()
    assert states(two) == {"look": "done"}


def test_a_step_whose_turn_has_not_come_says_that_it_will(begin: Callable[..., Run], responder: User) -> None:
    one, two = begin(), begin(later=True)
    client = as_user(responder)
    assert client.post(door(two), {"seen": seen(two), "attempt": attempt(one).pk}).status_code == 302
    page = client.get(step_page(two)).content.decode()
    assert "It will use another’s result" in page
    assert door(two) not in page
    two.refresh_from_db()
    assert attachable(two) == {}


def test_who_may_not_execute_is_refused_and_a_stranger_finds_nothing(
    begin: Callable[..., Run], viewer: User, stranger: User
) -> None:
    one, two = begin(), begin()
    for room in ("runbooks", "runbooks-api"):
        assert say(viewer, two, room, attempt(one).pk).status_code == 403
        assert say(stranger, two, room, attempt(one).pk).status_code == 404
    assert as_user(stranger).get(door(two, "runbooks-api")).status_code == 404
    assert states(two) == {"look": "ready"}


@pytest.fixture
def elsewhere(
    begin: Callable[..., Run],
    publish: Callable[[str], RunbookVersion],
    make_team: Callable[..., Team],
    admin_user: User,
) -> tuple[Run, Run]:
    """(run of a team that nobody of payments sees, run of payments): both ask the same in one history."""
    ours = begin()
    team = make_team("secretive", "Secretive")
    version = publish(PLAN.format(name="hidden", first="", needs="needs: []", action="looking"))
    theirs = start_run(version, stream=ours.stream, inputs={"node": "n1"}, starter=admin_user, teams=[team])
    return theirs, ours


def test_what_runs_where_the_reader_may_not_look_is_neither_shown_nor_used(
    elsewhere: tuple[Run, Run], responder: User
) -> None:
    theirs, ours = elsewhere
    assert attachable(ours)["look"] == [attempt(theirs)]
    assert twins_for(responder, ours.steps.get(step="look")) == []
    assert attachable_for(responder, ours) == {}
    client = as_user(responder)
    assert theirs.uid not in client.get(step_page(ours)).content.decode()
    assert client.get(door(ours, "runbooks-api")).json() == []
    for room in ("runbooks", "runbooks-api"):
        assert say(responder, ours, room, attempt(theirs).pk).status_code == 409
    assert states(ours) == {"look": "ready"}


def test_the_api_lists_them_and_takes_one(begin: Callable[..., Run], responder: User) -> None:
    one, two = begin(), begin()
    client = as_user(responder)
    (told,) = client.get(door(two, "runbooks-api")).json()
    assert (told["attempt"], told["run"], told["title"]) == (attempt(one).pk, one.uid, "Look at the node")
    assert told["by"]["name"] == "Amara Diallo"
    wrong = say(responder, two, "runbooks-api", 999_999)
    assert (wrong.status_code, wrong.json()["code"]) == (409, "nothing_to_attach")
    answer = say(responder, two, "runbooks-api", told["attempt"])
    assert answer.json()["steps"][0]["state"] == "running"


def test_a_late_choice_says_that_it_is_over(begin: Callable[..., Run], responder: User) -> None:
    one, two, three = begin(), begin(), begin()
    worker.perform(attempt(one).pk)
    answer = as_user(responder).post(door(two), {"seen": seen(two), "attempt": attempt(one).pk})
    assert answer.status_code == 422
    assert "That one is over by now" in answer.content.decode()
    assert three.uid  # it still runs, so there is another one to choose


def row_in_room(user: User, incident: Incident) -> StepRow:
    groups = room_for(user, incident, clock.now()).step_groups
    return next(row for group in groups for row in group.rows if row.title == "Look at the node")


def test_the_war_room_offers_it_where_the_step_stands(
    looking: object, publish: Callable[[str], RunbookVersion], commander: User, viewer: User, store: object
) -> None:
    incident = of_incidents.declare(title="Slow", severity="SEV2", services=[store], declarer=commander)
    runbook = publish(PLAN.format(name="look", first="", needs="needs: []", action="looking")).runbook
    of_incidents.start_runbook(incident, runbook, actor=commander, inputs={"node": "n1"})
    alone = row_in_room(commander, incident)
    assert alone.action is None
    newer = of_incidents.start_runbook(incident, runbook, actor=commander, inputs={"node": "n1"})
    row = row_in_room(commander, incident)
    assert row.action is not None
    assert (row.action.label, row.action.kind) == ("Use that result…", "dialog")
    assert row.action.url.startswith(door(newer))
    assert row.hint.startswith("The same runs since ")
    assert row_in_room(viewer, incident).action is None


def test_a_run_that_is_alone_costs_one_question(
    begin: Callable[..., Run], django_assert_num_queries: Callable[[int], object]
) -> None:
    run = begin()
    with django_assert_num_queries(1):  # type: ignore[attr-defined]
        assert attachable(run) == {}
