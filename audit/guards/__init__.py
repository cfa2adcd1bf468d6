"""Append-only, enforced by the database itself, on PostgreSQL and SQLite.

Installed after every migrate (SQLite loses triggers when Django rebuilds a table) and demanded at every start.
"""

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper

from audit.errors import Unguarded
from audit.guards import postgresql, sqlite
from audit.guards.rules import TABLES

VENDORS = {"postgresql": postgresql, "sqlite": sqlite}


def install(connection: BaseDatabaseWrapper) -> list[str]:
    """Put every missing, disabled or altered guard (back) in place. Returns what was wrong before. Safe to repeat."""
    wrong = problems(connection)
    if wrong:
        with connection.cursor() as cursor:
            for statement in VENDORS[connection.vendor].statements(cursor):
                cursor.execute(statement)
    return wrong


def problems(connection: BaseDatabaseWrapper) -> list[str]:
    """What keeps the database from enforcing append-only, one sentence each; nothing where there is no ledger."""
    if not set(TABLES) <= set(connection.introspection.table_names()):
        return []
    with connection.cursor() as cursor:
        found: list[str] = VENDORS[connection.vendor].problems(cursor)
        return found


def demand(using: str = "default") -> None:
    """For whatever serves or works, before it starts. Raises Unguarded when a guard is missing, disabled or altered."""
    if wrong := problems(connections[using]):
        raise Unguarded(wrong)
