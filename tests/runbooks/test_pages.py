"""Runbooks and runs as they are read: every page for every part of the cast."""

import pytest
from django.test import Client
from django.urls import reverse

from audit.permissions import labels, stream_for
from catalog.models import User
from catalog.permissions import Right
from runbooks import permissions, services
from runbooks.actions.base import Failed
from runbooks.engine.model import Effect
from runbooks.models import Run
from tests.runbooks.conftest import work_off

pytestmark = pytest.mark.django_db

PLAN = """name: failover
title: Failover
description: Promotes the standby.
inputs:
  host: {type: string, description: Which standby}
  lag_s: {type: integer, default: 4}
steps:
  - {id: check, title: Check the lag, action: scripted, with: {host: "{{ inputs.host }}"}}
  - id: call
    title: Tell the vendor
    action: manual
    needs: [check]
    assign: "role:commander"
    instructions: Bridge 4471.
    outputs: [{name: ticket, type: string}]
  - id: promote
    title: Promote the standby in eu-central
    action: scripted
    with: {host: "{{ inputs.host }}"}
    needs: [check]
    touches: [store]
    approval: {reason: "Promote {{ inputs.host }}?", effect: Writes stop., undo: Fail back.}
"""


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def body(user: User, url: str) -> str:
    answer = as_user(user).get(url)
    assert answer.status_code == 200, answer.status_code
    text = answer.content.decode()
    assert "{#" not in text, "a comment of the template"
    return text


@pytest.fixture
def run(start, store) -> Run:
    """Check is done, the vendor call is ready, the promotion waits for the owner."""
    return work_off(start(PLAN, inputs={"host": "db-2"}))


def pages(run: Run) -> dict[str, str]:
    slug = run.version.runbook.slug
    return {
        "overview": reverse("runbooks:page", args=[slug]),
        "versions": reverse("runbooks:page", args=[slug]) + "?tab=versions&version=1",
        "runs": reverse("runbooks:page", args=[slug]) + "?tab=runs",
        "run": reverse("runbooks:run", args=[run.uid]),
        "step": reverse("runbooks:step", args=[run.uid, "promote"]),
    }


@pytest.mark.parametrize("who", ["viewer", "responder", "commander", "author", "owner", "compliance", "superuser"])
def test_members_and_superusers_read_every_page(who: str, run: Run, request: pytest.FixtureRequest) -> None:
    user = request.getfixturevalue(who)
    for url in pages(run).values():
        assert "Failover" in body(user, url)
    assert "Failover" in body(user, reverse("runbooks:list"))


def test_strangers_find_nothing(run: Run, stranger: User) -> None:
    for url in pages(run).values():
        assert as_user(stranger).get(url).status_code == 404
    assert "Failover" not in body(stranger, reverse("runbooks:list"))


def test_who_is_not_signed_in_is_asked_to(run: Run) -> None:
    for url in [*pages(run).values(), reverse("runbooks:list")]:
        assert Client().get(url).status_code == 302


def test_the_list_says_version_owner_and_when_it_last_ran(run: Run, viewer: User, author: User) -> None:
    services.save_version(run.version.runbook, PLAN.replace("Bridge 4471", "Bridge 4472"), author=author)
    text = body(viewer, reverse("runbooks:list"))
    for part in ("Payments", "v1", "v2 is newer", f"{run.started_at:%H:%M}", "never", "Parallel"):
        assert part in text
    assert "Failover" in body(viewer, reverse("runbooks:list") + "?q=fail")
    assert "No runbook has these words" in body(viewer, reverse("runbooks:list") + "?q=nothing")


def test_an_empty_shelf_says_how_to_fill_it(viewer: User) -> None:
    assert "No runbooks yet" in body(viewer, reverse("runbooks:list"))


def test_the_overview_shows_plan_inputs_advice_and_numbered_text(run: Run, viewer: User) -> None:
    text = body(viewer, pages(run)["overview"])
    assert "Input host" in text
    assert "Which standby" in text
    assert "Input lag_s" in text
    assert 'data-key="step:promote"' in text
    assert "needs approval" in text
    assert text.count('<path class="e') >= 3, "two edges and the legend"
    assert '<tr id="L1"><th scope="row" class="num">1</th><td>name: failover</td></tr>' in text
    assert "the graph shows 22" in text, "the third title is too long"


def test_a_runbook_without_text_says_so(viewer: User, author: User, payments_team) -> None:
    services.make_runbook("bare", "Bare", payments_team, actor=author)
    for tab in ("overview", "versions", "runs", "nonsense"):
        text = body(viewer, reverse("runbooks:page", args=["bare"]) + f"?tab={tab}")
        assert "Nothing published" in text
    assert "It never ran" in body(viewer, reverse("runbooks:page", args=["bare"]) + "?tab=runs")


def test_a_draft_is_read_on_the_versions_tab(run: Run, viewer: User, author: User) -> None:
    services.save_version(run.version.runbook, PLAN.replace("4471", "4472"), author=author)
    text = body(viewer, reverse("runbooks:page", args=["failover"]) + "?tab=versions&version=2")
    assert "Bridge 4472" in text
    assert "Draft" in text
    assert "Published" in text


@pytest.mark.parametrize(
    ("who", "may"), [("compliance", True), ("commander", True), ("viewer", False), ("author", False)]
)
def test_a_pack_is_offered_to_who_may_export(who: str, may: bool, run: Run, request: pytest.FixtureRequest) -> None:
    runbook = run.version.runbook
    text = body(request.getfixturevalue(who), reverse("runbooks:page", args=[runbook.slug]))
    url = f"{reverse('audit:new-pack')}?stream={runbook.stream}"
    assert (f'href="{url}"' in text) is may
    assert as_user(request.getfixturevalue(who)).get(url).status_code == (200 if may else 403)


@pytest.mark.parametrize("number", ["3", "0", "x", "-1"])
def test_a_version_that_isn_t_there_is_not_found(number: str, run: Run, viewer: User) -> None:
    url = reverse("runbooks:page", args=["failover"]) + f"?tab=versions&version={number}"
    assert as_user(viewer).get(url).status_code == 404


def test_the_run_page_says_where_it_stands(run: Run, viewer: User, owner: User) -> None:
    text = body(viewer, pages(run)["run"])
    assert "1 of 3 steps" in text
    assert f"Needs {owner}" in text
    assert "db-2" in text
    assert "Amara Diallo" in text
    assert "Cancel run" not in text, "a viewer has no buttons"


def test_the_step_page_says_what_it_does_and_what_happened(run: Run, viewer: User) -> None:
    text = body(viewer, reverse("runbooks:step", args=[run.uid, "check"]))
    assert '<dt>host</dt><dd class="mono">db-2</dd>' in text
    assert "Try 1: succeeded" in text
    assert "step.done" in text
    promote = body(viewer, pages(run)["step"])
    assert "Promote db-2?" in promote
    assert "By the accountable owner" in promote


def test_a_step_that_isn_t_there_is_not_found(run: Run, viewer: User) -> None:
    assert as_user(viewer).get(reverse("runbooks:step", args=[run.uid, "nothing"])).status_code == 404


def test_a_rehearsal_says_so_on_every_page(start, store, viewer: User) -> None:
    run = start(PLAN, inputs={"host": "db-2"}, mode="rehearsal")
    for name in ("run", "step"):
        text = body(viewer, pages(run)[name])
        assert "<title>Rehearsal" in text
        assert "banner--rehearsal" in text
    assert "Rehearsal" in body(viewer, pages(run)["runs"])


def test_another_room_may_let_people_act_in_a_run(run: Run, viewer: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(permissions, "_gates", [])
    assert not permissions.allowed(viewer, run, Right.EXECUTE)
    permissions.register_run_gate(lambda user, found, right: user == viewer and found == run and right == Right.EXECUTE)
    assert permissions.allowed(viewer, run, Right.EXECUTE)
    assert not permissions.allowed(viewer, run, Right.COMMAND)


def test_the_ledger_s_gate_shows_a_runbook_s_stream_to_its_team(
    run: Run, viewer: User, stranger: User, compliance: User
) -> None:
    from django.core.exceptions import PermissionDenied
    from django.http import Http404

    stream = run.version.runbook.stream
    assert stream_for(viewer, stream).uid == stream
    with pytest.raises(Http404):
        stream_for(stranger, stream)
    with pytest.raises(PermissionDenied):
        stream_for(viewer, stream, may="export")
    assert stream_for(compliance, stream, may="export").uid == stream
    assert labels([stream])[stream].title == "Runbook Failover"


SHOWN = """
name: shown
title: What a step shows
inputs:
  host: {type: string}
steps:
  - id: look
    title: Look
    action: scripted
    outputs: [{name: seen, type: string}]
  - id: send
    title: Send
    action: manual
    needs: [look]
  - id: later
    title: Later
    action: scripted
    needs: [send]
    with: {say: "{{ inputs.host }}", who: "{{ steps.look.output.seen }}", key: "{{ secrets.token }}"}
"""


def test_a_step_shows_what_is_known_by_now_and_no_secret(start, scripted, commander: User) -> None:
    scripted.script["look"] = lambda context: Failed("no", effect=Effect.NONE)
    run = work_off(start(SHOWN, inputs={"host": "db-2"}))
    page = body(commander, reverse("runbooks:step", args=[run.uid, "later"]))
    assert '<dd class="mono">db-2</dd>' in page
    assert "{{ steps.look.output.seen }}" in page, "not known yet"
    assert "{{ secrets.token }}" in page
