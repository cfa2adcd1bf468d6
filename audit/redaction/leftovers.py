"""What a database keeps of deleted rows, as far as it can be reached from here.

SQLite: secure_delete overwrites pages, and the write-ahead log is emptied into the file. PostgreSQL keeps old row
versions until VACUUM, and its own log until that is rotated: both are the operator's, and the erasure page says so.
"""

import logging

from django.db import connection, transaction

log = logging.getLogger(__name__)
TABLES = ("ledger_disclosure", "audit_erasurerequest")


def wipe() -> None:
    """Empty what can be emptied, after the erasure is committed. A database that is busy does it later by itself."""
    if connection.in_atomic_block:
        transaction.on_commit(wipe)
        return
    try:
        with connection.cursor() as cursor:
            if connection.vendor == "sqlite":
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            else:
                for table in TABLES:
                    cursor.execute(f"VACUUM {table}")
    except Exception:  # the erasure itself stands; what is left goes with the next checkpoint or VACUUM
        log.warning("Freed space of the database could not be emptied now.", exc_info=True)
