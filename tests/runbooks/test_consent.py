"""Consent beside plain steps: an undo, the items of a loop, and what a decision does again ask for themselves."""

from collections.abc import Callable

import pytest

from approvals import services as approvals
from approvals.models import ApprovalRequest
from catalog.models import User
from plumbing import clock
from runbooks import services
from runbooks.actions.base import Done
from runbooks.engine.shell import advance
from runbooks.models import Run
from tests.cast import MakeService
from tests.runbooks.conftest import Scripted, states, work_off

pytestmark = pytest.mark.django_db

ASK = "approval: {reason: 'Act on QUESTION?', effect: It acts., undo: None., proof: None.}"
UNDO = f"""
name: back
title: An undo that asks
steps:
  - {{id: act, title: Act, action: scripted, touches: [store], undo: {{action: scripted, {ASK}}}}}
  - {{id: end, title: End, action: manual, needs: [act]}}
"""
LOOP = f"""
name: loop
title: A loop that asks
model: adaptive
steps:
  - id: act
    title: Act
    action: scripted
    for_each: {{in: '["disk", "fan"]', as: part, width: 2}}
    with: {{say: "{{{{ part }}}}"}}
    touches: [store]
    {ASK.replace("QUESTION", "{{ part }}")}
    undo: {{none: It is so.}}
  - {{id: look, title: Look, action: scripted, needs: [act]}}
  - id: enough
    title: Enough?
    needs: [look]
    decide:
      cases:
        - {{id: "yes", when: steps.look.output.good, go: end}}
        - {{id: "no", back: act, most: 3}}
      fallback: human
  - {{id: end, title: End, action: scripted}}
"""


@pytest.fixture(autouse=True)
def store(make_service: MakeService, owner: User) -> None:
    make_service("store", owner=owner)


def agree(owner: User) -> list[str]:
    """Say yes to what is asked. Returns the questions."""
    asked = list(ApprovalRequest.objects.filter(state="pending").order_by("subject"))
    for each in asked:
        approvals.decide(each.uid, user=owner, said=approvals.Said("approve", "", each.digest), now=clock.now())
    return [each.question for each in asked]


def go_on(run: Run) -> Run:
    advance(run.uid)
    return work_off(run)


def test_an_undo_asks_before_it_acts(
    start: Callable[..., Run], scripted: Scripted, commander: User, owner: User
) -> None:
    run = go_on(start(UNDO))
    services.undo_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Wrong cluster.")
    assert (states(go_on(run))["undo:act"], scripted.steps) == ("approval", ["act"])
    assert agree(owner) == ["Act on QUESTION?"]
    go_on(run)
    assert (states(run)["act"], scripted.steps) == ("undone", ["act", "undo:act"])


def test_each_item_asks_for_itself_and_asks_anew_when_a_decision_goes_back(
    start: Callable[..., Run], scripted: Scripted, owner: User
) -> None:
    looks: list[int] = []
    scripted.script["look"] = lambda context: looks.append(1) or Done({"good": len(looks) >= 2})  # type: ignore[func-returns-value]
    run, asked = go_on(start(LOOP)), list[str]()
    for _ in range(8):
        asked += agree(owner)
        run = go_on(run)
    assert sorted(asked) == ["Act on disk?", "Act on disk?", "Act on fan?", "Act on fan?"]
    said = [config["say"] for step, config, _ in scripted.calls if step.startswith("act.")]
    assert (run.state, sorted(said)) == ("succeeded", ["disk", "disk", "fan", "fan"])
