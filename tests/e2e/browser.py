"""A Muster of its own and people in a real Chromium: what every browser test starts from."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGINT
from typing import Self

from playwright.sync_api import Browser, ConsoleMessage, Page, Playwright, sync_playwright

from drill.programs import Program, answers, wait_until
from scripts.machine import chromium
from scripts.servers import free_port

HOUSE = Path(__file__).resolve().parents[2]
SHOTS = Path(__file__).parent / "shots"
SCREENS = {"wide": (1440, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
READY_WITHIN_S = 60


class Muster:
    """A portal started as `make run` starts it, in a data folder of its own. Runs while used as a context manager."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.port = folder, free_port()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MUSTER_", "DJANGO_"))}
        own = {"MUSTER_MODE": "demo", "MUSTER_DATA": str(folder), "MUSTER_PORT": str(self.port)}
        command = [sys.executable, str(HOUSE / "manage.py"), "serve", "--demo"]
        self.log = folder / "muster.log"
        self.program = Program(command, self.log, ends_on=SIGINT, env={**kept, **own, **settings})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def named_url(self) -> str:
        """The same by name: browsers bind passkeys to names, never to addresses made of numbers."""
        return f"http://localhost:{self.port}"

    def start(self) -> None:
        """Returns when the sign-in page comes. AssertionError with the log when it ends instead."""
        self.program.start()
        wait_until("Muster answered", self.is_up, within_s=READY_WITHIN_S, where=str(self.log))

    def is_up(self) -> bool:
        assert self.program.running(), f"Muster ended:\n{self.log.read_text()}"
        return answers(f"{self.url}/sign-in/")

    def stop(self) -> None:
        """Ctrl-C. Killed when it doesn't end."""
        self.program.stop()

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


class _OnePlaywright:
    """Playwright's driver, started once per process however many fixtures have a browser: a second one is refused.

    It keeps a loop in this thread, which Django would take for an async context, also in a later test's database."""

    def __init__(self) -> None:
        self.users = 0
        self.playwright: Playwright | None = None

    @contextmanager
    def __call__(self) -> Iterator[Playwright]:
        if self.playwright is None:
            self.playwright = sync_playwright().start()
            os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
        self.users += 1
        try:
            yield self.playwright
        finally:
            self.users -= 1
            if not self.users:
                self.playwright.stop()
                self.playwright = None
                os.environ.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)


one_playwright = _OnePlaywright()


@contextmanager
def open_chromium(*flags: str) -> Iterator[Browser]:
    """The machine's Chromium, headless. AssertionError with the command when there is none."""
    path = chromium()
    assert path, "Chromium is missing: run `apt-get install chromium` as root, or set MUSTER_CHROMIUM"
    with one_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        try:
            yield browser
        finally:
            browser.close()


class Person:
    """Somebody signed in, in a browser profile of their own. `problems` is what the console complained about."""

    def __init__(
        self, browser: Browser, muster: Muster, *, screen: str = "wide", scheme: str = "light", by_name: bool = False
    ) -> None:
        width, height = SCREENS[screen]
        self.context = browser.new_context(
            base_url=muster.named_url if by_name else muster.url,
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
            accept_downloads=True,
        )
        self.screen, self.scheme = screen, scheme
        self.problems: list[str] = []
        self.page: Page = self.new_page()

    def new_page(self) -> Page:
        page = self.context.new_page()
        page.on("console", self.hear)
        page.on("pageerror", lambda error: self.problems.append(f"{page.url}: {error}"))
        return page

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.problems.append(f"{message.location.get('url')}: {message.text}")

    def sign_in(self, username: str, password: str) -> None:
        """Through the form, as people do."""
        self.page.goto("/sign-in/")
        self.page.get_by_label("User name").fill(username)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url(re.compile(r"/(?!sign-in)"))

    def shoot(self, name: str, *, full: bool = False) -> Path:
        """A screenshot to look at: shots/<name>-<screen>-<scheme>.png"""
        SHOTS.mkdir(exist_ok=True)
        file = SHOTS / f"{name}-{self.screen}-{self.scheme}.png"
        self.page.screenshot(path=file, full_page=full)
        return file

    def leave(self) -> None:
        self.context.close()
