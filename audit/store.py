"""The statements of an append, for each database: lock the stream, insert entries and disclosures, move the stream on.

Raw SQL, because the append is in every transaction of the house: three round trips (four on SQLite) for any number.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from audit.entries import Built
from plumbing import statements

LOCK = {
    "postgresql": "SELECT id, uid, size, head, time, clock_timestamp()"
    " FROM ledger_stream WHERE {column} = %s FOR UPDATE",
    "sqlite": "SELECT id, uid, size, head, time, strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"
    " FROM ledger_stream WHERE {column} = %s",  # BEGIN IMMEDIATE holds the lock already
}
INSERT_POSTGRESQL = """
WITH written AS (
    INSERT INTO ledger_entry (uid, stream_id, seq, time, kind, actor, body, leaf)
    SELECT uid, %s, seq, time, kind, actor, body, leaf
    FROM unnest(%s::uuid[], %s::bigint[], %s::timestamptz[], %s::text[], %s::text[], %s::bytea[], %s::bytea[])
        AS new (uid, seq, time, kind, actor, body, leaf)
    ORDER BY seq
    RETURNING id, uid)
INSERT INTO ledger_disclosure (entry_id, name, payload)
SELECT written.id, new.name, new.payload
FROM unnest(%s::uuid[], %s::text[], %s::bytea[]) AS new (uid, name, payload) JOIN written USING (uid)
"""
ENTRY_SQLITE = "INSERT INTO ledger_entry (uid, stream_id, seq, time, kind, actor, body, leaf) VALUES "
DISCLOSURE_SQLITE = "INSERT INTO ledger_disclosure (entry_id, name, payload) VALUES "
FORWARD = "UPDATE ledger_stream SET size = %s, head = %s, time = %s WHERE id = %s"


@dataclass(frozen=True, slots=True)
class Locked:
    """A stream that nobody else can append to until this transaction ends."""

    id: int
    uid: str
    size: int
    head: bytes
    time: datetime | None  # of its last entry
    now: datetime  # the database's clock, read under the lock


def lock(key: int | str) -> Locked | None:
    """The stream with this id or uid, locked; None when there is no such stream."""
    column = "id" if isinstance(key, int) else "uid"
    row = statements.execute(LOCK[connection.vendor].format(column=column), [key]).fetchone()
    if row is None:
        return None
    pk, uid, size, head, time, now = row
    return Locked(pk, uid, size, bytes(head), _moment(time) if time else None, _moment(now))


def write(stream: Locked, entries: Sequence[Built]) -> None:
    """Append `entries`, which follow each other from `stream.size` on, and move the stream to the last of them."""
    last = entries[-1]
    with statements.together():
        if connection.vendor == "postgresql":
            _insert_postgresql(stream.id, entries)
        else:
            _insert_sqlite(stream.id, entries)
        statements.execute(FORWARD, [last.header.seq + 1, last.leaf, _adapt(last.header.time), stream.id])


def _insert_postgresql(stream_id: int, entries: Sequence[Built]) -> None:
    headers = [entry.header for entry in entries]
    rows = [(entry.header.uid, name, payload) for entry in entries for name, payload in entry.disclosures.items()]
    params: list[Any] = [
        stream_id,
        [header.uid for header in headers],
        [header.seq for header in headers],
        [header.time for header in headers],
        [header.kind for header in headers],
        [header.actor for header in headers],
        [entry.body for entry in entries],
        [entry.leaf for entry in entries],
        [row[0] for row in rows],
        [row[1] for row in rows],
        [row[2] for row in rows],
    ]
    statements.execute(INSERT_POSTGRESQL, params)


def _insert_sqlite(stream_id: int, entries: Sequence[Built]) -> None:
    params: list[Any] = []
    for entry in entries:
        header = entry.header
        place = [header.uid.hex, stream_id, header.seq, _adapt(header.time)]
        params += [*place, header.kind, header.actor, entry.body, entry.leaf]
    cursor = statements.execute(ENTRY_SQLITE + ", ".join(["(%s, %s, %s, %s, %s, %s, %s, %s)"] * len(entries)), params)
    first = cursor.lastrowid - len(entries) + 1  # AUTOINCREMENT under the only write lock: the ids follow each other
    params = []
    for pk, entry in enumerate(entries, first):
        for name, payload in entry.disclosures.items():
            params += [pk, name, payload]
    if params:
        statements.execute(DISCLOSURE_SQLITE + ", ".join(["(%s, %s, %s)"] * (len(params) // 3)), params)


def earlier(uid: UUID) -> tuple[str, int, datetime] | None:
    """Stream uid, seq and time of the entry with this uid; None when there is none."""
    value = uid if connection.features.has_native_uuid_field else uid.hex
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT s.uid, e.seq, e.time FROM ledger_entry e JOIN ledger_stream s ON s.id = e.stream_id"
            " WHERE e.uid = %s",
            [value],
        )
        row = cursor.fetchone()
    return (row[0], row[1], _moment(row[2])) if row else None


def _adapt(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


def _moment(value: datetime | str) -> datetime:
    """SQLite gives text without a zone, in UTC; PostgreSQL an aware datetime."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
