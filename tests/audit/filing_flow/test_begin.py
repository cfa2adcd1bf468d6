"""A filing begins with what the record knows, one of its kind at a time."""

import pytest

from audit.filings import moving, prefill, selectors
from audit.filings.errors import AlreadyOpen, NoSuchForm, TooEarly
from audit.models import FilingValue, Source
from plumbing import clock
from tests.audit.filing_flow.steps import begin, kinds

pytestmark = pytest.mark.django_db


def test_a_filing_begins_with_what_the_record_knows_each_value_with_its_entries(stream, person):
    filing = begin(stream, person)
    rows = {row.key: row for row in FilingValue.objects.filter(filing=filing)}
    assert {key: row.value for key, row in rows.items()} == {
        "1.1": "initial_notification", "2.1": "INC-2417", "2.2": "2026-03-02T09:00:00Z",
    }  # fmt: skip
    assert all(row.supports and row.source == Source.PREFILLED for row in rows.values())
    assert rows["1.1"].supports == [["inc_1", 3]], "the entry that says which report this is"
    assert kinds(stream) == ["filing.opened", "filing.filled"]


def test_an_offer_without_evidence_or_that_is_no_value_is_not_taken(stream, person):
    stream.notes.said = {"2.2": "yesterday"}
    filing = begin(stream, person)
    assert not FilingValue.objects.filter(filing=filing, key="2.2").exists()
    found = prefill.collect(selectors.question_of(selectors.opened(filing)))
    assert "2.2: the notes offered a value that can't be one" in found.refused[0]


def test_one_report_of_a_kind_is_open_at_a_time(stream, person):
    first = begin(stream, person)
    with pytest.raises(AlreadyOpen) as refused:
        begin(stream, person)
    assert first.uid in refused.value.href
    begin(stream, person, "intermediate")
    moving.withdraw(first.uid, reason="A drill.", actor=person, now=clock.now())
    assert begin(stream, person).number == 2


def test_there_is_no_report_that_no_regime_asks_for(stream, person):
    with pytest.raises(NoSuchForm):
        begin(stream, person, "postcard")
    with pytest.raises(TooEarly):
        begin(stream, person, "reclassification")
