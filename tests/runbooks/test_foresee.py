"""A preview: asked by a person, told by a worker, for exactly what would be done; nothing is changed by it."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from approvals.models import ApprovalRequest
from audit.selectors import entries
from catalog.models import Service, User
from plumbing import clock, secrets
from plumbing.errors import MusterError
from runbooks import actions, services
from runbooks.actions.base import Context
from runbooks.actions.sources import offers_preview
from runbooks.errors import NoPreview
from runbooks.listeners import is_left_to_us
from runbooks.models import Preview, Run
from runbooks.services import previewing
from runbooks.services.previewing import ask_preview, find_previews, tell_preview
from tests.runbooks.conftest import Scripted, states, work_off

pytestmark = pytest.mark.django_db
PLAN = """name: failover
title: Failover
inputs:
  host: {type: string}
steps:
  - {id: look, title: Look, action: scripted}
  - id: promote
    title: Promote the standby
    action: foreseeing
    with: {host: "{{ inputs.host }}", key: "{{ secrets.desk }}"}
    touches: [store]
    approval: {reason: "Promote {{ inputs.host }}?"}
  - id: late
    title: Later
    action: foreseeing
    with: {host: "{{ steps.promote.output.host }}"}
    needs: [promote]
"""
HTMX = {"HX-Request": "true", "HX-Current-URL": "http://testserver/approvals/7"}


class Foreseeing(Scripted):
    """A scripted action with a preview of its own."""

    kind = "foreseeing"
    title = "Foresees"

    def __init__(self) -> None:
        super().__init__()
        self.foresee: Callable[[Mapping[str, Any], Context], str] = lambda config, context: f"+primary={config['host']}"

    def preview(self, config: Mapping[str, Any], context: Context) -> str:
        return self.foresee(config, context)


@pytest.fixture
def foreseeing() -> Iterator[Foreseeing]:
    action = Foreseeing()
    actions.register(action)  # type: ignore[arg-type]
    yield action
    actions.forget(action.kind)


@pytest.fixture
def run(foreseeing: Foreseeing, start: Callable[..., Run], store: Service) -> Run:
    """`promote` waits for the owner of the store."""
    return work_off(start(PLAN, inputs={"host": "db-2"}))


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def door(run: Run, step: str = "promote", room: str = "runbooks") -> str:
    return reverse(f"{room}:step-preview", args=[run.uid, step])


def step_page(run: Run, step: str = "promote") -> str:
    return reverse("runbooks:step", args=[run.uid, step])


def told(run: Run) -> list[tuple[str, str]]:
    """What the ledger says of previews: (kind, who)."""
    return [(entry.kind, entry.actor) for entry in entries(run.stream) if "preview" in entry.kind]


def test_an_action_offers_a_preview_when_it_has_one_of_its_own(foreseeing: Foreseeing, scripted: Scripted) -> None:
    assert [kind for kind in ("ansible", "command", "sql", "foreseeing") if not offers_preview(kind)] == []
    assert [kind for kind in ("wait", "manual", "scripted", "nonsense") if offers_preview(kind)] == []


def test_who_does_steps_asks_and_everybody_who_sees_the_run_reads_it(
    run: Run, responder: User, viewer: User, foreseeing: Foreseeing
) -> None:
    client = as_user(responder)
    assert "Ask for a preview" in client.get(step_page(run)).content.decode()
    assert client.post(door(run)).headers["Location"] == step_page(run)
    waiting = as_user(viewer).get(step_page(run)).content.decode()
    assert "Jonas Weber asked" in waiting and 'hx-trigger="every 1s"' in waiting
    assert "Ask for a preview" not in waiting
    preview = Preview.objects.get()
    assert tell_preview(preview.pk)
    page = as_user(viewer).get(step_page(run)).content.decode()
    assert "+primary=db-2" in page
    assert 'hx-trigger="every 1s"' not in page
    assert foreseeing.calls == [], "nothing was done"
    assert told(run) == [("step.preview_asked", responder.actor_id), ("step.previewed", "sys_muster")]
    last = next(entry for entry in entries(run.stream) if entry.kind == "step.previewed")
    assert (last.fields["text"], last.fields["digest"]) == ("+primary=db-2", preview.digest)


def test_the_owner_asks_and_reads_it_beside_the_decision(run: Run, owner: User) -> None:
    request = ApprovalRequest.objects.get()
    page, client = reverse("approvals:page", args=[request.uid]), as_user(owner)
    assert "Ask for a preview" in client.get(page).content.decode()
    answer = client.post(door(run), {"next": page})
    assert answer.headers["Location"] == page
    preview = Preview.objects.get()
    assert preview.digest == request.facts["act"], "what is foreseen is what the request binds"
    tell_preview(preview.pk)
    shown = client.get(page).content.decode()
    assert "+primary=db-2" in shown
    assert "Out of date" not in shown


def test_with_htmx_the_panel_alone_comes_back_and_asks_for_itself(run: Run, responder: User) -> None:
    client = as_user(responder)
    panel = client.post(door(run), {"next": "/approvals/7/"}, headers=HTMX).content.decode()
    assert panel.lstrip().startswith("<section") and "?next=/approvals/7/" in panel
    tell_preview(Preview.objects.get().pk)
    again = client.get(f"{door(run)}?next=/approvals/7/", headers=HTMX).content.decode()
    assert 'value="/approvals/7/"' in again and "+primary=db-2" in again


def test_an_address_of_another_site_is_not_followed(run: Run, responder: User) -> None:
    answer = as_user(responder).post(door(run), {"next": "https://evil.example/"})
    assert answer.headers["Location"] == step_page(run)


def test_who_may_neither_execute_nor_approve_may_not_ask_and_a_stranger_finds_nothing(
    run: Run, viewer: User, stranger: User
) -> None:
    for room in ("runbooks", "runbooks-api"):
        assert as_user(viewer).get(door(run, room=room)).status_code == 200
        assert as_user(viewer).post(door(run, room=room)).status_code == 403
        assert as_user(stranger).get(door(run, room=room)).status_code == 404
        assert as_user(stranger).post(door(run, room=room)).status_code == 404
    assert not Preview.objects.exists()


def test_the_api_asks_and_tells(run: Run, responder: User) -> None:
    client = as_user(responder)
    before = client.get(door(run, room="runbooks-api")).json()
    assert before == {"is_offered": True, "is_current": False, "latest": None}
    asked = client.post(door(run, room="runbooks-api"))
    assert (asked.status_code, asked.json()["latest"]["told_at"]) == (202, None)
    tell_preview(Preview.objects.get().pk)
    after = client.get(door(run, room="runbooks-api")).json()
    assert (after["is_current"], after["latest"]["text"]) == (True, "+primary=db-2")
    assert client.get(door(run, "nonsense", "runbooks-api")).status_code == 404


def test_asked_twice_before_an_answer_it_is_one(run: Run, responder: User, owner: User) -> None:
    first = ask_preview(run.uid, "promote", actor=responder)
    assert ask_preview(run.uid, "promote", actor=owner) == first
    tell_preview(first.pk)
    assert ask_preview(run.uid, "promote", actor=owner) != first


def test_told_once_whoever_comes_second(run: Run, responder: User, foreseeing: Foreseeing) -> None:
    preview = ask_preview(run.uid, "promote", actor=responder)
    foreseeing.foresee = lambda config, context: str(tell_preview(preview.pk))
    assert tell_preview(preview.pk)
    assert not tell_preview(preview.pk)
    preview.refresh_from_db()
    assert preview.text == "False", "one that is being told isn't taken by another worker"


@pytest.mark.parametrize("step", ["late", "look"])
def test_what_is_not_known_or_over_is_not_foreseen(run: Run, responder: User, step: str) -> None:
    with pytest.raises(NoPreview):
        ask_preview(run.uid, step, actor=responder)
    assert as_user(responder).post(door(run, step)).status_code == 409


def test_when_the_inputs_change_the_preview_is_out_of_date(run: Run, responder: User, owner: User) -> None:
    early = ask_preview(run.uid, "promote", actor=responder)
    tell_preview(early.pk)
    late = ask_preview(run.uid, "promote", actor=responder)
    services.change_input(run.uid, actor=responder, name="host", value="db-3", reason="db-2 is gone.")
    page = as_user(owner).get(step_page(run)).content.decode()
    assert "Jonas Weber asked" in page
    tell_preview(late.pk)
    late.refresh_from_db()
    assert late.problem == "What the step would do has changed since it was asked. Ask again."
    late.delete()
    assert "Out of date" in as_user(owner).get(step_page(run)).content.decode()


def test_what_goes_wrong_is_said_and_shows_no_secret(
    run: Run, responder: User, foreseeing: Foreseeing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MUSTER_SECRET_DESK", "s3cret-token")

    def refused(config: Mapping[str, Any], context: Context) -> str:
        assert config["key"] == "{{ secrets.desk }}", "a preview gets the reference"
        raise MusterError(f"{secrets.reveal('desk')} was refused")

    def broken(config: Mapping[str, Any], context: Context) -> str:
        raise ZeroDivisionError(secrets.reveal("desk"))

    def shown(config: Mapping[str, Any], context: Context) -> str:
        return f"with {secrets.reveal('desk')}"

    for foresee in (refused, shown, broken):
        foreseeing.foresee = foresee
        tell_preview(ask_preview(run.uid, "promote", actor=responder).pk)
    said = [preview.problem or preview.text for preview in Preview.objects.order_by("pk")]
    assert said[0].endswith("was refused") and said[1].startswith("with ") and "ZeroDivisionError" in said[2]
    assert not [text for text in said if "s3cret" in text]
    assert "ZeroDivisionError" in as_user(responder).get(step_page(run)).content.decode()


def test_only_a_worker_with_the_label_tells_it(
    run: Run, responder: User, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    preview = ask_preview(run.uid, "promote", actor=responder)
    Preview.objects.update(executor="dmz", asked_at=clock.now() - dt.timedelta(seconds=5))
    assert find_previews(clock.now()) == [f"{preview.pk}@dmz"]
    assert not tell_preview(preview.pk)
    assert not is_left_to_us(f"{preview.pk}@dmz")
    settings.EXECUTOR = "dmz"
    monkeypatch.setattr(previewing, "is_draining", lambda: True)
    assert not tell_preview(preview.pk), "one that drains takes nothing"
    monkeypatch.setattr(previewing, "is_draining", lambda: False)
    assert tell_preview(preview.pk)


def test_the_sweep_finds_what_nobody_heard_or_whose_worker_is_gone_and_gives_up_in_the_end(
    run: Run, responder: User
) -> None:
    preview, now = ask_preview(run.uid, "promote", actor=responder), clock.now()

    def found(after_s: float) -> list[str]:
        return find_previews(now + dt.timedelta(seconds=after_s))

    assert (found(0), found(5)) == ([], [str(preview.pk)])
    Preview.objects.update(began_at=now)
    assert (found(30), found(120)) == ([], [str(preview.pk)])
    assert found(3_600) == []
    Preview.objects.update(asked_at=now - dt.timedelta(hours=1), began_at=None)
    assert "No worker answered" in as_user(responder).get(step_page(run)).content.decode()
    assert ask_preview(run.uid, "promote", actor=responder) != preview


def test_nothing_moves_by_it(run: Run, responder: User) -> None:
    before, seen = states(run), dict(run.steps.values_list("step", "seen_at"))
    tell_preview(ask_preview(run.uid, "promote", actor=responder).pk)
    assert (states(run), dict(run.steps.values_list("step", "seen_at"))) == (before, seen)
    assert ApprovalRequest.objects.get().is_pending
