"""How one is reached, in a browser: by keyboard from one's own menu to a message that arrives, and every page of it."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.catalog.sinks import ChatSink, MailSink, serving
from tests.e2e.browser import Muster
from tests.e2e.looking import House, Visit, opens, press
from tests.e2e.test_pages import look_at

pytestmark = pytest.mark.e2e
WITHIN_MS = 60_000  # a courier is a process, and a machine may be busy


@pytest.fixture(scope="module")
def chat() -> Iterator[ChatSink]:
    with serving(ChatSink()) as sink:
        yield sink


@pytest.fixture(scope="module")
def mail() -> Iterator[MailSink]:
    with serving(MailSink()) as sink:
        yield sink


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, mail: MailSink) -> Iterator[Muster]:
    folder: Path = tmp_path_factory.mktemp("reach")
    channels = {"MUSTER_NOTIFY_SCHEMES": "json,slack", "MUSTER_EMAIL_URL": f"smtp://127.0.0.1:{mail.port}"}
    with Muster(folder, **channels) as muster:
        yield muster


def add(page: Page, address: str, label: str) -> None:
    """As somebody does it who uses no mouse."""
    page.goto("/")
    page.locator("#you > summary").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="How you are reached").focus()
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Add a contact point").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Address").focus()
    page.keyboard.type(address)
    page.keyboard.press("Tab")
    page.keyboard.type(label)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/me/reach/(add/)?$"))


def row(page: Page, label: str) -> object:
    return page.locator("#reach li").filter(has=page.get_by_text(label, exact=True)).first


def test_before_anything_is_added(house: House) -> None:
    look_at(
        house,
        [
            Visit("reach-empty", "lena", "/me/reach/"),
            Visit("reach-menu", "lena", "/", lambda page: page.locator("#you > summary").click(), whole=False),
            Visit("reach-add", "lena", "/me/reach/add/"),
            Visit("reach-add-empty", "lena", "/me/reach/add/", press("Add and try it"), answers=(422,)),
            Visit("reach-add-wrong", "lena", "/me/reach/add/", lambda page: wrong(page), answers=(422,)),
        ],
    )


def wrong(page: Page) -> None:
    page.get_by_label("Address").fill("syslog://somewhere")
    page.get_by_label("Name").fill("The log")
    page.get_by_role("button", name="Add and try it").click()
    page.locator("#form-errors").wait_for(timeout=WITHIN_MS)
    assert page.get_by_label("Address").input_value() == ""
    assert page.get_by_label("Name").input_value() == "The log"


def test_a_message_arrives_and_the_page_says_so_by_itself(house: House, chat: ChatSink, mail: MailSink) -> None:
    page = house.person("lena").page
    page.set_default_timeout(WITHIN_MS)
    add(page, f"json://{chat.host}/hooks/tok-5ecret-9f3a", "On-call chat")
    expect(row(page, "On-call chat")).to_contain_text("Works", timeout=WITHIN_MS)
    assert "Test from Muster" in chat.posted[0][1]
    add(page, "lena.private@post.example", "Post")
    expect(row(page, "Post")).to_contain_text("Works", timeout=WITHIN_MS)
    assert mail.taken[0]["To"] == "lena.private@post.example"
    assert "5ecret" not in page.content() and "lena.private" not in page.content()


def test_a_failing_channel_says_why(house: House, chat: ChatSink) -> None:
    page = house.person("lena").page
    chat.status = 404
    add(page, f"json://{chat.host}/hooks/tok-gone-1b2c", "Old pager")
    expect(row(page, "Old pager")).to_contain_text("Test failed", timeout=WITHIN_MS)
    expect(row(page, "Old pager")).to_contain_text("The service answered 404.")


def test_with_contact_points(house: House) -> None:
    page = house.person("lena").page
    page.goto("/me/reach/")
    href = page.get_by_role("link", name="Remove… Old pager").get_attribute("href") or ""
    look_at(
        house,
        [
            Visit("reach", "lena", "/me/reach/"),
            Visit("reach-remove", "lena", href),
            Visit("dialog-reach-remove", "lena", "/me/reach/", opens("Remove… Old pager"), whole=False),
            Visit("reach-not-mine", "amara", href, status=404),
            Visit("reach-teams", "noor", "/services/-/teams/"),
        ],
    )


def test_a_contact_point_is_removed_by_keyboard(house: House) -> None:
    page = house.person("lena").page
    page.goto("/me/reach/")
    page.get_by_role("link", name="Remove… Old pager").focus()
    page.keyboard.press("Enter")
    page.locator("#dialog dialog[open]").wait_for()
    page.get_by_role("button", name="Remove it").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Remove… Old pager")).to_have_count(0)
    expect(page.get_by_text("On-call chat", exact=True).first).to_be_visible()
