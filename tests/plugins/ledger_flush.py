"""Lets TransactionTestCase (and pytest-django's transactional_db) flush a ledger that refuses to be emptied.

Test code only: the guards are dropped around the flush of a test database and stand again afterwards.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test import TransactionTestCase

from audit import guards
from audit.guards import postgresql, sqlite


@contextmanager
def without_guards() -> Iterator[None]:
    """The database without its guards: what an intruder with full rights would make of it first."""
    drop_guards()
    try:
        yield
    finally:
        guards.install(connection)


def drop_guards() -> None:
    """Drop every trigger and constraint of the ledger."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            for name in sqlite.triggers():
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # deferred foreign keys would hold the tables
        for name, (table, _) in postgresql.triggers("public").items():
            cursor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
        for table in postgresql.LEAVES:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT IF EXISTS {table}_leaf")


@pytest.fixture(autouse=True, scope="session")
def _flush_past_the_guards() -> Iterator[None]:
    teardown = TransactionTestCase._fixture_teardown

    def flush(self: Any) -> None:
        with without_guards():
            teardown(self)

    TransactionTestCase._fixture_teardown = flush
    yield
    TransactionTestCase._fixture_teardown = teardown
