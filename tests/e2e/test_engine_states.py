"""The war room in every state of the engine that a tired person must read at a glance, from runs that really ran.

The pictures in docs/img/engine-*.png are these; MUSTER_DOCS_SHOTS=1 writes them anew.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from drill.demo import HOUSE
from tests.e2e.browser import SHOTS, Muster
from tests.e2e.engine_scenes import scenes, toolbox
from tests.e2e.looking import House, Visit, opens, wait_live
from tests.e2e.world import World

pytestmark = pytest.mark.e2e
SHOWS = {  # scene -> words that its room must say
    "quorum": ("7 of 10 needed", "quorum reached", "Look at the tills"),
    "assess": ("3 of 10 branches did not make it", "Say what they mean"),
    "compensate": ("Taking back", "Empty pool B", "all or nothing"),
    "unknown": ("Did “Fence old primary” happen?", "Say what happened"),
    "locked": ("Waits for a lock", "has waited too long", "“Rebuild the index”, INC-"),
    "replan": ("Leave out “Fail over region”?", "200 OK"),
}


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    folder: Path = tmp_path_factory.mktemp("engine")
    with Muster(folder, MUSTER_TOOLBOX=str(toolbox(folder))) as muster:
        yield muster


@pytest.fixture(scope="module")
def found(portal: Muster) -> Iterator[dict[str, str]]:
    with scenes(World(portal)) as incidents:
        yield incidents


@pytest.mark.parametrize("scene", SHOWS)
def test_the_room_says_what_the_engine_does(house: House, found: dict[str, str], scene: str) -> None:
    visit = Visit(f"engine-{scene}", "amara", f"/incidents/{found[scene]}", whole=False)
    assert house.look(visit) == []
    page = house.person("amara").page
    for words in SHOWS[scene]:
        expect(page.get_by_text(words).first).to_be_attached()
    keep(f"engine-{scene}")


@pytest.mark.parametrize(
    ("scene", "opened"),
    [
        ("assess", "Say what they mean…"),
        ("unknown", "Say what happened…"),
        ("locked", "Override the lock…"),
        ("replan", "Do it…"),
        ("replan", "Leave the plan…"),
    ],
)
def test_what_the_plan_asks_is_answered_in_a_dialog(
    house: House, found: dict[str, str], scene: str, opened: str
) -> None:
    name = "".join(letter for letter in opened.lower() if letter.isalpha())
    assert house.look(Visit(f"engine-ask-{name}", "amara", f"/incidents/{found[scene]}", do=opens(opened))) == []


@pytest.mark.parametrize(
    ("scene", "opened"),
    [
        ("replan", "Pause run…"),
        ("replan", "Speed limit…"),
        ("quorum", "Cancel run…"),
        ("replan", "Undo run…"),
        ("quorum", "Undo run…"),
        ("replan", "Move to another version…"),
    ],
)
def test_a_run_is_steered_from_its_page(
    house: House, found: dict[str, str], portal: Muster, scene: str, opened: str
) -> None:
    run = World(portal).run_of(found[scene])["id"]
    name = "".join(letter for letter in opened.lower() if letter.isalpha())
    assert house.look(Visit(f"engine-run-{name}", "amara", f"/runbooks/runs/{run}/", do=opens(opened))) == []


def test_what_runs_already_need_not_run_twice(house: House, found: dict[str, str], portal: Muster) -> None:
    room, run = f"/incidents/{found['foresee']}", World(portal).run_of(found["foresee"])["id"]
    step = f"/runbooks/runs/{run}/steps/look/"
    assert house.look(Visit("engine-twin-room", "amara", room, wait_live, whole=False)) == []
    expect(house.person("amara").page.get_by_role("link", name="Use that result…")).to_be_attached()
    assert house.look(Visit("engine-twin", "amara", step)) == []
    expect(house.person("amara").page.get_by_text("The same is asked just now")).to_be_visible()
    assert house.look(Visit("engine-ask-twin", "amara", step, do=opens("Use the result of"))) == []


def test_whoever_decides_sees_what_would_happen_and_whom_it_can_hurt(
    house: House, found: dict[str, str], portal: Muster
) -> None:
    fill = World(portal).step_of(found["foresee"], "fill")
    run, approval = World(portal).run_of(found["foresee"])["id"], f"/approvals/{fill['approval']}/"
    step = f"/runbooks/runs/{run}/steps/fill/"
    assert house.look(Visit("engine-unforeseen", "amara", step)) == []
    page = house.person("lena").page
    page.goto(approval)
    page.get_by_role("button", name="Ask for a preview").click()
    expect(page.locator("#step-preview pre")).to_contain_text("POST http://127.0.0.1")  # a worker told it
    for name, who, path in (("engine-decide-foreseen", "lena", approval), ("engine-foreseen", "amara", step)):
        assert house.look(Visit(name, who, path)) == []
        shown = house.person(who).page
        expect(shown.locator("#step-preview pre")).to_contain_text("/ok/fill")
        expect(shown.get_by_role("heading", name="Blast radius")).to_be_visible()
    expect(house.person("amara").page.get_by_text("acts and also says whether it worked")).to_be_visible()


def test_workers_and_actions_are_listed_for_who_tends_them(house: House, found: dict[str, str]) -> None:
    assert house.look(Visit("runbooks-administrator", "noor", "/runbooks/")) == []
    assert house.look(Visit("workers", "noor", "/runbooks/workers/")) == []
    expect(house.person("noor").page.get_by_text("Ansible playbook")).to_be_visible()


def test_a_watch_is_answered_and_the_room_shows_it_without_a_reload(house: House, found: dict[str, str]) -> None:
    person = house.person("amara")
    page = person.page
    page.set_viewport_size({"width": 1440, "height": 900})
    page.goto(f"/incidents/{found['replan']}")
    page.get_by_role("link", name="Do it…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").first.fill("The desk says so too.")
    dialog.get_by_role("button").last.click()
    expect(page.locator("#room-questions")).to_be_hidden()
    row = page.locator("#room-steps tr").filter(has_text="Fail over region")
    expect(row).to_have_attribute("data-state", "skipped")


def test_a_step_shows_what_it_prints_as_it_prints_it(house: House, found: dict[str, str], portal: Muster) -> None:
    run = World(portal).run_of(found["output"])["id"]
    visit = Visit("engine-output", "amara", f"/runbooks/runs/{run}/steps/copy/", whole=False)
    assert house.look(visit) == []
    output = house.person("amara").page.locator("#step-output pre")
    before = output.inner_text()
    assert "checksum ok" in before
    expect(output).not_to_have_text(before)
    keep("engine-output")


def keep(name: str) -> None:
    """Into the docs, when asked for."""
    if os.environ.get("MUSTER_DOCS_SHOTS"):
        shutil.copy(SHOTS / f"{name}-wide-light.png", HOUSE / "docs" / "img" / f"{name}.png")
