"""What people ask for through doors and workers carry out: the check of an unknown step, the override of a lock."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.urls import reverse

from catalog.models import User
from plumbing import clock
from runbooks.actions.base import Failed
from runbooks.engine.model import Effect
from runbooks.engine.shell import advance
from runbooks.models import Attempt, Run
from tests.cast import MakeService
from tests.runbooks.conftest import Scripted, kinds, states, work_off
from tests.runbooks.test_api import as_user
from tests.runbooks.test_pages import as_user as at_pages
from tests.runbooks.web import Web, web_server

pytestmark = pytest.mark.django_db

CHECKED = """
name: checked
title: A step with a check
steps:
  - id: send
    title: Send
    action: scripted
    check: {http: "URL", expect: 204}
    undo: {none: It is sent.}
"""
HOLDS = """
name: NAME
title: A restart
steps:
  - {id: act, title: Restart NAME, action: manual, touches: [store], undo: {none: So.}}
"""


@pytest.fixture
def shop(settings: Any) -> Iterator[Web]:
    settings.EGRESS_ALLOW = ["127.0.0.1"]
    with web_server() as server:
        yield server


def hang_up(request: object) -> Any:
    raise ConnectionAbortedError


def an_hour_later(run: Run) -> None:
    then = clock.now() - dt.timedelta(hours=1)
    Attempt.objects.filter(step_run__run=run, kind="check", state="queued").update(started_at=then, not_before=then)


@pytest.mark.parametrize(("says", "becomes", "effect"), [(204, "done", Effect.UNKNOWN), (404, "failed", Effect.NONE)])
def test_the_check_of_an_unknown_step_is_asked_on_demand(
    start: Callable[..., Run], scripted: Scripted, responder: User, shop: Web, says: int, becomes: str, effect: Effect
) -> None:
    """By itself it was asked once, when the shop did not answer; a responder asks again."""
    scripted.script["send"] = lambda context: Failed("The connection broke.", effect=Effect.UNKNOWN)
    asked: list[int] = []
    shop.answer = hang_up
    run = work_off(start(CHECKED.replace("URL", shop.url)))
    assert (states(run)["send"], scripted.steps) == ("unknown", ["send"])
    seen = run.steps.get(step="send").seen_at
    door = reverse("runbooks-api:step-check", args=[run.uid, "send"])
    refused = as_user(responder).post(door, {"seen": seen}, format="json")
    assert (refused.status_code, "being asked already" in refused.json()["detail"]) == (409, True)
    an_hour_later(run)  # it was asked for as long as a probe asks
    run = work_off(run)
    assert states(run)["send"] == "unknown", "nobody answered"
    seen = run.steps.get(step="send").seen_at
    shop.answer = lambda request: asked.append(says) or (says, {}, b"")
    answer = as_user(responder).post(door, {"seen": seen}, format="json")
    assert answer.status_code == 200, answer.json()
    run = work_off(run)
    an_hour_later(run)
    run = work_off(run)
    row = run.steps.get(step="send")
    assert (row.state, row.effect, set(asked)) == (becomes, effect, {says})
    assert "step.check_asked" in kinds(run)
    assert scripted.steps == ["send"], "it is never done again by itself"


def test_an_override_through_its_door_lets_the_step_act_beside_the_holder(
    start: Callable[..., Run], scripted: Scripted, commander: User, responder: User, make_service: MakeService
) -> None:
    make_service("store")
    first, second = start(HOLDS.replace("NAME", "first")), start(HOLDS.replace("NAME", "second"))
    advance(first.uid)
    advance(second.uid)
    assert (states(first)["act"], states(second)["act"]) == ("ready", "locked")
    page = at_pages(commander).get(reverse("runbooks:step", args=[second.uid, "act"])).content.decode()
    assert "Override the lock" in page
    door, seen = reverse("runbooks:step-override", args=[second.uid, "act"]), second.steps.get(step="act").seen_at
    given = {"seen": seen, "reason": "The first one hangs."}
    assert at_pages(responder).post(door, given).status_code == 403
    assert at_pages(commander).post(door, {"seen": seen, "reason": " "}).status_code == 422
    assert states(second)["act"] == "locked"
    assert at_pages(commander).post(door, given).status_code == 302
    assert (states(first)["act"], states(second)["act"]) == ("ready", "ready")
    assert kinds(first).count("lock.overridden") == kinds(second).count("lock.overridden") == 1
    assert at_pages(commander).post(door, given).status_code == 409
