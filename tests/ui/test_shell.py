"""The shell in a browser: keys, find, theme, zone, clocks, list pages."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import Site

pytestmark = pytest.mark.e2e
Look = Callable[..., Page]


def test_the_question_mark_shows_the_keys_and_escape_leaves(room: Page) -> None:
    room.keyboard.press("?")
    expect(room.locator("#keys")).to_be_visible()
    room.keyboard.press("Escape")
    expect(room.locator("#keys")).to_be_hidden()


def test_letters_in_a_field_are_letters(room: Page) -> None:
    room.focus("#composer-text")
    room.keyboard.type("gi?zdna")
    assert room.input_value("#composer-text") == "gi?zdna"
    assert room.url.endswith("/incidents/2417/")
    assert room.locator("#dialog dialog").count() == 0


@pytest.mark.parametrize("letter", ["a", "r"])
def test_a_key_opens_the_decision_and_never_decides(room: Page, site: Site, letter: str) -> None:
    room.keyboard.press(letter)
    room.wait_for_selector("#dialog dialog[open]")
    for key in ("a", "r", "s"):
        room.keyboard.press(key)
    assert site.facts()["decisions"] == 0


def test_n_and_d_choose_what_is_written(room: Page) -> None:
    room.keyboard.press("d")
    assert room.evaluate("document.activeElement.id") == "composer-text"
    assert room.is_checked("input[value=decision]")
    room.keyboard.press("Escape")
    room.keyboard.press("/")
    assert room.evaluate("document.activeElement.id") == "composer-text"


def test_j_and_k_walk_the_rows_and_brackets_the_sections(room: Page) -> None:
    room.keyboard.press("j")
    room.keyboard.press("j")
    assert room.evaluate("document.activeElement.textContent") == "Confirm write freeze with checkout team"
    room.keyboard.press("k")
    assert room.evaluate("document.activeElement.textContent") == "Approve failover of orders-db"
    room.keyboard.press("]")
    assert room.evaluate("document.activeElement.id") == "decision"
    room.keyboard.press("[")
    assert room.evaluate("document.activeElement.id") == "room-steps"


def test_arrows_walk_the_edges_of_the_graph(room: Page) -> None:
    room.focus('.node[data-key="step:approve"] a')
    room.keyboard.press("ArrowRight")
    assert room.evaluate("document.activeElement.parentElement.dataset.key") == "step:fence"
    room.keyboard.press("ArrowLeft")
    assert room.evaluate("document.activeElement.parentElement.dataset.key") == "step:approve"
    room.keyboard.press("ArrowDown")
    assert room.evaluate("document.activeElement.parentElement.dataset.key") == "step:vendor"


def test_one_switch_turns_all_letters_off_and_is_remembered(room: Page) -> None:
    room.keyboard.press("?")
    room.uncheck("#keys [data-keys-switch]")
    room.keyboard.press("Escape")
    room.keyboard.press("?")
    expect(room.locator("#keys")).to_be_hidden()
    room.reload()
    room.keyboard.press("n")
    assert room.evaluate("document.activeElement.id") != "composer-text"


def test_g_then_a_letter_goes(room: Page) -> None:
    room.keyboard.press("g")
    room.keyboard.press("e")
    room.wait_for_url("**/evidence/")


def test_find_offers_what_is_there_and_goes(room: Page) -> None:
    room.keyboard.press("Control+k")
    room.keyboard.type("runb")
    expect(room.locator("#find-list li")).to_have_count(1)
    room.keyboard.press("Enter")
    room.wait_for_url("**/runbooks/")


def test_find_says_when_nothing_is_called_that(room: Page) -> None:
    room.click('[data-open="find"]')
    room.keyboard.type("zebra")
    expect(room.locator("#find [data-none]")).to_be_visible()
    room.keyboard.press("Enter")
    expect(room.locator("#find")).to_be_visible()


def test_a_theme_is_chosen_once_and_printed_by_the_server(look: Look) -> None:
    page = look("/style/")
    page.click("#you > summary")
    page.click('[data-theme-choice="dark"]')
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(11, 15, 17)"
    page.reload(wait_until="commit")
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.click("#you > summary")
    page.click('[data-theme-choice=""]')
    assert page.locator("html").get_attribute("data-theme") is None


def test_all_times_are_in_one_zone_and_the_switch_turns_them(room: Page) -> None:
    first = room.locator("#entry-318 time")
    assert first.inner_text() == "12:45:07"  # Berlin in November
    assert room.locator('[data-zone="local"]').inner_text() == "CET"
    room.click('[data-zone="utc"]')
    assert first.inner_text() == "11:45:07"
    room.reload()
    assert first.inner_text() == "11:45:07"
    room.keyboard.press("z")
    assert first.inner_text() == "12:45:07"


def test_days_are_separated_by_the_zone_on_show(room: Page, site: Site) -> None:
    late = '<li data-seq="319" data-category="steps"><p>x</p><time datetime="2026-11-20T23:30:00Z"></time></li>'
    site.grow([{"op": "prepend", "list": "timeline", "html": late}])
    expect(room.locator(".tl .day")).to_have_text(["20 November"])  # 00:30 on the 21st in Berlin
    room.click('[data-zone="utc"]')
    expect(room.locator(".tl .day")).to_have_count(0)


def test_clocks_tick_by_the_servers_clock(room: Page, site: Site) -> None:
    before = room.locator('[data-key="vital:update:value"]').inner_text()
    room.wait_for_timeout(2100)
    assert room.locator('[data-key="vital:update:value"]').inner_text() < before


def test_filters_fold_the_timeline(room: Page) -> None:
    room.click('[data-filter="decisions"]')
    assert room.locator(".tl [data-seq]:visible").count() == 3
    room.click('[data-filter="all"]')
    assert room.locator('.tl [data-category="noise"]:visible').count() == 0
    room.click("button[data-noise]")
    assert room.locator('.tl [data-category="noise"]:visible').count() == 1


def test_a_list_page_fetches_itself_anew_when_a_ledger_grew(look: Look, site: Site) -> None:
    page = look("/lobby/")
    page.wait_for_function("() => document.querySelector('#count').dataset.times === '2'")  # once on connect
    site.do(send=['{"at":319}', '{"at":320}', '{"at":321}'])
    page.wait_for_function("() => document.querySelector('#count').dataset.times === '3'")
    page.wait_for_timeout(500)
    assert page.locator("#count").get_attribute("data-times") == "3"  # three rings, one question


def test_a_refusal_without_words_gets_some(look: Look) -> None:
    page = look("/style/room/")
    page.fill("#composer-text", "x")
    page.click("#composer button")
    expect(page.locator("#refusal")).to_contain_text("not there any more")
    assert page.input_value("#composer-text") == "x"
