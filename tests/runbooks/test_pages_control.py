"""Pages and dialogs of undo, reruns, moves to another version and workers; each works without any script."""

import pytest
from django.test import Client
from django.urls import reverse

from catalog.models import User
from plumbing import clock
from runbooks import services
from runbooks.models import Run, Worker
from tests.runbooks.conftest import kinds, work_off
from tests.runbooks.test_migrate import NEW, OLD
from tests.runbooks.test_undo import CHAIN

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/incidents/7"}


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_the_forecast_of_an_undo_stands_above_its_form(headers, start, scripted, commander):
    run = work_off(start(CHAIN))
    answer = as_user(commander).get(reverse("runbooks:undo", args=[run.uid]), headers=headers)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert page.lstrip().startswith("<dialog") is bool(headers)
    said = ["<b>Undo: C</b>", "<b>Undo: A</b>", "<b>B</b> <small>It was a letter.</small>", "<form class"]
    assert [line for line in said if line not in page] == []
    assert sorted(said, key=page.index) == said


def test_an_undo_without_a_reason_comes_back_and_with_one_is_done(start, scripted, commander, responder):
    run = work_off(start(CHAIN))
    door = reverse("runbooks:undo", args=[run.uid])
    assert as_user(responder).get(door).status_code == 403
    assert as_user(commander).post(door, {"seen": run.seen_at, "reason": ""}).status_code == 422
    assert as_user(commander).post(door, {"seen": run.seen_at, "reason": "Wrong."}).status_code == 302
    late = as_user(commander).post(door, {"seen": run.seen_at, "reason": "Wrong."})
    assert late.status_code == 409
    assert "Amara Diallo let it be taken back" in late.content.decode()
    assert work_off(run).state == "undone"


def test_a_rerun_asks_for_a_yes_and_leads_to_the_new_run(start, scripted, commander):
    run = work_off(start(CHAIN))
    services.cancel_run(run.uid, actor=commander, seen_at=run.seen_at, reason="Again.")
    run.refresh_from_db()
    door = reverse("runbooks:step-rerun", args=[run.uid, "c"])
    page = as_user(commander).get(door).content.decode()
    assert "not safe by itself" in page and "Kept as it came out" in page
    given = {"seen": run.seen_at, "reason": "Once more."}
    refused = as_user(commander).post(door, given)
    assert refused.status_code == 422
    assert "accept each of them" in refused.content.decode()
    done = as_user(commander).post(door, {**given, "accept": ["c"]})
    fresh = Run.objects.get(origin=run)
    assert done.headers["Location"] == reverse("runbooks:run", args=[fresh.uid])
    assert "Repeats" in as_user(commander).get(done.headers["Location"]).content.decode()


def test_a_move_is_read_proposed_and_decided_on_pages(start, scripted, commander, owner, author):
    run = work_off(start(OLD))
    services.publish(services.save_version(run.version.runbook, NEW, author=author), publisher=author)
    door = reverse("runbooks:move", args=[run.uid])
    page = as_user(commander).get(door).content.decode()
    assert "New steps" in page and "it stays as it ran" in page
    answer = as_user(commander).post(door, {"seen": run.seen_at, "version": 2, "reason": "C was wrong."})
    assert answer.status_code == 302
    move = run.migrations.get()
    decide = reverse("runbooks:decide-move", args=[run.uid, move.uid])
    assert decide in as_user(owner).get(reverse("runbooks:run", args=[run.uid])).content.decode()
    assert "Somebody else who may approve" in as_user(commander).get(decide).content.decode()
    said = {"digest": move.digest, "agree": "yes", "reason": "Read."}
    assert as_user(commander).post(decide, said).status_code == 403
    assert as_user(owner).post(decide, said).status_code == 302
    run.refresh_from_db()
    assert run.version.number == 2
    assert "run.migrated" in kinds(run)


def test_an_administrator_drains_a_worker_and_opens_it_again(admin_user, commander):
    worker = Worker.objects.create(name="box/1", started_at=clock.now(), seen_at=clock.now())
    listing, door = reverse("runbooks:workers"), reverse("runbooks:drain", args=[worker.pk])
    assert as_user(commander).get(listing).status_code == 403
    client = as_user(admin_user)
    assert "box/1" in client.get(listing).content.decode()
    for drained in (True, False):
        assert client.post(door, {"reason": "A new version."}).status_code == 302
        worker.refresh_from_db()
        assert worker.is_draining is drained
