"""A server with the pages under test, and a real Chromium that looks at them."""

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from scripts.servers import free_port
from tests.e2e.browser import open_chromium

ROOT = Path(__file__).resolve().parents[2]
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_S = 30


class Site:
    """The running server. `do` moves its fake room, `facts` says what it saw."""

    def __init__(self, address: str) -> None:
        self.address = address

    def do(self, **order: Any) -> dict[str, Any]:
        """Send an order to the fake room: reset, set, grow, send, close. Returns its facts."""
        body = json.dumps(order).encode()
        request = urllib.request.Request(f"{self.address}/control", body, method="POST")  # noqa: S310 - loopback
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - loopback
            facts: dict[str, Any] = json.load(answer)
        return facts

    def facts(self) -> dict[str, Any]:
        return self.do()

    def grow(self, *entries: list[dict[str, Any]], bell: bool = True) -> int:
        """Add ledger entries (each a list of ops) and ring, unless the bell is lost. Returns the new sequence."""
        at: int = self.do(grow=list(entries))["at"]
        if bell:
            self.do(send=[json.dumps({"at": at})])
        return at


def wait_until_up(address: str, process: "subprocess.Popen[bytes]") -> None:
    """Returns when the server answers; fails when it ended or took too long."""
    until = time.monotonic() + START_S
    while time.monotonic() < until:
        if process.poll() is not None:
            pytest.fail(f"the test site ended with {process.returncode}; run: python -m tests.ui.site 8000")
        try:
            urllib.request.urlopen(f"{address}/style/", timeout=2).close()  # noqa: S310 - loopback
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.1)
        else:
            return
    pytest.fail(f"the test site did not answer within {START_S} s")


@pytest.fixture(scope="session")
def site_server() -> Iterator[Site]:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "tests.ui.site", str(port)], cwd=ROOT)
    address = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(address, process)
        yield Site(address)
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def site(site_server: Site) -> Site:
    """The server, its room as new."""
    site_server.do(reset=True)
    return site_server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with open_chromium(*FLAGS) as chromium:
        yield chromium


@pytest.fixture
def look(browser: Browser, site: Site) -> Iterator[Callable[..., Page]]:
    """Open a path at a size and in a theme: look("/style/", width=390, scheme="dark"). Page errors fail the test."""
    contexts: list[BrowserContext] = []
    errors: list[str] = []

    def open_page(path: str, *, width: int = 1440, height: int = 900, scheme: str = "light", **options: Any) -> Page:
        viewport = {"width": width, "height": height}
        settings = {"timezone_id": "Europe/Berlin", "has_touch": width < 640, **options}
        context = browser.new_context(viewport=viewport, color_scheme=scheme, **settings)  # type: ignore[arg-type]
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda message: errors.append(message.text) if "Content Security" in message.text else None)
        page.goto(site.address + path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert errors == []


@pytest.fixture
def room(look: Callable[..., Page]) -> Page:
    """The war room, live."""
    page = look("/incidents/2417/")
    page.wait_for_selector('[data-live-chip][data-live="live"]')
    return page
