"""A database that threads and processes can really share: a file on SQLite, the test database on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections


@pytest.fixture
def real_database(transactional_db: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """The test database, for others too. Gives the environment with which another process reaches it."""
    facts = connection.settings_dict
    if connection.vendor == "postgresql":
        who = f"{facts['USER']}:{facts['PASSWORD']}" if facts["PASSWORD"] else facts["USER"]
        url = f"postgresql://{who}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"
        yield {"MUSTER_DATABASE_URL": url, "MUSTER_DATA": str(tmp_path)}  # a signer remembers for this test alone
        return
    ours, known, path = connections["default"], connections.settings["default"], tmp_path / "muster.sqlite3"
    with ours.cursor() as cursor:
        cursor.execute("VACUUM INTO %s", [str(path)])
    connections.settings["default"] = {**known, "NAME": path}
    connections["default"] = connections.create_connection("default")
    try:
        yield {"MUSTER_DATA": str(tmp_path)}
    finally:
        connections["default"].close()
        connections.settings["default"], connections["default"] = known, ours
