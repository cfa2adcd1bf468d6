"""The reports after the first, and those of other regimes."""

import json

import pytest

from audit.filings import opening, selectors
from audit.filings.errors import NotReady
from audit.models import Filing, FilingState, FilingValue, Source
from plumbing import clock
from tests.audit.filing_cases import FINAL, INTERMEDIATE
from tests.audit.filing_flow.steps import begin, fill, kinds, review, send, sent_initial

pytestmark = pytest.mark.django_db


def test_the_next_report_carries_on_what_the_last_one_said(stream, person, room):
    sent_initial(stream, person, room)
    nxt = begin(stream, person, "intermediate")
    rows = {row.key: row for row in FilingValue.objects.filter(filing=nxt)}
    assert rows["2.4"].source == Source.CARRIED
    assert rows["2.4"].provider == "the initial notification"
    assert rows["1.1"].value == "intermediate_report"
    assert rows["3.1"].value == "2026I0000417"
    assert rows["fact.has_authority_reference"].value is True
    assert rows["2.1"].source == Source.PREFILLED, "the record itself comes first"
    assert all(row.supports for row in rows.values())


def test_a_trio_is_filed_and_the_changes_between_its_stages_are_said_in_words(stream, person, room):
    sent_initial(stream, person, room)
    for stage, told in (("intermediate", INTERMEDIATE), ("final", FINAL)):
        room.state = "pending"
        filing = begin(stream, person, stage)
        fill(filing, person, told)
        one = selectors.opened(Filing.objects.get(pk=filing.pk))
        said = {change.field: change.words for change in selectors.compared(one)}
        review(filing, person)
        send(filing, person, room)
    assert said["4.5"].startswith("New: The volume ran full")
    assert said["1.1"] == "final report, before intermediate report"
    assert "2.2" not in said
    assert kinds(stream).count("filing.submitted") == 3
    final = Filing.objects.get(stage="final")
    assert json.loads(selectors.bytes_of(final, "json"))["incidentSubmission"] == "final_report"


def test_the_reference_of_the_incident_never_changes_between_reports(stream, person, room):
    sent_initial(stream, person, room)
    room.state = "pending"
    filing = begin(stream, person, "intermediate")
    fill(filing, person, INTERMEDIATE | {"2.1": "INC-1"})
    with pytest.raises(NotReady, match=r"2\.1: An earlier report of this incident says INC-2417"):
        review(filing, person)


def test_what_was_never_major_is_reclassified_with_its_reasons(stream, person, room):
    sent_initial(stream, person, room)
    room.state = "pending"
    filing = begin(stream, person, "reclassification")
    with pytest.raises(NotReady, match=r"2\.10"):
        review(filing, person)
    fill(filing, person, {"2.10": "The catalogue was wrong: no critical service was touched."})
    review(filing, person)
    told = json.loads(selectors.bytes_of(Filing.objects.get(pk=filing.pk), "json"))
    assert told["incidentSubmission"] == "major_incident_reclassified_as_non-major"


def test_reports_of_other_regimes_are_texts_of_what_their_data_lists(stream, person, room):
    filing = opening.open_filing(
        stream, "eu_gdpr", "authority_notification", entity="n", entity_name="N", actor=person, now=clock.now()
    )
    one = selectors.opened(filing)
    assert one.fields[0].name.startswith("Nature of the breach")
    fill(filing, person, {each.id: "Said." for each in one.fields})
    review(filing, person)
    assert set(Filing.objects.get(pk=filing.pk).digests) == {"xlsx", "pdf"}
    assert send(filing, person, room, file="pdf").state == FilingState.SUBMITTED
