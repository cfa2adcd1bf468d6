"""A database that threads and processes can really share: a file on SQLite, the test database on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection, connections


@pytest.fixture
def real_database(transactional_db: None, tmp_path: Path) -> Iterator[dict[str, str]]:
    """Ready for the ledger. Gives the environment with which another process reaches it."""
    if connection.vendor == "postgresql":
        facts = connection.settings_dict
        who = f"{facts['USER']}:{facts['PASSWORD']}" if facts["PASSWORD"] else facts["USER"]
        yield {"MUSTER_DATABASE_URL": f"postgresql://{who}@{facts['HOST']}:{facts['PORT']}/{facts['NAME']}"}
        return
    path = tmp_path / "muster.sqlite3"
    ours, facts = connections["default"], connections.settings["default"]
    connections.settings["default"] = {**facts, "NAME": path}
    connections["default"] = connections.create_connection("default")
    try:
        call_command("migrate", "audit", verbosity=0, skip_checks=True)
        yield {"MUSTER_DATA": str(tmp_path)}
    finally:
        connections["default"].close()
        connections.settings["default"], connections["default"] = facts, ours
