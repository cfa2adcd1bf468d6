"""Second factors in a real browser: enrolled, used and removed by keyboard on a phone; and how their pages look."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from drill.demo import PASSWORD
from tests.e2e.browser import Muster, Person
from tests.e2e.conftest import SignIn
from tests.e2e.looking import House, Visit, press
from tests.e2e.passkeys import enrol_passkey, virtual_key
from tests.factors import code_of

pytestmark = pytest.mark.e2e
ADD, STEP_UP = "/me/factors/passkey/", "/me/confirm/?next=/approvals/"
MOST_TABS = 40


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Muster]:
    folder: Path = tmp_path_factory.mktemp("factors")
    with Muster(folder) as muster:
        yield muster


@pytest.fixture(scope="module")
def named(chromium: Browser, portal: Muster) -> Iterator[House]:
    """The people who look at pages that know them by a name."""
    house = House(chromium, portal, by_name=True)
    yield house
    for person in house.people.values():
        person.leave()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the link, button or field of that name has the focus."""
    for _ in range(MOST_TABS):
        page.keyboard.press("Tab")
        said = page.evaluate("(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()")
        if said.startswith(name):
            return
    raise AssertionError(f"{MOST_TABS} times Tab did not reach {name!r} on {page.url}")


def test_a_passkey_is_enrolled_and_stepped_up_with_by_keyboard_on_a_phone(sign_in: SignIn) -> None:
    page = sign_in("lena", screen="phone", by_name=True).page
    virtual_key(page)
    tab_to(page, "LV")
    page.keyboard.press("Enter")
    tab_to(page, "Your second factors")
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/factors/")
    tab_to(page, "Add a passkey")
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/factors/passkey/")
    tab_to(page, "What you call it")
    page.keyboard.type("Lena's phone")
    page.keyboard.press("Enter")
    page.wait_for_url("**/me/factors/codes/")
    tab_to(page, "Show my recovery codes")
    page.keyboard.press("Enter")
    expect(page.locator(".factor-codes li")).to_have_count(10)

    page.goto(STEP_UP)
    expect(page.get_by_role("button", name="Use your passkey")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/approvals/")


def test_signing_in_asks_for_the_passkey_and_removing_it_ends_that(sign_in: SignIn) -> None:
    person = sign_in("piotr", by_name=True)
    page = person.page
    enrol_passkey(page)
    leave_and_come_back(page, "piotr")
    page.get_by_role("button", name="Use your passkey").click()
    page.wait_for_url("**/services/")
    page.goto("/me/factors/")
    page.get_by_role("link", name="Remove Work laptop").click()
    page.get_by_role("button", name="Remove it").click()
    page.wait_for_url("**/me/factors/")
    expect(page.get_by_role("heading", name="None yet")).to_be_visible()
    leave_and_come_back(page, "piotr")
    page.wait_for_url("**/services/")


def leave_and_come_back(page: Page, who: str) -> None:
    """Sign out, and give name and password again."""
    page.locator("#you > summary").click()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in/")
    page.goto("/sign-in/?next=/services/")
    page.get_by_label("User name").fill(who)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_a_device_that_knows_nobody_is_refused_in_words(sign_in: SignIn) -> None:
    page = sign_in("rafa", by_name=True).page
    session = enrol_passkey(page)
    session.detach()  # the device is gone
    virtual_key(page, isUserVerified=False)
    page.goto(STEP_UP)
    page.get_by_role("button", name="Use your passkey").click()
    expect(page.locator("[data-said]")).to_contain_text("The passkey was not given")
    assert page.url.endswith(STEP_UP)


def test_an_app_works_without_a_name_and_its_code_signs_in(sign_in: SignIn) -> None:
    page = sign_in("tom").page  # at 127.0.0.1, as `make run` says
    page.goto("/me/factors/passkey/")
    expect(page.get_by_role("link", name="Open it where passkeys work")).to_be_visible()
    page.get_by_role("link", name="Add an authenticator app instead").click()
    secret = page.locator(".factor-app__key").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()
    page.wait_for_url("**/me/factors/codes/")
    leave_and_come_back(page, "tom")
    page.wait_for_url("**/sign-in/factor/")
    page.get_by_label("Code of your app").fill(code_of(secret, 1))
    page.keyboard.press("Enter")
    page.wait_for_url("**/services/")


# ---- how the pages look ---------------------------------------------------------------------------------------------


def look_at(house: House, visits: list[Visit]) -> None:
    found = [f"{visit.name}, {problem}" for visit in visits for problem in house.look(visit)]
    assert not found, "\n".join(found)


def open_menu(page: Page) -> None:
    page.locator("#you > summary").click()


def wrong_code(page: Page) -> None:
    page.locator("#id_code").fill("12 34 56")
    page.get_by_role("button", name="Use this code").click()
    page.locator("#form-errors").wait_for()


def wrong_password(page: Page) -> None:
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Confirm").click()
    page.locator(".field--bad").wait_for()


def test_pages_of_somebody_without_a_factor(named: House, portal: Muster, chromium: Browser) -> None:
    look_at(
        named,
        [
            Visit("factors-menu", "emil", "/", open_menu, whole=False),
            Visit("factors-none", "emil", "/me/factors/"),
            Visit("factors-add-passkey", "emil", ADD),
            Visit("factors-add-passkey-unnamed", "emil", ADD, press("Create the passkey"), answers=(422,)),
            Visit("factors-add-app", "emil", "/me/factors/app/"),
            Visit("factors-add-app-wrong", "emil", "/me/factors/app/", press("Add the app"), answers=(422,)),
            Visit("factors-no-codes", "emil", "/me/factors/codes/"),
            Visit("factors-password", "emil", "/me/factors/confirm/"),
            Visit("factors-password-wrong", "emil", "/me/factors/confirm/", wrong_password, answers=(422,)),
            Visit("step-up-none-yet", "emil", STEP_UP),
        ],
    )
    numbers = House(chromium, portal)
    look_at(numbers, [Visit("factors-add-passkey-numbers", "emil", ADD)])
    for person in numbers.people.values():
        person.leave()


def show_codes(page: Page) -> None:
    page.locator("main form button").click()
    page.locator(".factor-codes").wait_for()


def test_pages_of_somebody_with_factors(named: House) -> None:
    person: Person = named.person("noor")
    enrol_passkey(person.page)
    add_app(person.page)
    look_at(
        named,
        [
            Visit("factors", "noor", "/me/factors/"),
            Visit("factors-codes-unseen", "noor", "/me/factors/codes/"),
            Visit("factors-codes", "noor", "/me/factors/codes/", show_codes),
            Visit("factors-codes-seen", "noor", "/me/factors/codes/"),
            Visit("step-up", "noor", STEP_UP),
            Visit("step-up-decision", "noor", "/me/confirm/?next=/approvals/0123456789/decide%3Fverdict%3Dapprove"),
            Visit("step-up-wrong", "noor", STEP_UP, wrong_code, answers=(422,)),
            Visit("factors-confirm", "noor", "/me/factors/confirm/"),
        ],
    )
    person.page.goto("/me/factors/")
    person.page.get_by_role("link", name="Remove Work laptop").click()
    look_at(named, [Visit("factors-remove", "noor", person.page.url)])


def add_app(page: Page) -> str:
    page.goto("/me/factors/app/")
    secret = page.locator(".factor-app__key").inner_text().replace(" ", "")
    page.get_by_label("Code that the app shows").fill(code_of(secret))
    page.get_by_role("button", name="Add the app").click()
    page.wait_for_url("**/me/factors/")
    return secret


def test_the_second_half_of_signing_in(named: House) -> None:
    """After the others: noor has a passkey and an app."""
    page = named.person("").page
    page.goto("/sign-in/")
    page.get_by_label("User name").fill("noor")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/sign-in/factor/")
    look_at(
        named,
        [
            Visit("sign-in-factor", "", "/sign-in/factor/"),
            Visit("sign-in-factor-wrong", "", "/sign-in/factor/", wrong_code, answers=(422,)),
        ],
    )
