"""A test that can't run on this machine says what it lacks and how to get it. In CI that is a failure, never a skip."""

import os
from typing import NoReturn

import pytest

SERVERS = {  # mark -> (what it needs, where we are told of it)
    "postgres": ("PostgreSQL", "MUSTER_DATABASE_URL"),
    "redis": ("Redis", "MUSTER_REDIS_URL"),
}


def lacks(what: str, how: str) -> NoReturn:
    """End the running test: it needs `what`, and `how` is what to do about it."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(f"needs {what}: {how}")
    raise AssertionError  # neither returns


def pytest_runtest_setup(item: pytest.Item) -> None:
    for mark, (what, variable) in SERVERS.items():
        if item.get_closest_marker(mark) and not os.environ.get(variable):
            lacks(what, f'set {variable}, or run `make test ARGS="--only postgresql"`, which starts one')
    if item.get_closest_marker("sqlite") and os.environ.get("MUSTER_DATABASE_URL"):
        pytest.skip("about SQLite alone: unset MUSTER_DATABASE_URL")
