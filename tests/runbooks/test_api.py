"""The API of runbooks and runs: the same gate and the same services as the pages."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from audit.selectors import entries
from catalog.models import Team, User
from catalog.states import Role
from runbooks.models import Run, Runbook
from tests.runbooks.conftest import states, work_off
from tests.runbooks.test_pages import PLAN

pytestmark = pytest.mark.django_db


def as_user(user: User | None) -> APIClient:
    client = APIClient()
    if user is not None:
        client.force_authenticate(user)
    return client


def url(name: str, *args: object) -> str:
    return reverse(f"runbooks-api:{name}", args=args)


@pytest.fixture
def run(start, store, commander) -> Run:
    return work_off(start(PLAN, inputs={"host": "db-2"}, assignees={"role:commander": commander}))


NEW = {"slug": "restart", "title": "Restart", "team": "payments"}
SOURCE = "name: restart\ntitle: Restart\nsteps:\n  - {id: a, title: A, action: scripted}\n"


@pytest.fixture
def restart(scripted, author: User, payments_team: Team) -> Runbook:
    assert as_user(author).post(url("list"), NEW, format="json").status_code == 201
    return Runbook.objects.get(slug="restart")


def test_an_author_makes_saves_and_publishes(restart: Runbook, author: User) -> None:
    client = as_user(author)
    saved = client.post(url("versions", "restart"), {"source": SOURCE}, format="json")
    assert saved.status_code == 201
    assert (saved.json()["number"], saved.json()["state"], saved.json()["source"]) == (1, "draft", SOURCE)
    assert saved.json()["author"]["name"] == "Mina Tran"
    again = client.post(url("versions", "restart"), {"source": SOURCE}, format="json")
    assert (again.status_code, again.json()["number"]) == (200, 1)
    published = client.post(url("publish", "restart", 1))
    assert (published.status_code, published.json()["state"]) == (200, "published")
    frozen = client.post(url("publish", "restart", 1))
    assert (frozen.status_code, frozen.json()["code"]) == (409, "version_frozen")
    assert client.get(url("detail", "restart")).json()["current"] == 1
    assert client.get(url("version", "restart", 1)).json()["digest"] == saved.json()["digest"]
    assert client.get(url("version", "restart", 9)).status_code == 404
    listed = client.get(url("versions", "restart")).json()
    assert listed["count"] == 1
    assert "source" not in listed["results"][0], "a text may have megabytes"
    assert client.get(url("version", "restart", 1)).json()["source"] == SOURCE


def test_a_bad_text_is_refused_with_every_problem(restart: Runbook, author: User) -> None:
    text = SOURCE.replace("scripted", "scriptd") + "  - {id: a, title: B, action: wait, needs: [z]}\n"
    answer = as_user(author).post(url("versions", "restart"), {"source": text}, format="json")
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_definition"
    problems = answer.json()["problems"]
    assert len(problems) >= 3
    for problem in problems:
        assert problem["file"] == "restart.yaml"
        assert problem["line"] in (4, 5)
        assert problem["field"].startswith("steps.")
        assert problem["message"]
    assert any("scripted" in problem["remedy"] for problem in problems)
    assert not restart.versions.exists()


@pytest.mark.parametrize("body", [{}, {"source": ""}, {"source": 7}, {"source": None}, {"source": ["x"]}])
def test_a_malformed_upload_keeps_nothing(body: dict[str, object], restart: Runbook, author: User) -> None:
    answer = as_user(author).post(url("versions", "restart"), body, format="json")
    assert answer.status_code in (400, 422)
    assert not restart.versions.exists()


def test_a_text_of_another_runbook_is_refused(restart: Runbook, author: User) -> None:
    answer = as_user(author).post(
        url("versions", "restart"), {"source": SOURCE.replace("name: restart", "name: other")}, format="json"
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "illegal_version")


@pytest.mark.parametrize(
    ("who", "made", "saved"),
    [("viewer", 403, 403), ("responder", 403, 403), ("commander", 403, 403), ("owner", 403, 403),
     ("superuser", 403, 403), ("stranger", 400, 404)],
)  # fmt: skip
def test_only_authors_of_the_team_write(
    who: str, made: int, saved: int, restart: Runbook, author: User, request: pytest.FixtureRequest
) -> None:
    as_user(author).post(url("versions", "restart"), {"source": SOURCE}, format="json")
    client = as_user(request.getfixturevalue(who))
    assert client.post(url("list"), {**NEW, "slug": "another"}, format="json").status_code == made
    assert client.post(url("versions", "restart"), {"source": "x"}, format="json").status_code == saved
    assert client.post(url("publish", "restart", 1)).status_code == saved
    assert not Runbook.objects.filter(slug="another").exists()


@pytest.mark.parametrize("change", [{"slug": "restart"}, {"team": "nowhere"}, {"title": ""}, {"slug": "not a slug"}])
def test_a_runbook_that_can_t_be_is_refused(change: dict[str, str], restart: Runbook, author: User) -> None:
    answer = as_user(author).post(url("list"), {**NEW, "slug": "fresh", **change}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()) == set(change)
    assert Runbook.objects.count() == 1


def test_reading_goes_through_the_gate(
    run: Run, viewer: User, stranger: User, superuser: User, make_user, payments_team: Team
) -> None:
    robot = make_user(machine=True, team=payments_team, roles=[Role.VIEWER])
    for user in (viewer, superuser, robot):
        client = as_user(user)
        assert client.get(url("list")).json()["count"] == 1
        assert client.get(url("detail", "failover")).json()["last_run"]
        assert client.get(url("runs")).json()["count"] == 1
        assert client.get(url("runs") + f"?stream={run.stream}&state=running").json()["count"] == 1
        assert client.get(url("runs") + "?state=failed").json()["count"] == 0
        found = client.get(url("run", run.uid)).json()
        assert [step["id"] for step in found["steps"]] == ["check", "call", "promote"]
        assert found["steps"][2]["state"] == "approval"
        assert found["steps"][2]["approval"]
        assert found["steps"][1]["assignee"]["name"] == "Amara Diallo"
    outside = as_user(stranger)
    assert outside.get(url("list")).json()["count"] == outside.get(url("runs")).json()["count"] == 0
    for address in (
        url("detail", "failover"),
        url("versions", "failover"),
        url("version", "failover", 1),
        url("run", run.uid),
    ):
        assert outside.get(address).status_code == 404
        assert as_user(None).get(address).status_code in (401, 403)


def seen(run: Run, step: str = "call") -> int:
    return run.steps.get(step=step).seen_at


BODIES = {
    "start": {},
    "finish": {"worked": True},
    "retry": {"reason": "x"},
    "skip": {"reason": "x"},
    "take": {"reason": "x"},
    "replace": {"evidence": "x"},
    "give-up": {"reason": "x"},
    "hold": {"reason": "x"},
    "release": {"reason": "x"},
    "reassign": {"reason": "x", "to": "commander"},
    "settle": {"found": "happened", "evidence": "x"},
    "check": {},
}


@pytest.mark.parametrize("act", BODIES)
@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("viewer", 403), ("owner", 403), ("superuser", 403)])
def test_who_may_not_execute_does_nothing(
    act: str, who: str, status: int, run: Run, request: pytest.FixtureRequest
) -> None:
    body, before = {"seen": seen(run), **BODIES[act]}, states(run)
    answer = as_user(request.getfixturevalue(who)).post(url(f"step-{act}", run.uid, "call"), body, format="json")
    assert answer.status_code == status
    assert states(run) == before


def test_the_commander_does_a_step(run: Run, commander: User) -> None:
    client = as_user(commander)
    started = client.post(url("step-start", run.uid, "call"), {"seen": seen(run)}, format="json")
    assert started.status_code == 200
    step = started.json()["steps"][1]
    assert step["state"] == "running"
    late = client.post(url("step-start", run.uid, "call"), {"seen": step["seen"] - 1}, format="json")
    assert (late.status_code, late.json()["code"]) == (409, "stale_step")
    body = {"seen": step["seen"], "worked": True, "note": "Told.", "outputs": {"ticket": "T-1"}}
    done = client.post(url("step-finish", run.uid, "call"), body, format="json")
    assert done.json()["steps"][1]["output"]["ticket"] == "T-1"


def test_a_step_of_somebody_else_is_not_started(run: Run, responder: User) -> None:
    client = as_user(responder)
    refused = client.post(url("step-start", run.uid, "call"), {"seen": seen(run)}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_yours")
    taken = client.post(url("step-take", run.uid, "call"), {"seen": seen(run), "reason": "She is away."}, format="json")
    assert taken.json()["steps"][1]["assignee"]["name"] == "Jonas Weber"
    skipped = client.post(url("step-skip", run.uid, "call"), {"seen": seen(run), "reason": "Known."}, format="json")
    assert skipped.json()["steps"][1]["state"] == "skipped"


@pytest.mark.parametrize(
    ("act", "body"),
    [("start", {}), ("start", {"seen": "x"}), ("start", {"seen": -1}), ("skip", {"seen": 0}), ("finish", {"seen": 0}),
     ("settle", {"seen": 0, "found": "happened"}), ("finish", {"seen": 0, "worked": True, "outputs": "x"})],
)  # fmt: skip
def test_a_malformed_act_does_nothing(act: str, body: dict[str, object], run: Run, commander: User) -> None:
    before = states(run)
    answer = as_user(commander).post(url(f"step-{act}", run.uid, "call"), body, format="json")
    assert answer.status_code == 400
    assert states(run) == before


def test_an_act_on_nothing_is_not_found(run: Run, commander: User) -> None:
    assert as_user(commander).post(url("step-start", run.uid, "zzz"), {"seen": 0}, format="json").status_code == 404
    assert as_user(commander).post(url("step-start", "0" * 32, "call"), {"seen": 0}, format="json").status_code == 404


def test_an_input_is_changed_with_its_declared_type(run: Run, commander: User, viewer: User) -> None:
    client, door = as_user(commander), url("change-input", run.uid)
    wrong = client.post(door, {"name": "lag_s", "value": "4", "reason": "x"}, format="json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "bad_input")
    unknown = client.post(door, {"name": "hst", "value": "4", "reason": "x"}, format="json")
    assert "Did you mean host?" in unknown.json()["detail"]
    assert client.post(door, {"name": "lag_s", "value": 5}, format="json").status_code == 400
    assert as_user(viewer).post(door, {"name": "lag_s", "value": 5, "reason": "x"}, format="json").status_code == 403
    right = client.post(door, {"name": "lag_s", "value": 5, "reason": "Measured."}, format="json")
    assert right.json()["inputs"] == {"host": "db-2", "lag_s": 5}


def test_a_run_is_cancelled_once(run: Run, commander: User, viewer: User) -> None:
    door = url("cancel", run.uid)
    assert as_user(viewer).post(door, {"reason": "x"}, format="json").status_code == 403
    assert as_user(commander).post(door, {}, format="json").status_code == 400
    assert (
        as_user(commander).post(door, {"seen": run.seen_at, "reason": "Wrong one."}, format="json").json()["state"]
        == "stopped"
    )
    assert as_user(commander).post(door, {"seen": run.seen_at, "reason": "Again."}, format="json").status_code == 409
    assert [entry.kind for entry in entries(run.stream)].count("run.cancelled") == 1
