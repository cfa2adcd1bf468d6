"""The one clock: the database's. Workers' own clocks may jump; leases and deadlines may not."""

import datetime as dt

from django.db import connection


def now() -> dt.datetime:
    """The database's time, aware, UTC, whole milliseconds. Inside a PostgreSQL transaction it still advances."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")
            return dt.datetime.fromisoformat(cursor.fetchone()[0]).replace(tzinfo=dt.UTC)
        cursor.execute("SELECT date_trunc('milliseconds', clock_timestamp())")
        found: dt.datetime = cursor.fetchone()[0]
        return found.astimezone(dt.UTC)
