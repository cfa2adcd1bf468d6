"""Whoever shaped what would be done doesn't say yes to it: not by starting it, not by changing an input, not by
trying again, not by the outputs of a step that they finished."""

import pytest
from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.states import RequestState
from audit.selectors import entries
from catalog.services import join
from catalog.states import Role
from incidents.services import take_role
from runbooks.actions.base import Failed
from runbooks.engine.model import Effect
from runbooks.engine.shell import advance
from runbooks.models import Run
from tests.matrix.world import World
from tests.runbooks.conftest import publish, scripted, start, work_off

pytestmark = pytest.mark.django_db
BECAUSE = "whoever shaped what would be done can't decide it"
PICKED = """\
name: picked
title: What somebody picked
steps:
  - id: pick
    title: Pick a node
    action: manual
    outputs: [{name: node, type: string}]
  - id: switch
    title: Switch it
    needs: [pick]
    action: scripted
    with: {say: "{{ steps.pick.output.node }}"}
    touches: [store]
    approval: {reason: "Switch {{ steps.pick.output.node }}?"}
"""

__all__ = ["publish", "scripted", "start"]


def pending(run: Run) -> ApprovalRequest:
    return ApprovalRequest.objects.get(subject__startswith=f"run/{run.uid}/", state=RequestState.PENDING)


def decide(world: World, who: str, request: ApprovalRequest) -> int:
    said = {"verdict": "approve", "reason": "Fine.", "seen": request.digest}
    status: int = world.clients[who].post(reverse("approvals:decide", args=[request.uid]), said).status_code
    return status


@pytest.mark.parametrize("by", ["team", "incident"])
def test_who_changed_an_input_is_not_asked_and_can_not_decide(by: str, world: World) -> None:
    """`incident`: an approver may take the role of a responder, which gives the right to execute."""
    owner = world.users["owner"]
    if by == "team":
        join(world.team, owner, Role.RESPONDER, world.users["administrator"])
    else:
        take_role(world.incident, "responder", actor=owner)
    said = {"name": "node", "value": "mine", "reason": "I want this one."}
    answer = world.clients["owner"].post(reverse("runbooks:change-input", args=[world.run.uid]), said)
    assert answer.status_code == 302
    asked = pending(world.run)
    assert "mine" in asked.binds
    assert [row.user.username for row in asked.asked.all()] == ["deputy"]
    assert {"part": "accountable owner of store", "who": owner.actor_id, "because": BECAUSE} in asked.skipped
    assert decide(world, "owner", asked) == 403
    assert entries(world.incident.stream)[-1].fields["because"] == BECAUSE
    assert world.clients["owner"].post(reverse("approvals:cover", args=[asked.uid]), {"reason": "x"}).status_code == 403
    assert asked.uid not in world.clients["owner"].get(reverse("approvals:inbox") + "?show=cover").content.decode()
    assert decide(world, "deputy", asked) == 302


def test_the_ledger_says_who_may_not_decide(world: World) -> None:
    join(world.team, world.users["owner"], Role.RESPONDER, world.users["administrator"])
    said = {"name": "node", "value": "mine", "reason": "I want this one."}
    world.clients["owner"].post(reverse("runbooks:change-input", args=[world.run.uid]), said)
    asked = [entry for entry in entries(world.incident.stream) if entry.kind == "approval.asked"]
    assert asked[0].fields["shapers"] == []
    assert asked[-1].fields["shapers"] == [world.users["owner"].actor_id]


def test_an_input_that_somebody_else_changed_leaves_the_owner_free(world: World) -> None:
    said = {"name": "node", "value": "theirs", "reason": "It is the right one."}
    world.clients["responder"].post(reverse("runbooks:change-input", args=[world.run.uid]), said)
    assert decide(world, "owner", pending(world.run)) == 302


def test_whose_output_it_is_bound_to_can_not_decide(world: World, start) -> None:
    run = start(PICKED)
    join(world.team, world.users["owner"], Role.RESPONDER, world.users["administrator"])
    seen = run.steps.get(step="pick").seen_at
    said = {"seen": seen, "worked": "yes", "output_node": "mine"}
    answer = world.clients["owner"].post(reverse("runbooks:step-finish", args=[run.uid, "pick"]), said)
    assert answer.status_code == 302
    assert decide(world, "owner", pending(run)) == 403
    assert decide(world, "deputy", pending(run)) == 302


def test_who_tries_again_can_not_decide(world: World, start, scripted) -> None:
    scripted.script["switch"] = lambda context: Failed("The switch is stuck.", effect=Effect.NONE)
    run = start(PICKED)
    seen = run.steps.get(step="pick").seen_at
    said = {"seen": seen, "worked": "yes", "output_node": "one"}
    world.clients["responder"].post(reverse("runbooks:step-finish", args=[run.uid, "pick"]), said)
    assert decide(world, "owner", pending(run)) == 302
    advance(run.uid)
    work_off(run)
    join(world.team, world.users["owner"], Role.RESPONDER, world.users["administrator"])
    said = {"seen": run.steps.get(step="switch").seen_at, "reason": "Once more."}
    answer = world.clients["owner"].post(reverse("runbooks:step-retry", args=[run.uid, "switch"]), said)
    assert answer.status_code == 302
    assert decide(world, "owner", pending(run)) == 403
    assert decide(world, "deputy", pending(run)) == 302
