"""Looking at pages: what a look checks, and what is done on a page before it.

On each look: axe finds nothing (WCAG 2.2 AA and its target sizes), the console is silent, nothing scrolls sideways,
there is one h1 and a title, nothing is cut, and on the phone what can be pressed is 44 px high. A picture of each page
wide and light, one of the phone in the dark, in tests/e2e/shots; with MUSTER_SHOTS=all, all four.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Page

from drill.demo import PASSWORD
from tests.e2e.browser import SCHEMES, SCREENS, Muster, Person

ZONE = "Europe/Berlin"
SHOWN = {("wide", "light"), ("phone", "dark")}
ALL_SHOTS = os.environ.get("MUSTER_SHOTS") == "all"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FULL = {"runOnly": STANDARDS, "rules": {"target-size": {"enabled": True}}, "resultTypes": ["violations"]}
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast"]}, "resultTypes": ["violations"]}
AXE = """(options) => axe.run(options).then((found) => found.violations.flatMap((rule) => rule.nodes.map(
    (node) => `${rule.id}: ${node.html.slice(0, 160)} ${node.failureSummary.split("\\n").slice(1, 3).join(" ")}`)))"""
SHAPE = """(isPhone) => {
    const found = [], seen = (choice) => [...document.querySelectorAll(choice)].filter((one) => one.checkVisibility());
    const sideways = document.documentElement.scrollWidth - innerWidth;
    if (sideways > 0) found.push(`scrolls ${sideways} px sideways`);
    if (seen("h1").length !== 1) found.push(`${seen("h1").length} h1`);
    if (!/. · Muster$/.test(document.title)) found.push(`title: ${document.title}`);
    const leak = /\\{[#%]|^(?:None|null|undefined|True|False)$|object at 0x/m.exec(document.body.innerText);
    if (leak) found.push(`says ${leak[0]}`);
    for (const one of isPhone ? seen(".btn, .tabbar a, select, input:not([type=hidden])") : []) {
        const { height } = (one.closest("label") ?? one).getBoundingClientRect();
        if (height < 43.5) found.push(`${height} px high: ${one.outerHTML.slice(0, 100)}`);
    }
    for (const one of seen("h1, .btn, .tag, th, .vital b, .vital small, .node b, .node small, .health b")) {
        const isCut = one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow !== "visible";
        if (isCut) found.push(`clipped: ${one.textContent.trim()}`);
    }
    return found;
}"""


@dataclass(frozen=True)
class Visit:
    """One look at one page: by whom, where, and what is done there before looking."""

    name: str
    who: str
    path: str
    do: Callable[[Page], object] | None = None
    status: int = 200
    answers: tuple[int, ...] = ()  # what the forms answer that `do` sends
    whole: bool = True  # the picture is of the whole page, not of what fits the screen


class House:
    """A portal, a browser, and people who sign in once."""

    def __init__(self, chromium: Browser, muster: Muster, *, by_name: bool = False) -> None:
        self.chromium, self.muster, self.by_name = chromium, muster, by_name
        self.people: dict[str, Person] = {}

    def person(self, who: str) -> Person:
        """Signed in; "" is nobody."""
        if who not in self.people:
            self.people[who] = Person(self.chromium, self.muster, by_name=self.by_name)
            cdp = self.people[who].context.new_cdp_session(self.people[who].page)
            cdp.send("Emulation.setTimezoneOverride", {"timezoneId": ZONE})
            if who:
                self.people[who].sign_in(who, PASSWORD)
        return self.people[who]

    def look(self, visit: Visit) -> list[str]:
        """What is wrong with a page, on every screen in both schemes."""
        person = self.person(visit.who)
        person.problems.clear()
        found: list[str] = []
        for screen, (width, height) in SCREENS.items():
            person.page.set_viewport_size({"width": width, "height": height})
            answer = person.page.goto(visit.path)
            if answer is not None and answer.status != visit.status:
                found.append(f"status {answer.status}, not {visit.status}")
            if visit.do is not None:
                visit.do(person.page)
            for scheme in SCHEMES:
                found += [f"{screen} {scheme}: {problem}" for problem in self.check(person, visit, screen, scheme)]
        refused = {f"status of {status} " for status in (visit.status, *visit.answers) if status >= 400}
        return found + [said for said in person.problems if not any(words in said for words in refused)]

    def check(self, person: Person, visit: Visit, screen: str, scheme: str) -> list[str]:
        page, (person.screen, person.scheme) = person.page, (screen, scheme)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if not page.evaluate("'axe' in window"):
            page.evaluate(AXE_SCRIPT)
        is_first = scheme == SCHEMES[0]  # the other scheme changes colours and nothing else
        found: list[str] = page.evaluate(AXE, FULL if is_first else COLOURS)
        found += page.evaluate(SHAPE, screen == "phone")
        if ALL_SHOTS or (screen, scheme) in SHOWN:
            person.shoot(visit.name, full=visit.whole)
        return found


def opens(name: str) -> Callable[[Page], object]:
    """Clicks the link or button of that name and waits for its dialog."""

    def do(page: Page) -> None:
        more = page.locator("#room-header details:not([open]) > summary, #room-more details:not([open]) > summary")
        link = page.get_by_role("link", name=name).first
        if not link.is_visible() and more.count():
            more.first.click()
        link.click()
        page.locator("#dialog dialog[open]").wait_for()

    return do


def unfold(page: Page) -> None:
    """Everything that is folded shows."""
    for button in page.locator("[data-unfold]").all():
        button.click()
    page.evaluate("document.querySelectorAll('details:not(.menu)').forEach((one) => { one.open = true; })")


def sign_in_wrongly(page: Page) -> None:
    page.get_by_label("User name").fill("nobody")
    page.get_by_label("Password", exact=True).fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.locator("#form-errors").wait_for()


def try_too_often(page: Page) -> None:
    for _ in range(6):
        sign_in_wrongly(page)


def press(name: str) -> Callable[[Page], object]:
    """Clicks a button whose answer stays on this page."""

    def do(page: Page) -> None:
        page.get_by_role("button", name=name).first.click()
        page.wait_for_load_state("networkidle")

    return do


def brings(data: bytes) -> Callable[[Page], object]:
    """Has a pack checked that was brought as a file."""

    def do(page: Page) -> None:
        page.set_input_files("input[type=file]", {"name": "pack.zip", "mimeType": "application/zip", "buffer": data})
        page.get_by_role("button", name="Check the pack").click()
        page.locator("#checked .notice").wait_for()

    return do


def late_click(page: Page) -> None:
    """A form of an old page, sent as browsers without script send it."""
    page.evaluate("document.querySelector('form[method=post] [name=seen]').value = '0'")
    page.evaluate("document.querySelector('form[method=post].form').submit()")
    page.get_by_role("heading", name="It changed in the meantime").wait_for()


def wait_live(page: Page) -> None:
    page.locator('[data-live-chip][data-live="live"]').first.wait_for(state="attached")
