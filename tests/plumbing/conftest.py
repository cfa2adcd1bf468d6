"""Servers on loopback for the tests of outgoing calls."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.plumbing.outside import Script, Server


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """serve(script, wrap=…) -> Server that runs until the test ends."""
    with ExitStack() as running:

        def start(script: Script, **options: object) -> Server:
            server = Server(script, **options)
            running.callback(server.stop)
            return server

        yield start
