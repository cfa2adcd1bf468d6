"""One Chromium for all browser tests of a run; a Muster of its own for each test that asks for one."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from drill.demo import PASSWORD
from tests.e2e.browser import Muster, Person, open_chromium
from tests.e2e.looking import House

SignIn = Callable[..., Person]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with open_chromium() as browser:
        yield browser


@pytest.fixture
def muster(tmp_path: Path) -> Iterator[Muster]:
    """Started as `make run` starts it: embedded, with the demo organisation, on a free port."""
    with Muster(tmp_path) as portal:
        yield portal


@pytest.fixture(scope="module")
def house(chromium: Browser, portal: Muster) -> Iterator[House]:
    """The people who look at the pages of a module's `portal`."""
    house = House(chromium, portal)
    yield house
    for person in house.people.values():
        person.leave()


@pytest.fixture
def sign_in(chromium: Browser, muster: Muster) -> Iterator[SignIn]:
    """sign_in(username, screen="wide", scheme="light") -> Person. Afterwards nobody's console may have complained."""
    people: list[Person] = []

    def enter(username: str, **looks: str) -> Person:
        person = Person(chromium, muster, **looks)
        people.append(person)
        person.sign_in(username, PASSWORD)
        return person

    yield enter
    for person in people:
        person.leave()
    assert [problem for person in people for problem in person.problems] == []
