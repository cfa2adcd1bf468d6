"""A room of approvals that answers as the test wants, and a stream that a provider knows."""

import pytest

from audit.filings import consent, prefill
from audit.filings.prefill import Subject
from tests.audit.filing_flow.steps import Notes, Room


@pytest.fixture
def room(monkeypatch):
    room = Room()
    monkeypatch.setattr(consent, "_registered", [room])
    return room


@pytest.fixture
def stream(make_stream, monkeypatch):
    """A stream of three notes, about which one provider knows two things."""
    monkeypatch.setattr(prefill, "_subjects", {"inc_": lambda uid: Subject("INC-2417", "Store is down", ("store",))})
    kept = [each for each in prefill._providers if each[1] == ""]
    notes = Notes()
    monkeypatch.setattr(prefill, "_providers", [*kept, (40, "inc_", notes)])
    made = make_stream("inc_1", 3)
    made.notes = notes
    return made
