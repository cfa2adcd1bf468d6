"""What anybody must be able to read and reach: axe, sideways scroll, keyboard, print, forced colours, no script."""

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

pytestmark = pytest.mark.e2e
PAGES = [
    "/style/",
    "/incidents/2417/",
    "/incidents/2418/",
    "/style/dialog/",
    "/sign-in/?bad",
    "/refused/",
    "/nothing-here/",
    "/bare/403/",
    "/bare/403_csrf/",
    "/bare/500/",
]
Look = Callable[..., Page]


def problems(page: Page) -> list[str]:
    """What axe finds: rule, elements, why."""
    found = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]} | {node['failureSummary'][:300]}"
        for rule in found
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("path", PAGES)
def test_axe_finds_nothing(look: Look, path: str, width: int, scheme: str) -> None:
    assert problems(look(path, width=width, scheme=scheme)) == []


@pytest.mark.parametrize("opener", ["find", "keys", "menu", "decision"])
def test_axe_finds_nothing_in_what_opens(look: Look, opener: str) -> None:
    page = look("/incidents/2417/")
    if opener == "menu":
        page.click("#you > summary")
    elif opener == "decision":
        page.click("text=Approve…")
        page.wait_for_selector("#dialog dialog[open]")
    else:
        page.evaluate(f"document.getElementById('{opener}').showModal()")
    assert problems(page) == []


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("width", [320, 390, 720, 1024, 1440])
def test_no_page_scrolls_sideways(look: Look, path: str, width: int) -> None:
    page = look(path, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.parametrize("path", ["/style/", "/incidents/2417/"])
def test_what_is_touched_is_large_enough(look: Look, path: str) -> None:
    page = look(path, width=390, height=844)
    small = page.evaluate("""() => [...document.querySelectorAll('button, .btn, .tabbar a, summary, select, textarea')]
        .filter((e) => e.checkVisibility() && !e.closest('.vh'))
        .flatMap((e) => { const r = e.getBoundingClientRect(); const a = getComputedStyle(e, '::after');
            const grow = a.content !== 'none' && a.position === 'absolute' ? -2 * parseFloat(a.top || 0) : 0;
            const height = r.height + Math.max(0, grow);
            return height < 44 && r.height > 0 ? [`${e.outerHTML.slice(0, 90)} ${r.height}`] : []; })""")
    assert small == []


def test_everything_works_as_a_plain_page(look: Look) -> None:
    page = look("/incidents/2417/", java_script_enabled=False)
    assert page.locator(".needs-script:visible").count() == 0
    assert page.locator("time").first.inner_text().endswith("UTC")
    assert page.locator("#steps-done tr").first.is_visible()  # nothing is folded out of reach
    page.fill("#composer-text", "Vendor says the volume is gone.")
    page.click("#composer button")
    page.wait_for_url("**/incidents/2417/")
    page.click("text=Approve…")
    assert page.locator("h1").inner_text() == "Approve: promote the standby"


def test_the_skip_link_leads_to_the_decision(look: Look) -> None:
    page = look("/incidents/2417/")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to your decision"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "decision"


def test_tab_walks_the_room_in_reading_order(look: Look) -> None:
    page = look("/incidents/2417/")
    walked: list[str] = []
    while "composer" not in walked:
        page.keyboard.press("Tab")
        place = page.evaluate("""document.activeElement.closest(
            '#bar, #room-header, #room-vitals, #room-run, #room-steps, #decision, #room-health, #room-timeline, '
            + '#composer')?.id ?? ''""")
        if place and (not walked or walked[-1] != place):
            walked.append(place)
    assert walked == [
        "bar", "room-header", "room-vitals", "room-run", "room-steps", "decision", "room-health", "room-timeline",
        "composer",
    ]  # fmt: skip


def test_the_ring_of_focus_is_seen(look: Look) -> None:
    page = look("/style/")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_nothing_moves_for_those_who_asked_for_stillness(look: Look) -> None:
    page = look("/style/", reduced_motion="reduce")
    moving = page.evaluate("document.getAnimations().length")
    assert moving == 0


def test_paper_is_light_and_without_chrome(look: Look) -> None:
    page = look("/incidents/2417/", scheme="dark")
    page.emulate_media(media="print")
    assert page.locator("#bar").is_hidden()
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(17, 24, 26)"


def test_forced_colours_keep_tags_apart_from_text(look: Look) -> None:
    page = look("/style/", forced_colors="active")
    assert page.evaluate("getComputedStyle(document.querySelector('.tag')).borderTopStyle") == "solid"


def test_the_room_is_light_enough(look: Look) -> None:
    sizes: list[int] = []
    page = look("/style/")
    page.on("response", lambda answer: sizes.append(len(answer.body())))
    page.goto(page.url.replace("/style/", "/incidents/2417/"))
    page.wait_for_selector('[data-live="live"]')
    assert sum(sizes) < 215_000  # htmx is 51 kB of it, own CSS and JS 95 kB
