"""What a person enters: with a reason, on record, and never over what somebody else entered meanwhile."""

import pytest

from audit.filings import editing, opening, selectors
from audit.filings.errors import BadValue, ChangedMeanwhile, NoSuchField, ReasonNeeded
from audit.models import Filing, FilingValue
from audit.selectors import entries
from plumbing import clock
from tests.audit.filing_flow.steps import begin, fill

pytestmark = pytest.mark.django_db


def test_what_a_person_enters_needs_a_reason_and_is_on_record(stream, person):
    filing = begin(stream, person)
    with pytest.raises(ReasonNeeded):
        fill(filing, person, {"2.4": "It broke."}, reason=" ")
    assert fill(filing, person, {"2.4": "It broke.", "2.1": "INC-2417"}) == ["2.4"], "the same value is no change"
    last = entries(stream.uid)[-1]
    assert (last.kind, last.fields["values"]) == ("filing.changed", [{"field": "2.4", "value": "It broke."}])
    assert last.fields["reason"] == "From the file of the officer."


def test_a_value_can_point_at_entries_that_there_are(stream, person):
    filing = begin(stream, person)
    now = clock.now()
    with pytest.raises(BadValue, match="no entry 99"):
        editing.change(filing.uid, {"2.4": "x"}, seen=1, reason="r", actor=person, now=now, supports=[1, 99])
    editing.change(filing.uid, {"2.4": "x"}, seen=1, reason="r", actor=person, now=now, supports=[2, 1, 1])
    assert FilingValue.objects.get(filing=filing, key="2.4").supports == [["inc_1", 1], ["inc_1", 2]]


def test_the_type_of_submission_is_never_chosen_by_hand(stream, person):
    filing = begin(stream, person)
    assert fill(filing, person, {"1.1": "final_report"}) == []
    with pytest.raises(NoSuchField):
        fill(filing, person, {"9.9": "x"})


def test_of_two_editors_the_second_is_told_who_changed_what(stream, person, second):
    filing = begin(stream, person)
    seen, now = 1, clock.now()
    editing.change(filing.uid, {"2.4": "Mine."}, seen=seen, reason="r", actor=person, now=now)
    editing.change(filing.uid, {"2.9": "no"}, seen=seen, reason="r", actor=second, now=now)
    with pytest.raises(ChangedMeanwhile, match=r"2\.4 was changed by usr_0+a at"):
        editing.change(filing.uid, {"2.4": "Theirs."}, seen=seen, reason="r", actor=second, now=now)
    assert FilingValue.objects.get(filing=filing, key="2.4").value == "Mine."


def test_the_record_is_read_again_but_never_over_what_a_person_entered(stream, person):
    filing = begin(stream, person)
    fill(filing, person, {"2.2": "2026-03-02T08:30:00Z"})
    stream.notes.said = {"2.1": "INC-2418", "2.2": "2026-03-02T09:30:00Z", "2.4": "New."}
    assert opening.refill(filing.uid, actor=person, now=clock.now()) == ["2.1", "2.4"]
    assert opening.refill(filing.uid, actor=person, now=clock.now()) == []
    one = selectors.opened(Filing.objects.get(pk=filing.pk))
    assert one.values["2.2"] == "2026-03-02T08:30:00Z"
    assert selectors.differing(one) == {"2.2": [("the notes", "2026-03-02T09:30:00Z")]}, "a conflict is shown"


def test_an_emptied_field_stays_empty(stream, person):
    filing = begin(stream, person)
    fill(filing, person, {"2.2": ""})
    opening.refill(filing.uid, actor=person, now=clock.now())
    assert "2.2" not in selectors.opened(Filing.objects.get(pk=filing.pk)).values


def test_long_texts_are_named_by_their_digest_on_record(stream, person):
    filing = begin(stream, person)
    many = dict.fromkeys(("2.4", "2.8", "2.10", "3.14", "3.19", "3.21", "4.5", "4.6"), "ü" * 32767)
    assert len(fill(filing, person, many)) == 8
    told = entries(stream.uid)[-1].fields["values"]
    assert all(set(each["value"]) == {"sha256", "bytes"} for each in told)


def test_the_scale_of_amounts_and_the_schema_are_set_on_record(stream, person):
    filing = begin(stream, person)
    now = clock.now()
    with pytest.raises(BadValue):
        editing.set_files(filing.uid, scale="millions", schema="IR-1.3.0", seen=1, actor=person, now=now)
    with pytest.raises(ChangedMeanwhile):
        editing.set_files(filing.uid, scale="units", schema="IR-1.2", seen=0, actor=person, now=now)
    editing.set_files(filing.uid, scale="units", schema="IR-1.2", seen=1, actor=person, now=now)
    assert entries(stream.uid)[-1].fields["scale"] == "units"
