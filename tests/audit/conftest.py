"""Fixtures of the ledger's tests."""

import pytest

from audit import ledger
from audit.models import Stream
from plumbing.database import atomic


@pytest.fixture(autouse=True)
def _own_log_key(settings, tmp_path):
    settings.LEDGER_KEY_FILE = tmp_path / "ledger-key.pem"
    settings.LEDGER_ORIGIN = "muster.example/evidence"


class Person:
    """Somebody who acts."""

    actor_id = "usr_0000000000000000000000000000000a"


@pytest.fixture
def person() -> Person:
    return Person()


@pytest.fixture
def make_stream(person):
    """make_stream("inc_1", 5): a stream with five entries of two fields."""

    def make(uid: str = "inc_1", count: int = 5) -> Stream:
        stream = ledger.open_stream(uid)
        with atomic():
            for number in range(count):
                ledger.record(stream, "note.added", person, {"text": f"Note {number} ✓", "number": number})
        stream.refresh_from_db()
        return stream

    return make
