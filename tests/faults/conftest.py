"""Portals of three shapes, made once and healed before each test. tests.plugins.shapes runs them side by side."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.portal import SHAPES, Portal, portal
from tests.faults.scene import Scene
from tests.faults.target import Target
from tests.runbooks.conftest import publish, scripted, start

__all__ = ["publish", "scripted", "start"]  # fixtures for what needs no portal


def only(*shapes: str) -> pytest.MarkDecorator:
    """For tests whose fault some shapes don't have."""
    return pytest.mark.parametrize("standing", shapes, indirect=True)


@pytest.fixture(scope="session")
def portals(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Portal]]:
    """portals(shape) -> the portal of this shape; made when it is asked for first, stopped when all tests are over."""
    made: dict[str, Portal] = {}
    with ExitStack() as ending:

        def portal_of(shape: str) -> Portal:
            if shape not in made:
                made[shape] = ending.enter_context(portal(shape, tmp_path_factory.mktemp(shape)))
            return made[shape]

        yield portal_of


@pytest.fixture(params=SHAPES)
def standing(request: pytest.FixtureRequest, portals: Callable[[str], Portal]) -> Portal:
    """A portal that many tests share."""
    return portals(request.param)


@pytest.fixture(scope="session")
def target() -> Iterator[Target]:
    service = Target()
    service.start()
    yield service
    service.stop()


@pytest.fixture
def scene(standing: Portal, target: Target) -> Iterator[Scene]:
    """A corner of a portal that is well; it is healed afterwards too, so that a failure doesn't hurt the next test."""
    standing.heal()
    standing.wait_until_attended()
    yield Scene(standing, target)
    standing.heal()


@pytest.fixture(autouse=True)
def no_leftovers() -> Iterator[None]:
    """MUSTER_FAIL is for portals: in the tests' own process it would end the tests."""
    assert "MUSTER_FAIL" not in os.environ
    yield
