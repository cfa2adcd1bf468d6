"""The doorbell protocol in a real browser: lost bells, late answers, restarts, refusals; nothing moves under a hand."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.ui.conftest import Site

pytestmark = pytest.mark.e2e
Look = Callable[..., Page]
CHIP = "[data-live-chip]"


def state(key: str, state: str, label: str) -> dict[str, Any]:
    return {"op": "state", "key": key, "state": state, "label": label}


def text(key: str, words: str) -> dict[str, Any]:
    return {"op": "text", "key": key, "text": words}


def entry(seq: int, words: str, time: str = "2026-11-20T11:50:00Z") -> dict[str, Any]:
    html = (
        f'<li id="entry-{seq}" data-seq="{seq}" data-state="done" data-category="steps"><svg class="i glyph"></svg>'
        f'<p><b>{words}</b></p><time datetime="{time}" data-when="time">x</time></li>'
    )
    return {"op": "prepend", "list": "timeline", "html": html}


def test_one_op_turns_node_row_tag_and_cell_together(room: Page, site: Site) -> None:
    site.grow([state("step:vendor", "done", "Done"), text("step:vendor:fact", "Done 12:51")])
    for element in (".node", "tr", ".tag", ".ribbon i"):
        expect(room.locator(f'{element}[data-key="step:vendor"]').first).to_have_attribute("data-state", "done")
    node = room.locator('.node[data-key="step:vendor"]')
    expect(node.locator("use")).to_have_attribute("href", "#i-done")
    expect(node.locator("small")).to_have_text("Done 12:51")
    expect(room.locator('tr[data-key="step:vendor"] [data-word]')).to_have_text("Done")
    expect(room.locator(CHIP)).to_have_text("Live · entry 319")


def test_a_moment_in_a_text_is_shown_in_the_readers_zone(room: Page, site: Site) -> None:
    site.grow([text("step:vendor:fact", "Done 2026-11-20T11:51:00Z <b>")])
    fact = room.locator('.node [data-key="step:vendor:fact"]')
    expect(fact).to_have_text("Done 12:51 <b>")
    room.click('[data-zone="utc"]')
    expect(fact).to_have_text("Done 11:51 <b>")


def test_a_lost_bell_costs_only_time(room: Page, site: Site) -> None:
    site.grow([text("vital:plan:value", "10 of 23")], bell=False)
    site.grow([text("vital:impact:value", "12 %")])
    expect(room.locator('.vital [data-key="vital:plan:value"]')).to_have_text("10 of 23")
    expect(room.locator('[data-key="vital:impact:value"]')).to_have_text("12 %")


def test_bells_in_the_wrong_order_never_go_back(room: Page, site: Site) -> None:
    site.grow([text("vital:impact:value", "1 %")], [text("vital:impact:value", "2 %")], bell=False)
    site.do(send=['{"at":320}', '{"at":319}', '{"at":318}'])
    expect(room.locator(CHIP)).to_have_text("Live · entry 320")
    expect(room.locator('[data-key="vital:impact:value"]')).to_have_text("2 %")


def test_an_answer_older_than_the_page_changes_nothing(room: Page, site: Site) -> None:
    site.grow([text("vital:impact:value", "2 %")])
    expect(room.locator(CHIP)).to_have_text("Live · entry 319")
    old = {"at": 318, "now": "2026-11-20T11:50:00Z", "more": False, "ops": [text("vital:impact:value", "99 %")]}
    site.do(set={"stale_answer": old})
    site.grow([text("vital:impact:value", "3 %")])
    expect(room.locator('[data-key="vital:impact:value"]')).to_have_text("3 %")


def test_rings_while_an_answer_is_under_way_make_one_more_question(room: Page, site: Site) -> None:
    asked = len(site.facts()["feeds"])
    site.do(set={"delays": [0.6]})
    for _ in range(8):
        site.grow([])
    expect(room.locator(CHIP)).to_have_text("Live · entry 326")
    assert len(site.facts()["feeds"]) - asked <= 3


def test_a_long_absence_is_caught_up_page_by_page(room: Page, site: Site) -> None:
    site.do(set={"page_size": 50})
    site.do(grow=[[text("vital:impact:value", f"{n} %")] for n in range(500)])
    began = room.evaluate("performance.now()")
    site.do(send=['{"at":818}'])
    expect(room.locator(CHIP)).to_have_text("Live · entry 818")
    assert room.evaluate("performance.now()") - began < 2_000
    expect(room.locator('[data-key="vital:impact:value"]')).to_have_text("499 %")


def test_a_restart_is_survived_and_what_happened_meanwhile_is_shown(room: Page, site: Site) -> None:
    site.do(close=1012)
    site.grow([text("vital:impact:value", "7 %")], bell=False)
    expect(room.locator('[data-key="vital:impact:value"]')).to_have_text("7 %")
    expect(room.locator(CHIP)).to_have_attribute("data-live", "live")
    assert site.facts()["sockets"] == 1


def test_without_a_socket_it_asks_by_itself(look: Look, site: Site) -> None:
    page = look("/incidents/2417/")
    page.wait_for_selector(f'{CHIP}[data-live="live"]')
    site.do(set={"refuse_sockets": True}, close=1011)
    expect(page.locator(CHIP)).to_have_text("Polling", timeout=16_000)
    site.grow([text("vital:impact:value", "8 %")], bell=False)
    expect(page.locator('[data-key="vital:impact:value"]')).to_have_text("8 %", timeout=7_000)
    site.do(set={"refuse_sockets": False})
    expect(page.locator(CHIP)).to_have_attribute("data-live", "live", timeout=20_000)


def test_offline_says_since_when_and_keeps_the_last_true_thing(room: Page, site: Site) -> None:
    room.clock.install()
    room.reload()
    room.wait_for_selector(f'{CHIP}[data-live="live"]')
    site.do(set={"refuse_sockets": True, "feed_down": True}, close=1011)
    expect(room.locator(CHIP)).to_have_attribute("data-live", "catching")
    for _ in range(30):
        room.clock.run_for(1000)
    expect(room.locator(CHIP)).to_contain_text("Offline since")
    expect(room.locator("#stale")).to_contain_text("What you see was true then.")
    expect(room.locator("#alarm")).to_contain_text("Offline since")
    assert room.locator('[data-key="vital:impact:value"]').inner_text() == "38 %"


def test_signed_out_says_so_and_stops_asking(room: Page, site: Site) -> None:
    site.do(set={"signed_out": True})
    site.grow([])
    expect(room.locator("#stale")).to_contain_text("Sign in again")
    asked = len(site.facts()["feeds"])
    room.wait_for_timeout(1500)
    assert len(site.facts()["feeds"]) == asked


def test_a_close_without_access_is_not_retried(room: Page, site: Site) -> None:
    site.do(close=4403)
    expect(room.locator(CHIP)).to_have_text("Not live")
    room.wait_for_timeout(1500)
    assert site.facts()["sockets"] == 0


def test_focus_scroll_and_half_typed_words_survive(room: Page, site: Site) -> None:
    room.fill("#composer-text", "Vendor says")
    room.evaluate("document.querySelector('#room-timeline .scroll').scrollTop = 40")
    site.grow(
        [state("step:vendor", "done", "Done"), {"op": "refresh", "url": "/incidents/2417/steps"}, entry(319, "New")]
    )
    expect(room.locator(".arrivals button")).to_have_text("1 new")
    assert room.input_value("#composer-text") == "Vendor says"
    assert room.evaluate("document.activeElement.id") == "composer-text"
    assert room.evaluate("document.querySelector('#room-timeline .scroll').scrollTop") == 40


def test_new_entries_wait_behind_a_button_while_the_reader_has_scrolled(room: Page, site: Site) -> None:
    scroll = "document.querySelector('#room-timeline .scroll')"
    room.evaluate(f"{scroll}.scrollTop = 100")
    top = room.locator("#entry-318").bounding_box()
    site.grow([entry(319, "One")], [entry(320, "Two")])
    expect(room.locator(".arrivals button")).to_have_text("2 new")
    assert room.locator("#entry-318").bounding_box() == top
    room.click(".arrivals button")
    expect(room.locator("#entry-320")).to_be_visible()
    assert room.evaluate(f"{scroll}.scrollTop") == 0
    assert [room.locator(".tl [data-seq]").nth(n).get_attribute("data-seq") for n in range(3)] == ["320", "319", "318"]


def test_the_list_under_the_pointer_stays_until_the_hand_rests(room: Page, site: Site) -> None:
    row = room.locator('tr[data-key="step:approve"]')
    row.hover()
    site.grow([state("step:approve", "done", "Done"), {"op": "refresh", "url": "/incidents/2417/steps"}])
    expect(row).to_have_attribute("data-state", "done")
    assert "steps" not in site.facts()["fragments"]
    room.mouse.move(5, 5)
    expect(room.locator('tr[data-key="step:approve"]')).to_have_attribute(
        "data-state", "approval"
    )  # as the server says
    assert site.facts()["fragments"] == ["steps"]


def test_a_refreshed_fragment_keeps_focus_and_opened_groups(room: Page, site: Site) -> None:
    room.click('[data-unfold="steps-done"]')
    link = room.locator('tr[data-key="step:warm"] .t a')
    link.focus()
    room.mouse.move(5, 5)
    site.grow([{"op": "refresh", "url": "/incidents/2417/steps"}])
    room.wait_for_function("() => document.activeElement.closest('tr')?.dataset.key === 'step:warm'")
    expect(room.locator("#steps-done")).to_be_visible()


def test_a_decision_that_becomes_the_readers_is_said_at_once(room: Page, site: Site) -> None:
    site.do(set={"decision": "d2", "question": "Switch DNS?"})
    site.grow([{"op": "refresh", "url": "/incidents/2417/decision"}])
    expect(room.locator("#decision")).to_contain_text("Switch DNS?")
    expect(room.locator("#alarm")).to_have_text("A decision is yours: Switch DNS?")


def test_an_old_answer_for_a_fragment_is_dropped(room: Page, site: Site) -> None:
    fetch_it = [{"op": "refresh", "url": "/incidents/2417/decision"}]
    site.do(set={"question": "Old question?", "late_answers": [0.7]})
    site.grow(fetch_it)
    room.wait_for_timeout(200)
    site.do(set={"question": "New question?"})
    site.grow(fetch_it)
    expect(room.locator("#decision")).to_contain_text("New question?")
    room.wait_for_timeout(900)
    expect(room.locator("#decision")).to_contain_text("New question?")
    assert site.facts()["fragments"] == ["decision", "decision"]


def test_ones_own_failed_step_is_said_at_once_and_others_in_one_sentence(room: Page, site: Site) -> None:
    site.grow([state("step:freeze", "failed", "Failed")])
    expect(room.locator("#alarm")).to_have_text("Your step failed: Confirm write freeze with checkout team")
    site.grow(
        [
            state("step:vendor", "done", "Done"),
            state("step:dora", "done", "Done"),
            state("step:warm", "failed", "Failed"),
        ]
    )
    expect(room.locator("#announce")).to_have_text("2 steps done, 1 failed", timeout=8_000)


def test_an_unknown_op_fetches_the_page_anew(room: Page, site: Site) -> None:
    site.grow([{"op": "somersault"}])
    expect(room.locator(CHIP)).to_have_text("Live · entry 319")
    room.wait_for_timeout(400)
    assert {"steps", "run", "vitals", "decision"} <= set(site.facts()["fragments"])


def test_a_late_click_says_who_was_faster(room: Page, site: Site) -> None:
    room.click("text=Approve…")
    room.wait_for_selector("#dialog dialog[open]")
    site.do(set={"decided_by": "Piotr Nowak"})
    room.click("#dialog .btn--decide")
    expect(room.locator("#refusal")).to_contain_text("It changed in the meantime. Piotr Nowak already approved it.")
    expect(room.locator("#dialog dialog")).to_have_count(0)
    assert site.facts()["decisions"] == 0
    room.click("#refusal button")
    expect(room.locator("#refusal")).to_be_empty()


def test_a_decision_takes_a_dialog_and_gives_focus_back(room: Page, site: Site) -> None:
    room.locator("text=Approve…").focus()
    room.keyboard.press("Enter")
    room.wait_for_selector("#dialog dialog[open]")
    room.click("#dialog .btn--decide")
    expect(room.locator("#dialog dialog")).to_have_count(0)
    assert site.facts()["decisions"] == 1
    assert room.evaluate("document.activeElement.textContent") == "Approve…"


def test_a_note_is_sent_without_leaving_and_an_empty_one_is_refused(room: Page, site: Site) -> None:
    room.fill("#composer-text", "Vendor says the volume is gone.")
    room.keyboard.press("Control+Enter")
    expect(room.locator("#composer-text")).to_have_value("")
    assert site.facts()["notes"] == ["Vendor says the volume is gone."]
    room.fill("#composer-text", "   ")
    room.click("#composer button")
    expect(room.locator("#composer-error")).to_have_text("Write what happened.")
    assert room.evaluate("document.activeElement.id") in {"composer-text", ""}


def test_presence_is_drawn_as_text(room: Page, site: Site) -> None:
    people = [{"name": "Eve", "initials": "<b>", "colour": "red;x", "here": "away"}]
    site.do(send=[json.dumps({"here": people})])
    expect(room.locator("[data-presence]")).to_have_text("<b1 here")
    expect(room.locator("[data-presence]")).to_have_attribute("aria-label", "In the room: 1 person")
    assert '{"here":"active"}' in site.facts()["heard"]
