"""Plans, runs and approvals in a real Chromium: axe, no sideways scroll, and the owner's decision by keyboard alone."""

import os
import re
from collections.abc import Callable, Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from approvals.models import ApprovalRequest
from catalog.models import User
from runbooks.engine import shell
from runbooks.models import Run
from tests.e2e.browser import open_chromium
from tests.runbooks.conftest import states, work_off
from tests.runbooks.test_pages import PLAN

pytestmark = [pytest.mark.e2e, pytest.mark.django_db(transaction=True)]
Look = Callable[..., Page]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with open_chromium() as chromium:
        yield chromium


@pytest.fixture
def look(browser: Browser, live_server: LiveServer) -> Iterator[Look]:
    """look(user, path, width=1440, scheme="light", **context) -> the page, as this person sees it."""
    contexts = []

    def open_page(user: User, path: str, *, width: int = 1440, scheme: str = "light", **options: object) -> Page:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, reduced_motion="reduce", **options
        )
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        answer = page.goto(f"{live_server.url}{path}")
        assert answer is not None and answer.ok, f"{path}: {answer and answer.status}"
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def run(start, store, api, edge, commander) -> Run:
    return work_off(start(PLAN, inputs={"host": "db-2"}, assignees={"role:commander": commander}))


def paths(run: Run) -> list[str]:
    asked, page = ApprovalRequest.objects.get(), reverse("runbooks:page", args=["failover"])
    return [
        reverse("approvals:inbox"),
        reverse("approvals:inbox") + "?show=decided",
        reverse("approvals:page", args=[asked.uid]),
        reverse("approvals:decide", args=[asked.uid]) + "?verdict=reject",
        reverse("runbooks:list"),
        page,
        page + "?tab=versions&version=1",
        page + "?tab=runs",
        reverse("runbooks:run", args=[run.uid]),
        reverse("runbooks:step", args=[run.uid, "call"]),
        reverse("runbooks:step", args=[run.uid, "promote"]),
        reverse("runbooks:step-finish", args=[run.uid, "call"]),
        reverse("runbooks:change-input", args=[run.uid]),
    ]


def reader_of(path: str, owner: User, commander: User) -> User:
    return owner if path.startswith("/approvals") else commander


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(
    scheme: str, width: int, run: Run, look: Look, owner: User, commander: User
) -> None:
    found = {}
    for path in paths(run):
        page = look(reader_of(path, owner, commander), path, width=width, scheme=scheme)
        violations = Axe().run(page).response["violations"]
        problems = [f"{rule['id']}: {node['html'][:200]}" for rule in violations for node in rule["nodes"]]
        if page.evaluate("document.documentElement.scrollWidth") > width:
            problems.append("scrolls sideways")
        if problems:
            found[path] = problems
        if folder := os.environ.get("MUSTER_SHOTS"):
            name = re.sub(r"[^a-z0-9]+", "-", path)[:60]
            page.screenshot(path=f"{folder}/{name}-{width}-{scheme}.png", full_page=True)
    assert found == {}


def test_the_owner_approves_in_a_dialog_by_keyboard_alone(run: Run, look: Look, owner: User) -> None:
    asked = ApprovalRequest.objects.get()
    page = look(owner, reverse("approvals:page", args=[asked.uid]))
    page.keyboard.press("a")
    dialog = page.locator("#dialog dialog[open]")
    dialog.wait_for()
    assert asked.effect in dialog.inner_text()
    assert Axe().run(page).response["violations"] == []
    page.keyboard.type("Lag is low.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("Lena Vogt approved this").wait_for()
    asked.refresh_from_db()
    assert asked.state == "approved"
    shell.advance(run.uid)
    assert states(work_off(run))["promote"] == "done"


def test_a_late_decision_closes_the_dialog_and_says_who_was_first(
    run: Run, look: Look, owner: User, commander: User
) -> None:
    from runbooks import services

    asked = ApprovalRequest.objects.get()
    page = look(owner, reverse("approvals:page", args=[asked.uid]))
    page.click("text=Reject…")
    page.locator("#dialog dialog[open]").wait_for()
    services.change_input(run.uid, "host", "db-3", actor=commander, reason="db-2 is gone.")
    page.fill("#dialog textarea", "No.")
    page.click("#dialog button[type=submit]")
    page.locator("#refusal .refusal").wait_for()
    assert "void already: Input host was changed by Amara Diallo" in page.locator("#refusal").inner_text()
    assert page.locator("#dialog dialog[open]").count() == 0


def test_the_decision_works_without_script(run: Run, look: Look, owner: User) -> None:
    asked = ApprovalRequest.objects.get()
    page = look(owner, reverse("approvals:page", args=[asked.uid]), java_script_enabled=False, width=390)
    page.click("text=Reject…")
    page.fill("textarea", "  ")
    page.click("button:text('Reject')")
    assert page.get_by_text("Say why you reject it").count() > 0
    page.fill("textarea", "No backup.")
    page.click("button:text('Reject')")
    assert page.get_by_text("Lena Vogt rejected this").count() == 1


def test_the_commander_finishes_a_step_in_a_dialog(run: Run, look: Look, commander: User) -> None:
    page = look(commander, reverse("runbooks:step", args=[run.uid, "call"]))
    page.click("text=Start step")
    page.click("text=Finish step…")
    page.locator("#dialog dialog[open]").wait_for()
    page.fill("#dialog input[name=output_ticket]", "T-17")
    page.click("#dialog button[type=submit]")
    page.get_by_text("Output ticket").wait_for()
    assert states(run)["call"] == "done"
