"""What people do on the pages of a run: forms, dialogs, late clicks, and who may not."""

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import ApprovalRequest
from catalog.models import User
from runbooks.actions.base import Failed
from runbooks.definitions.typed import BadText, typed_text
from runbooks.engine.model import Effect
from runbooks.models import Run
from runbooks.views.step_acts import ACTS
from tests.runbooks.conftest import kinds, states, work_off
from tests.runbooks.test_pages import PLAN, as_user, body

pytestmark = pytest.mark.django_db


@pytest.fixture
def run(start, store, commander) -> Run:
    """Check is done; the vendor call waits for the commander; the promotion waits for the owner."""
    return work_off(start(PLAN, inputs={"host": "db-2"}, assignees={"role:commander": commander}))


def url(run: Run, act: str, step: str = "call") -> str:
    return reverse(f"runbooks:step-{act}", args=[run.uid, step])


def seen(run: Run, step: str = "call") -> int:
    return run.steps.get(step=step).seen_at


@pytest.mark.parametrize("act", ACTS)
@pytest.mark.parametrize(
    ("who", "status"), [("stranger", 404), ("viewer", 403), ("author", 403), ("owner", 403), ("superuser", 403)]
)
def test_who_may_not_execute_does_nothing(
    act: str, who: str, status: int, run: Run, request: pytest.FixtureRequest
) -> None:
    client, before = as_user(request.getfixturevalue(who)), states(run)
    given = {"seen": seen(run), "reason": "x", "worked": "yes", "found": "happened", "evidence": "x"}
    assert client.post(url(run, act), given).status_code == status
    assert client.get(url(run, act)).status_code == status
    assert states(run) == before


@pytest.mark.parametrize("door", ["change-input", "cancel"])
@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("viewer", 403), ("superuser", 403)])
def test_who_may_not_execute_changes_no_run(
    door: str, who: str, status: int, run: Run, request: pytest.FixtureRequest
) -> None:
    client = as_user(request.getfixturevalue(who))
    answer = client.post(
        reverse(f"runbooks:{door}", args=[run.uid]), {"name": "host", "value": "db-3", "reason": "Because."}
    )
    assert answer.status_code == status
    run.refresh_from_db()
    assert (run.state, run.inputs["host"]) == ("running", "db-2")


def test_the_commander_starts_and_finishes_a_step(run: Run, commander: User) -> None:
    client = as_user(commander)
    assert "Start step" in body(commander, reverse("runbooks:step", args=[run.uid, "call"]))
    answer = client.post(url(run, "start"), {"seen": seen(run)})
    assert answer["Location"] == reverse("runbooks:step", args=[run.uid, "call"])
    assert states(run)["call"] == "running"
    assert "Finish step" in client.get(answer["Location"]).content.decode()
    form = client.get(url(run, "finish")).content.decode()
    assert "Ticket" in form
    given = {"seen": seen(run), "worked": "yes", "note": "They answer.", "output_ticket": "T-17"}
    assert client.post(url(run, "finish"), given).status_code == 302
    assert states(run)["call"] == "done"
    assert run.steps.get(step="call").output["ticket"] == "T-17"


def test_a_late_click_gets_409_and_no_second_effect(run: Run, commander: User) -> None:
    client, old = as_user(commander), seen(run)
    client.post(url(run, "start"), {"seen": old})
    answer = client.post(url(run, "start"), {"seen": old})
    assert answer.status_code == 409
    assert "Amara Diallo began" in answer.content.decode(), "who did what"
    assert kinds(run).count("step.running") == 2, "check and call, once each"


def test_a_step_of_somebody_else_can_be_taken_over_but_not_started(run: Run, responder: User) -> None:
    client = as_user(responder)
    assert client.post(url(run, "start"), {"seen": seen(run)}).status_code == 403
    assert "Take it over" in body(responder, reverse("runbooks:step", args=[run.uid, "call"]))
    assert client.post(url(run, "take"), {"seen": seen(run), "reason": "Amara is on the bridge."}).status_code == 302
    assert run.steps.get(step="call").assignee == responder
    assert client.post(url(run, "start"), {"seen": seen(run)}).status_code == 302


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"worked": "no", "note": " "}, "Say what went wrong"),
        ({"worked": "yes"}, "The steps after this one need ticket"),
        ({"worked": "perhaps"}, "Select a valid choice"),
        ({"worked": "yes", "output_ticket": "x" * 2001}, "at most 2000"),
    ],
)
def test_a_form_that_is_not_right_comes_back(given: dict[str, str], says: str, run: Run, commander: User) -> None:
    answer = as_user(commander).post(url(run, "finish"), {"seen": seen(run), **given})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert states(run)["call"] == "ready"


def test_a_step_that_did_not_work_fails_with_the_note(run: Run, commander: User) -> None:
    client = as_user(commander)
    given = {"seen": seen(run), "worked": "no", "note": "Nobody answers."}
    assert client.post(url(run, "finish"), given).status_code == 302
    assert states(run)["call"] == "failed"
    page = body(commander, reverse("runbooks:step", args=[run.uid, "call"]))
    assert "Nobody answers." in page
    assert "Try again" in page
    assert client.post(url(run, "retry"), {"seen": seen(run), "reason": "Another number."}).status_code == 302
    assert states(run)["call"] == "ready"


def test_a_step_is_skipped_with_a_reason(run: Run, commander: User) -> None:
    client = as_user(commander)
    assert client.post(url(run, "skip"), {"seen": seen(run), "reason": ""}).status_code == 422
    assert client.post(url(run, "skip"), {"seen": seen(run), "reason": "They know."}).status_code == 302
    assert states(run)["call"] == "skipped"


def test_a_lost_step_is_settled_by_a_person(start, scripted, commander: User) -> None:
    run = start("name: lost\ntitle: Lost\nsteps:\n  - {id: a, title: A, action: scripted}\n")
    run.steps.update(state="unknown")
    client = as_user(commander)
    assert "Say what happened" in body(commander, reverse("runbooks:step", args=[run.uid, "a"]))
    given = {"seen": seen(run, "a"), "found": "happened", "evidence": "The target says so."}
    assert client.post(url(run, "settle", "a"), {**given, "evidence": ""}).status_code == 422
    run.steps.get().attempts.update(state="lost")
    assert client.post(url(run, "settle", "a"), given).status_code == 302
    assert states(run)["a"] == "done"


def test_changing_an_input_voids_what_was_asked(run: Run, commander: User) -> None:
    client, door = as_user(commander), reverse("runbooks:change-input", args=[run.uid])
    asked = ApprovalRequest.objects.get()
    assert client.post(door, {"name": "lag_s", "value": "much", "reason": "x"}).status_code == 422
    assert client.post(door, {"name": "nothing", "value": "1", "reason": "x"}).status_code == 422
    assert client.post(door, {"name": "host", "value": "db-3", "reason": "db-2 is gone."}).status_code == 302
    asked.refresh_from_db()
    assert asked.state == "void"
    run.refresh_from_db()
    assert run.inputs["host"] == "db-3"
    newest = ApprovalRequest.objects.exclude(pk=asked.pk).get()
    assert newest.question == "Promote db-3?"
    page = body(commander, reverse("approvals:page", args=[newest.uid]))
    assert "What differs from the last time" in page
    assert "inputs.host" in page


def test_a_run_is_cancelled_once(run: Run, commander: User) -> None:
    client, door = as_user(commander), reverse("runbooks:cancel", args=[run.uid])
    assert client.post(door, {"seen": run.seen_at, "reason": ""}).status_code == 422
    assert client.post(door, {"seen": run.seen_at, "reason": "Wrong runbook."}).status_code == 302
    run.refresh_from_db()
    assert run.state == "stopped"
    assert client.post(door, {"seen": run.seen_at, "reason": "Again."}).status_code == 409
    page = body(commander, reverse("runbooks:run", args=[run.uid]))
    assert "Cancel run" not in page


def test_htmx_gets_dialogs_and_stays_in_its_room(run: Run, commander: User) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/incidents/7"}
    client = as_user(commander)
    dialog = client.get(url(run, "finish"), headers=headers).content.decode()
    assert dialog.lstrip().startswith("<dialog")
    assert f'name="seen" value="{seen(run)}"' in dialog
    bad = client.post(url(run, "finish"), {"seen": seen(run), "worked": "no"}, headers=headers)
    assert bad.status_code == 422
    assert bad.content.decode().lstrip().startswith("<dialog")
    done = client.post(url(run, "start"), {"seen": seen(run)}, headers=headers)
    assert (done.status_code, done["HX-Trigger"]) == (204, "done")


def test_an_act_on_a_step_that_isn_t_there_is_not_found(run: Run, commander: User) -> None:
    assert as_user(commander).post(url(run, "start", "nothing"), {"seen": 0}).status_code == 404


@pytest.mark.parametrize("number", ["", "-1", "x", "1.5"])
def test_a_click_without_the_version_it_saw_does_nothing(number: str, run: Run, commander: User) -> None:
    assert as_user(commander).post(url(run, "start"), {"seen": number}).status_code == 422
    assert states(run)["call"] == "ready"


def test_who_is_not_signed_in_acts_on_nothing(run: Run) -> None:
    answer = Client().post(url(run, "start"), {"seen": seen(run)})
    assert answer.status_code == 302
    assert states(run)["call"] == "ready"


def test_a_failed_worker_step_offers_another_try(start, scripted, commander: User) -> None:
    scripted.script["a"] = lambda context: Failed("It broke.", effect=Effect.MAYBE)
    run = work_off(start("name: broken\ntitle: Broken\nsteps:\n  - {id: a, title: A, action: scripted}\n"))
    assert run.state == "failed"
    page = body(commander, reverse("runbooks:step", args=[run.uid, "a"]))
    assert "It broke." in page
    assert "Try again" in page
    del scripted.script["a"]
    given = {"seen": seen(run, "a"), "reason": "It is mended."}
    assert as_user(commander).post(url(run, "retry", "a"), given).status_code == 302
    assert work_off(run).state == "succeeded"


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [(" 7 ", "integer", 7), ("1.5", "number", 1.5), ("Yes", "boolean", True), ("false", "boolean", False),
     (" a ", "string", " a ")],
)  # fmt: skip
def test_what_is_typed_becomes_the_declared_type(text: str, kind: str, value: object) -> None:
    assert typed_text(text, kind) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(("text", "kind"), [("x", "integer"), ("nan", "number"), ("inf", "number"), ("2", "boolean")])
def test_what_can_t_be_that_type_says_so(text: str, kind: str) -> None:
    with pytest.raises(BadText, match=text):
        typed_text(text, kind)  # type: ignore[arg-type]
