"""A run in a room: how it starts, what each reader sees of it, and what the feed says as it goes."""

import copy
import dataclasses
import hashlib
import json

import pytest
from django.urls import reverse

from approvals import services as approvals
from approvals.models import ApprovalRequest
from audit.packs.providers import provided
from audit.selectors import entries, latest, reached
from catalog.models import Probe
from catalog.signals import health_changed
from catalog.states import Health
from incidents import services
from incidents.errors import NothingPublished
from incidents.feed import MOST_OPS, feed_for
from incidents.models import Incident, IncidentRun
from incidents.room import room_for
from incidents.states import Phase
from plumbing import clock
from plumbing.database import atomic
from runbooks import services as runbooks
from runbooks.engine import shell
from tests.incidents.test_replay import take
from tests.runbooks.conftest import publish, scripted, work_off  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db

PLAN = """
name: restore
title: Restore a service
inputs:
  service: {type: string}
steps:
  - {id: look, title: Look at it, action: scripted}
  - id: restart
    title: Restart it
    action: scripted
    needs: [look]
    with: {what: "{{ inputs.service }}"}
    touches: [store]
    approval: {reason: "Restart {{ inputs.service }}?", effect: 5 s without it, undo: None, proof: Its probe}
  - {id: call, title: Tell the customers, action: manual, needs: [look], assign: "role:commander"}
"""


@pytest.fixture
def plan(publish, estate):  # noqa: F811
    return publish(PLAN).runbook


@pytest.fixture
def incident(make_incident, commander):
    return make_incident(commander=commander)


def start(incident, plan, actor):
    run = services.start_runbook(incident, plan, actor=actor, inputs={"service": "store"})
    return work_off(run)


def at(view):
    return {cell.key: cell.state for section in view.run.sections for cell in section.cells}


def test_starting_a_runbook_says_why_and_moves_to_mitigation(incident, plan, commander):
    run = start(incident, plan, commander)
    incident.refresh_from_db()
    assert incident.phase == Phase.MITIGATION
    assert IncidentRun.objects.get(run=run).because == "started by Amara Diallo"
    kinds = [entry.kind for entry in entries(incident.stream)]
    assert kinds.index("run.started") < kinds.index("run.chosen")
    moved = next(entry for entry in latest(incident.stream) if entry.kind == "incident.moved")
    assert (moved.actor, moved.fields["to"]) == ("sys_muster", "mitigation")


def test_the_room_shows_each_reader_what_is_theirs(incident, plan, commander, owner):
    start(incident, plan, commander)
    mine, theirs = (room_for(person, incident, clock.now()) for person in (owner, commander))
    assert at(mine) == {"step:look": "done", "step:restart": "approval", "step:call": "ready"}
    assert mine.decision.is_yours and not theirs.decision.is_yours
    assert mine.decision.approve_url and not theirs.decision.approve_url
    assert theirs.decision.waits_for == "Lena Vogt"
    words = {node.key: node.word for node in mine.run.graph.nodes}
    assert words["step:restart"] == "Needs you"
    assert next(node.word for node in theirs.run.graph.nodes if node.key == "step:restart") == "Needs Lena"
    assert [row.key for row in theirs.step_groups[0].rows] == ["step:call"]
    assert theirs.step_groups[0].name == "For you"
    assert theirs.step_groups[0].rows[0].action.label == "Start step"


def test_every_address_in_the_room_answers(client, incident, plan, commander, owner):
    start(incident, plan, commander)
    for person in (owner, commander):
        client.force_login(person)
        view = room_for(person, incident, clock.now())
        links = [row.url for group in view.step_groups for row in group.rows]
        links += [node.href for node in view.run.graph.nodes] + [view.run.url, view.decision.page_url]
        links += [action.url for action in view.header.actions] + [view.urls.evidence, view.decision.approve_url]
        for link in filter(None, links):
            assert client.get(link).status_code == 200, link
        assert client.get(view.urls.page).status_code == 200


def test_the_step_of_the_reader_starts_from_the_room(client, incident, plan, commander):
    run = start(incident, plan, commander)
    client.force_login(commander)
    (group, *_) = room_for(commander, incident, clock.now()).step_groups
    action = group.rows[0].action
    answer = client.post(action.url, dict(action.fields))
    assert answer.url == reverse("incidents:room", args=[incident.uid])
    assert run.steps.get(step="call").state == "running"
    assert client.post(action.url, dict(action.fields)).status_code == 409  # the same click again, late


def test_the_feed_turns_steps_and_refreshes_what_changed_its_shape(client, incident, plan, commander, owner):
    before = reached(incident.stream)
    start(incident, plan, commander)
    answer = feed_for(owner, incident, before, clock.now())
    assert answer["at"] == reached(incident.stream)
    assert not answer["more"]
    states = {op["key"]: (op["state"], op["label"]) for op in answer["ops"] if op["op"] == "state"}
    assert states["step:look"] == ("done", "Done")
    assert states["step:restart"] == ("approval", "Needs you")
    refreshed = [op["url"].rpartition("/")[2] for op in answer["ops"] if op["op"] == "refresh"]
    assert refreshed == ["header", "vitals", "run", "steps", "questions", "decision"]
    html = [op["html"] for op in answer["ops"] if op["op"] == "prepend"]
    assert len(html) == answer["at"] - before
    assert 'data-seq="' in html[0]
    json.dumps(answer)
    assert feed_for(owner, incident, answer["at"], clock.now())["ops"] == []


def test_the_feed_is_made_for_its_reader(incident, plan, commander, owner):
    before = reached(incident.stream)
    start(incident, plan, commander)

    def word(reader):
        ops = feed_for(reader, incident, before, clock.now())["ops"]
        return next(op["label"] for op in ops if op["op"] == "state" and op["key"] == "step:restart")

    assert (word(owner), word(commander)) == ("Needs you", "Needs Lena")


def test_the_feed_turns_the_rows_of_health(incident, estate, owner):
    probe = Probe.objects.create(
        service=estate["store"], name="/healthz", target="http://127.0.0.1:1/", health=Health.RED, due_at=clock.now()
    )
    before = reached(incident.stream)
    with atomic():
        health_changed.send(sender=Probe, probe=probe, was=Health.GREEN, now=Health.RED)
    ops = feed_for(owner, incident, before, clock.now())["ops"]
    assert {"op": "state", "key": f"health:p{probe.pk}", "state": "failed", "label": "failing"} in ops
    assert [op["url"].rpartition("/")[2] for op in ops if op["op"] == "refresh"] == ["vitals"]


def test_the_room_shows_what_fires_and_what_our_probes_say(recorded, sources, rules, estate, owner):
    Probe.objects.create(
        service=estate["store"], name="/healthz", target="http://127.0.0.1:1/", health=Health.GREEN, latency_ms=12,
        recent=[[1, True, 10], [2, True, 14]], due_at=clock.now(),
    )  # fmt: skip
    take(recorded[0], sources, recorded[0].received)
    view = room_for(owner, Incident.objects.get(), clock.now())
    probe, *signals = view.health
    assert (probe.state, probe.value, probe.name) == ("done", "12 ms", "Store")
    assert probe.spark
    assert {row.name for row in signals} == {
        "Store: InstanceDown", "Store: HealthProbeFailed", "API: HealthProbeFailed", "Edge: HealthProbeFailed"
    }  # fmt: skip
    assert all(row.url.startswith("http://") for row in signals)
    vitals = {vital.key: vital for vital in view.vitals}
    assert (vitals["system"].value, vitals["signals"].value) == ("Healthy", "4 firing")


def test_a_link_of_a_signal_is_an_address_or_nothing(recorded, sources, rules, estate, owner):
    body = copy.deepcopy(recorded[0].body)
    for alert in body["alerts"]:
        alert["generatorURL"] = "javascript:alert(1)"
    post = dataclasses.replace(recorded[0], body=body)
    take(post, sources, post.received)
    assert {row.url for row in room_for(owner, Incident.objects.get(), clock.now()).health} == {""}


def test_older_entries_are_a_page_away(client, incident, responder):
    for number in range(110):
        services.add_note(incident, f"Note number {number}", actor=responder)
    client.force_login(responder)
    view = room_for(responder, incident, clock.now())
    assert "Note number 5<" not in client.get(view.urls.page).content.decode()
    assert "Note number 5<" in client.get(view.earlier_url).content.decode()


def test_whoever_was_away_long_gets_the_present_not_a_film(client, incident, responder):
    before = reached(incident.stream)
    for number in range(MOST_OPS + 50):
        services.add_note(incident, f"Note {number}", actor=responder)
    client.force_login(responder)
    answer = client.get(reverse("incidents:feed", args=[incident.uid]), {"after": before}).json()
    assert {op["op"] for op in answer["ops"]} == {"refresh"}
    assert len(answer["ops"]) == 9
    assert answer["at"] == reached(incident.stream)


@pytest.mark.parametrize("after", ["x", "-5", "", "9" * 30, "1e3"])
def test_a_strange_cursor_is_the_beginning(client, incident, responder, after):
    client.force_login(responder)
    answer = client.get(reverse("incidents:feed", args=[incident.uid]), {"after": after})
    assert answer.status_code == 200
    assert answer.json()["at"] == reached(incident.stream)


def test_a_decision_settled_elsewhere_leaves_the_room(incident, plan, commander, owner):
    run = start(incident, plan, commander)
    before = reached(incident.stream)
    request = ApprovalRequest.objects.get()
    approvals.decide(request.uid, user=owner, said=approvals.Said("approve", "Go.", request.digest), now=clock.now())
    shell.advance(run.uid)  # what the doorbell does
    work_off(run)
    assert room_for(owner, incident, clock.now()).decision is None
    ops = feed_for(owner, incident, before, clock.now())["ops"]
    assert {op["key"]: op["state"] for op in ops if op["op"] == "state"}["step:restart"] == "done"


def test_a_rule_starts_its_runbook_with_rendered_inputs(recorded, sources, rules, estate, plan):
    rules[2].runbook, rules[2].inputs = plan, {"service": "{{ service.slug }}"}
    rules[2].save()
    take(recorded[0], sources, recorded[0].received)
    incident = Incident.objects.get()
    run = incident.incident_runs.get().run
    assert run.inputs == {"service": "store"}
    assert run.context["incident"]["label"] == "INC-1"
    assert incident.incident_runs.get().because == "rule “Outage” names it"
    assert incident.phase == Phase.MITIGATION
    for post in recorded[1:8]:
        take(post, sources, post.received)
    assert incident.incident_runs.count() == 1


@pytest.mark.parametrize("inputs", [{}, {"service": "{{ service.nonsense }}"}, {"unknown": "x", "service": "store"}])
def test_a_run_that_cannot_start_never_costs_the_incident(recorded, sources, rules, estate, plan, inputs):
    rules[2].runbook, rules[2].inputs = plan, inputs
    rules[2].save()
    take(recorded[0], sources, recorded[0].received)
    incident = Incident.objects.get()
    assert not incident.incident_runs.exists()
    refused = next(entry for entry in latest(incident.stream) if entry.kind == "run.refused")
    assert refused.fields["reason"]
    assert incident.signals.count() == 4


def test_even_an_error_of_ours_never_costs_the_incident(recorded, sources, rules, estate, plan, monkeypatch):
    rules[2].runbook = plan
    rules[2].save()

    def broken(*_, **__):
        raise ZeroDivisionError

    monkeypatch.setattr("incidents.services.runs.start_run", broken)
    take(recorded[0], sources, recorded[0].received)
    refused = next(entry for entry in latest(Incident.objects.get().stream) if entry.kind == "run.refused")
    assert "error inside Muster" in refused.fields["reason"]


def test_a_fault_that_was_over_before_we_heard_of_it_starts_nothing(recorded, sources, rules, estate, plan):
    rules[2].runbook, rules[2].inputs = plan, {"service": "{{ service.slug }}"}
    rules[2].save()
    r1 = [post for post in recorded if post.scenario == "r1-store"]
    for post in reversed(r1):
        take(post, sources, r1[-1].received)
    incident = Incident.objects.get()
    assert incident.incident_runs.count() == 0
    assert any(entry.kind == "run.refused" for entry in latest(incident.stream))


def test_a_runbook_without_a_published_version_is_not_started(incident, commander, payments_team):
    empty = runbooks.make_runbook("empty", "Empty", payments_team, actor=commander)
    with pytest.raises(NothingPublished):
        services.start_runbook(incident, empty, actor=commander, inputs={})


def test_people_choose_a_runbook_and_give_its_inputs(client, incident, plan, commander, responder, viewer):
    address = reverse("incidents:start-runbook", args=[incident.uid])
    client.force_login(viewer)
    assert client.get(address).status_code == 403
    client.force_login(responder)
    assert "Restore" in client.get(address).content.decode()
    form = client.get(address, {"runbook": plan.slug}).content.decode()
    assert 'value="store"' in form  # the affected service is guessed
    missing = client.post(f"{address}?runbook={plan.slug}", {"input_service": ""})
    assert missing.status_code == 422
    done = client.post(f"{address}?runbook={plan.slug}", {"input_service": "store"})
    assert done.status_code == 302
    assert incident.incident_runs.get().run.starter == responder


def test_without_a_run_the_room_offers_runbooks_with_reasons(incident, plan, commander):
    (idea,) = room_for(commander, incident, clock.now()).suggestions
    assert "keeps it" in idea.reason
    assert idea.start is not None


def test_a_pack_holds_the_text_that_ran(incident, plan, commander):
    start(incident, plan, commander)
    files = provided(incident.stream, entries(incident.stream))
    (name,) = [name for name in files if name.startswith("versions/")]
    assert files[name].decode() == PLAN
    assert name == f"versions/{hashlib.sha256(files[name]).hexdigest()}.yaml"


def test_a_role_in_the_incident_gives_rights_in_its_run(client, incident, plan, commander, stranger):
    run = start(incident, plan, commander)
    page = reverse("runbooks:run", args=[run.uid])
    client.force_login(stranger)
    assert client.get(page).status_code == 404
    services.give_role(incident, "responder", stranger, actor=commander)
    assert client.get(page).status_code == 200
    assert client.get(reverse("incidents:room", args=[incident.uid])).status_code == 200
