"""My shift shows the commander what the plans ask of them: failures of a group, waits for locks, proposals."""
# ruff: noqa: F811 - fixtures

import pytest
from django.urls import reverse

from incidents.models import Incident
from incidents.room.asked import asked_of
from incidents.services import give_role, start_runbook
from incidents.states import IncidentRole, Phase
from plumbing import clock
from runbooks.actions.base import Failed
from runbooks.engine import shell
from runbooks.engine.model import Effect
from runbooks.models import Proposal, StepRun, Timer
from runbooks.states import GroupState
from tests.runbooks.conftest import publish, scripted, states, work_off  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

GROUP = """
name: both
title: Both sides
sections:
  - {id: sides, title: Sides, on_failure: continue}
steps:
  - {id: left, title: Left, action: scripted, section: sides, undo: {none: So.}}
  - {id: right, title: Right, action: scripted, section: sides, undo: {none: So.}}
  - {id: after, title: After, action: manual, needs: [left, right]}
"""
HOLDS = """
name: NAME
title: A restart
steps:
  - {id: act, title: Restart NAME, action: manual, touches: [store], lock_wait: 1m, undo: {none: So.}}
"""


@pytest.fixture
def incident(make_incident, commander):
    return make_incident(commander=commander)


def titles(user):
    return [each.question.title for each in asked_of(user, clock.now())]


def begin(publish, incident, source, actor):
    run = start_runbook(incident, publish(source).runbook, actor=actor, inputs={})
    shell.advance(run.uid)
    return work_off(run)


def test_failures_of_a_group_are_asked_of_the_commander_alone(
    client,
    incident,
    publish,
    scripted,
    commander,
    responder,
    owner,
):
    scripted.script["left"] = lambda context: Failed("It burns.", effect=Effect.MAYBE)
    run = begin(publish, incident, GROUP, commander)
    assert run.groups.get(group="sides").state == GroupState.ASSESSING
    client.force_login(commander)
    page = client.get(reverse("home")).content.decode()
    assert "Sides: 1 of 2 branches did not make it" in page
    assert f"{reverse('incidents:room', args=[incident.uid])}#room-questions" in page
    client.force_login(responder)
    assert "did not make it" not in client.get(reverse("home")).content.decode()
    give_role(incident, IncidentRole.COMMANDER, owner, actor=commander)
    assert titles(commander) == []
    Incident.objects.filter(pk=incident.pk).update(phase=Phase.CLOSED)
    assert titles(owner) == []


def test_a_wait_for_a_lock_is_asked_once_it_is_too_long(
    client,
    make_incident,
    incident,
    publish,
    scripted,
    commander,
):
    first = begin(publish, make_incident(title="The other"), HOLDS.replace("NAME", "first"), commander)
    run = begin(publish, incident, HOLDS.replace("NAME", "second"), commander)
    assert (states(first)["act"], states(run)["act"]) == ("ready", "locked")
    assert titles(commander) == []
    StepRun.objects.filter(run=run, step="act").update(overdue=True)
    run.refresh_from_db()
    client.force_login(commander)
    page = client.get(reverse("home")).content.decode()
    assert "“Restart second” has waited too long for its locks" in page
    assert Timer.objects.filter(step_run__run=run).exists()


def test_an_open_proposal_is_asked_and_a_settled_one_is_not(incident, publish, scripted, commander):
    run = begin(publish, incident, HOLDS.replace("NAME", "plain"), commander)
    proposal = Proposal.objects.create(
        run=run, watch="slow", verb="skip", steps=["act"], why="It is fast again.", made_at=clock.now()
    )
    assert titles(commander) == ["Leave out “Restart plain”?"]
    Proposal.objects.filter(pk=proposal.pk).update(state="declined")
    assert titles(commander) == []
