"""Statements that run thousands of times with the same text: PostgreSQL prepares each once per connection, and those
of one block travel together, so that a transaction waits for the server three times instead of ten.

Needed by the ledger (1) and the engine (4). On SQLite, in this process, both are what Django does anyway.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.backends.utils import CursorWrapper


def execute(sql: str, params: Sequence[Any]) -> CursorWrapper:
    """Send one statement. Inside of `together`, rows and `rowcount` are there once it has ended, or once fetched."""
    if connection.vendor != "postgresql":
        cursor = connection.cursor()
        cursor.execute(sql, params)
        return cursor
    connection.ensure_connection()
    bare = _prepared()(connection.connection)
    wrapped = connection.make_debug_cursor(bare) if connection.queries_logged else connection.make_cursor(bare)
    wrapped.execute(sql, params)
    return wrapped


@contextmanager
def together() -> Iterator[None]:
    """Send the statements of this block without waiting for each other's answers. Nests.

    An error of one is raised where an answer is fetched, or at the end; none of those behind it has happened then.
    Whoever listens to statements (a profile, a test that counts) gets them one by one."""
    if connection.vendor != "postgresql" or connection.execute_wrappers:
        yield
        return
    connection.ensure_connection()
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


@cache
def _prepared() -> type[Any]:
    """Psycopg's cursor that binds on the server; imported late: who runs on SQLite needs no PostgreSQL."""
    import psycopg

    class Prepared(psycopg.Cursor[Any]):
        def execute(self, query: Any, params: Any = None, **more: Any) -> "Prepared":
            prepare = settings.PREPARED_STATEMENTS
            return super().execute(query, params, prepare=prepare, **more)

    return Prepared
