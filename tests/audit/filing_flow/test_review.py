"""A complete report goes to review as exact bytes, and follows what becomes of the question."""

import pytest

from audit.filings import consent, moving, prefill
from audit.filings.errors import NoConsent, NotADraft, NotReady, ReasonNeeded
from audit.filings.prefill import Subject
from audit.models import Exported, Filing, FilingState
from audit.selectors import entries
from plumbing import clock
from tests.audit.filing_cases import INITIAL, LEI
from tests.audit.filing_flow.steps import begin, fill, kinds, review, reviewed_initial

pytestmark = pytest.mark.django_db


def test_a_report_with_gaps_goes_nowhere_and_names_them(stream, person, room):
    filing = begin(stream, person)
    with pytest.raises(NotReady) as refused:
        review(filing, person)
    assert any(problem.startswith("1.2: Name of the entity") for problem in refused.value.problems)
    assert room.asked == []
    assert Filing.objects.get(pk=filing.pk).state == FilingState.DRAFT


def test_a_report_for_which_nobody_answers_goes_nowhere(stream, person, room, monkeypatch):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    monkeypatch.setattr(prefill, "_subjects", {"inc_": lambda uid: Subject("INC-2417", "Store is down")})
    with pytest.raises(NotReady, match="names no service"):
        review(filing, person)
    assert room.asked == []


def test_nobody_approves_where_no_room_does(stream, person, monkeypatch):
    monkeypatch.setattr(consent, "_registered", [])
    filing = begin(stream, person)
    fill(filing, person, INITIAL | {"1.3": LEI})
    with pytest.raises(NoConsent):
        review(filing, person)
    assert Filing.objects.get(pk=filing.pk).state == FilingState.DRAFT
    assert not Exported.objects.exists()


def test_what_is_asked_is_bound_to_the_exact_bytes_that_are_kept(stream, person, room):
    filing = reviewed_initial(stream, person)
    (asked, shapers), *_ = room.asked
    kept = {row.form: row.sha256 for row in Exported.objects.filter(filing=filing)}
    assert asked.files == kept
    assert set(kept) == {"json", "xlsx", "pdf"}
    assert asked.services == ("store",)
    assert shapers == {person.actor_id}
    with pytest.raises(NotADraft):
        fill(filing, person, {"2.4": "Another story."})


def test_back_to_draft_takes_a_reason_and_voids_the_question(stream, person, room):
    filing = reviewed_initial(stream, person)
    with pytest.raises(ReasonNeeded):
        moving.return_to_draft(filing.uid, reason="", actor=person, now=clock.now())
    moving.return_to_draft(filing.uid, reason="A figure is wrong.", actor=person, now=clock.now())
    assert room.voided == ["The filing went back to draft: A figure is wrong."]
    fill(filing, person, {"2.4": "Now it is right."})


@pytest.mark.parametrize(
    ("state", "expected"), [("approved", "approved"), ("ended", "draft"), ("pending", "legal_review")]
)
def test_a_filing_takes_over_what_became_of_its_question_once(stream, person, room, state, expected):
    filing = reviewed_initial(stream, person)
    room.state = state
    for _ in range(2):
        assert moving.settle(filing.uid, now=clock.now()).state == expected
    assert kinds(stream).count("filing.approved") == (1 if state == "approved" else 0)


def test_a_yes_that_ends_before_it_is_used_brings_the_filing_back(stream, person, room):
    filing = reviewed_initial(stream, person)
    room.state = "approved"
    moving.settle(filing.uid, now=clock.now())
    room.state, room.because = "ended", "it has expired"
    assert moving.settle(filing.uid, now=clock.now()).state == FilingState.DRAFT
    assert entries(stream.uid)[-1].fields["reason"] == "it has expired"
