"""A filing from the record to the authority's answer: every move, who is too late, what each leaves on record."""

import datetime as dt
import json
from dataclasses import dataclass, field

import pytest

from audit import ledger
from audit.filings import consent, editing, moving, opening, packing, prefill, selectors
from audit.filings.consent import Standing
from audit.filings.errors import (
    AlreadyOpen,
    BadValue,
    ChangedMeanwhile,
    FilingError,
    IllegalFilingMove,
    NoConsent,
    NoSuchField,
    NoSuchForm,
    NotADraft,
    NotReady,
    ReasonNeeded,
    TooEarly,
)
from audit.filings.prefill import Offer, Subject
from audit.filings.states import MOVES
from audit.models import Exported, Filing, FilingState, FilingValue, Source
from audit.selectors import entries
from plumbing import clock
from plumbing.database import atomic
from tests.audit.filing_cases import FINAL, INITIAL, INTERMEDIATE, LEI

pytestmark = pytest.mark.django_db
DORA = "eu_dora_major_incident"


class Other:
    actor_id = "usr_0000000000000000000000000000000b"


@dataclass
class Room:
    """Stands for the room of approvals: says what it was asked, and answers as the test wants."""

    state: str = "pending"
    because: str = "approve by Olga"
    asked: list = field(default_factory=list)
    voided: list = field(default_factory=list)
    refuses: str = ""

    def ask(self, asked, actor, shapers, now):
        self.asked.append((asked, shapers))

    def standing(self, subject):
        return Standing(self.state, self.because)

    def void(self, subject, reason, actor, now):
        self.voided.append(reason)

    def use(self, asked, actor, now):
        return self.refuses


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


class Notes:
    """Offers what the test says."""

    def __init__(self):
        self.said = {"2.1": "INC-2417", "2.2": "2026-03-02T09:00:00Z"}

    def __call__(self, question):
        return [Offer(key, value, "the notes", (("inc_1", 0),)) for key, value in self.said.items()]


def begin(stream, person, stage="initial"):
    return opening.open_filing(
        stream, DORA, stage, entity="nordbank", entity_name="Nordbank AG", actor=person, now=clock.now()
    )


def fill(filing, person, told, reason="From the file of the officer."):
    filing.refresh_from_db()
    return editing.change(filing.uid, told, seen=filing.version, reason=reason, actor=person, now=clock.now())


def review(filing, person):
    filing.refresh_from_db()
    return moving.send_to_review(filing.uid, seen=filing.version, actor=person, now=clock.now())


def send(filing, person, room, **more):
    room.state = "approved"
    moving.settle(filing.uid, now=clock.now())
    said = {"at": clock.now(), "channel": "Portal of the authority", "file": "json", "reference": "2026I0000417"} | more
    return moving.submit(filing.uid, sent=moving.Sent(**said), actor=person, now=clock.now())


def sent_initial(stream, person, room):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    return send(filing, person, room)


def kinds(stream):
    return [row.kind for row in entries(stream.uid) if row.kind.startswith("filing.")]


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


def test_of_two_editors_the_second_is_told_who_changed_what(stream, person):
    filing = begin(stream, person)
    seen, now = 1, clock.now()
    editing.change(filing.uid, {"2.4": "Mine."}, seen=seen, reason="r", actor=person, now=now)
    editing.change(filing.uid, {"2.9": "no"}, seen=seen, reason="r", actor=Other(), now=now)
    with pytest.raises(ChangedMeanwhile, match=r"2\.4 was changed by usr_0+a at"):
        editing.change(filing.uid, {"2.4": "Theirs."}, seen=seen, reason="r", actor=Other(), now=now)
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


def test_what_is_asked_is_bound_to_the_exact_bytes_that_are_kept(stream, person, room):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    (asked, shapers), *_ = room.asked
    kept = {row.form: row.sha256 for row in Exported.objects.filter(filing=filing)}
    assert asked.files == kept
    assert set(kept) == {"json", "xlsx", "pdf"}
    assert asked.services == ("store",)
    assert shapers == {person.actor_id}
    with pytest.raises(NotADraft):
        fill(filing, person, {"2.4": "Another story."})


def test_back_to_draft_takes_a_reason_and_voids_the_question(stream, person, room):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    with pytest.raises(ReasonNeeded):
        moving.return_to_draft(filing.uid, reason="", actor=person, now=clock.now())
    moving.return_to_draft(filing.uid, reason="A figure is wrong.", actor=person, now=clock.now())
    assert room.voided == ["The filing went back to draft: A figure is wrong."]
    fill(filing, person, {"2.4": "Now it is right."})


@pytest.mark.parametrize(
    ("state", "expected"), [("approved", "approved"), ("ended", "draft"), ("pending", "legal_review")]
)
def test_a_filing_takes_over_what_became_of_its_question_once(stream, person, room, state, expected):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    room.state = state
    for _ in range(2):
        assert moving.settle(filing.uid, now=clock.now()).state == expected
    assert kinds(stream).count("filing.approved") == (1 if state == "approved" else 0)


def test_a_yes_that_ends_before_it_is_used_brings_the_filing_back(stream, person, room):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    room.state = "approved"
    moving.settle(filing.uid, now=clock.now())
    room.state, room.because = "ended", "it has expired"
    assert moving.settle(filing.uid, now=clock.now()).state == FilingState.DRAFT
    assert entries(stream.uid)[-1].fields["reason"] == "it has expired"


def test_what_was_sent_is_recorded_with_its_bytes_and_the_authoritys_reference(stream, person, room):
    filing = sent_initial(stream, person, room)
    assert filing.state == FilingState.SUBMITTED
    told = entries(stream.uid)[-1]
    assert told.kind == "filing.submitted"
    assert told.fields["sha256"] == filing.digests["json"] == told.fields["files"]["json"]
    assert told.fields["reference"] == "2026I0000417"
    at = clock.now()
    answered = moving.acknowledge(filing.uid, at=at, reference="2026I0000418", actor=person, now=clock.now())
    assert (answered.state, answered.reference) == (FilingState.ACKNOWLEDGED, "2026I0000418")


def test_nothing_is_submitted_without_a_yes_or_after_its_bytes_or_values_changed(stream, person, room):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    sent = moving.Sent(at=clock.now(), channel="Portal", file="json")
    with pytest.raises(IllegalFilingMove):
        moving.submit(filing.uid, sent=sent, actor=person, now=clock.now())
    room.state, room.refuses = "approved", "the approval has expired"
    with pytest.raises(NoConsent, match="the approval has expired"):
        moving.submit(filing.uid, sent=sent, actor=person, now=clock.now())
    room.refuses = ""
    value = FilingValue.objects.get(filing=filing, key="2.4")
    FilingValue.objects.filter(pk=value.pk).update(value="Something else.")
    with pytest.raises(NoConsent, match="changed behind the approval"):
        moving.submit(filing.uid, sent=sent, actor=person, now=clock.now())
    FilingValue.objects.filter(pk=value.pk).update(value=value.value)
    Exported.objects.filter(filing=filing, form="pdf").update(content=b"%PDF another")
    with pytest.raises(NoConsent, match="kept pdf file"):
        moving.submit(filing.uid, sent=sent, actor=person, now=clock.now())
    assert "filing.submitted" not in kinds(stream)


BAD = [
    ({"at": dt.datetime(2999, 1, 1, tzinfo=dt.UTC)}, "a time that has passed"),
    ({"at": dt.datetime(2000, 1, 1, tzinfo=dt.UTC)}, "only begun"),
    ({"channel": " "}, "where and how"),
    ({"file": "docx"}, "one of json, pdf, xlsx"),
    ({"reference": "x" * 201}, "at most 200"),
]


@pytest.mark.parametrize(("said", "words"), BAD)
def test_what_the_sender_says_must_be_possible(stream, person, room, said, words):
    filing = begin(stream, person)
    fill(filing, person, INITIAL)
    review(filing, person)
    with pytest.raises(BadValue, match=words):
        send(filing, person, room, **said)


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


def test_the_pack_of_the_incident_holds_the_bytes_that_were_sent(stream, person, room):
    filing = sent_initial(stream, person, room)
    rows = selectors.every_row(stream.uid)
    files = packing.forms_of(stream.uid, rows)
    assert {name.rpartition(".")[2] for name in files} == {"json", "pdf", "xlsx"}
    assert selectors.bytes_of(filing, "json") in files.values()
    before = [row for row in rows if row.kind != "filing.submitted"]
    assert packing.forms_of(stream.uid, before) == {}


def test_a_report_that_says_what_a_pack_withholds_stays_out_of_it(stream, person, room):
    sent_initial(stream, person, room)
    rows = selectors.every_row(stream.uid)
    for seq, _ in ((0, "an entry that a value was read from"), (4, "the entry that lists the values")):
        hidden = [row if row.seq != seq else hide(row) for row in rows]
        assert packing.forms_of(stream.uid, hidden) == {}


def hide(row):
    return type(row)(row.seq, row.uid, row.time, row.kind, row.actor, {}, row.leaf, tuple(row.fields))


def test_long_texts_are_named_by_their_digest_on_record(stream, person):
    filing = begin(stream, person)
    many = dict.fromkeys(("2.4", "2.8", "2.10", "3.14", "3.19", "3.21", "4.5", "4.6"), "ü" * 32767)
    assert len(fill(filing, person, many)) == 8
    told = entries(stream.uid)[-1].fields["values"]
    assert all(set(each["value"]) == {"sha256", "bytes"} for each in told)


def test_every_move_that_the_table_lacks_is_refused(stream, person, room):
    filing = begin(stream, person)
    now = clock.now()
    acts = {
        FilingState.SUBMITTED: lambda: moving.submit(filing.uid, sent=moving.Sent(now, "x"), actor=person, now=now),
        FilingState.ACKNOWLEDGED: lambda: moving.acknowledge(filing.uid, at=now, reference="", actor=person, now=now),
        FilingState.REJECTED: lambda: moving.reject(filing.uid, reason="r", actor=person, now=now),
        FilingState.WITHDRAWN: lambda: moving.withdraw(filing.uid, reason="r", actor=person, now=now),
        FilingState.DRAFT: lambda: moving.return_to_draft(filing.uid, reason="r", actor=person, now=now),
        FilingState.LEGAL_REVIEW: lambda: moving.send_to_review(filing.uid, seen=1, actor=person, now=now),
    }
    for state in FilingState:
        for target, act in acts.items():
            if target in MOVES[state]:
                continue
            Filing.objects.filter(pk=filing.pk).update(state=state)
            with pytest.raises(FilingError), atomic():
                act()
            assert Filing.objects.get(pk=filing.pk).state in (state, FilingState.DRAFT)


def test_the_scale_of_amounts_and_the_schema_are_set_on_record(stream, person):
    filing = begin(stream, person)
    now = clock.now()
    with pytest.raises(BadValue):
        editing.set_files(filing.uid, scale="millions", schema="IR-1.3.0", seen=1, actor=person, now=now)
    with pytest.raises(ChangedMeanwhile):
        editing.set_files(filing.uid, scale="units", schema="IR-1.2", seen=0, actor=person, now=now)
    editing.set_files(filing.uid, scale="units", schema="IR-1.2", seen=1, actor=person, now=now)
    assert entries(stream.uid)[-1].fields["scale"] == "units"


def test_nobody_approves_where_no_room_does(stream, person, monkeypatch):
    monkeypatch.setattr(consent, "_registered", [])
    filing = begin(stream, person)
    fill(filing, person, INITIAL | {"1.3": LEI})
    with pytest.raises(NoConsent):
        review(filing, person)
    assert Filing.objects.get(pk=filing.pk).state == FilingState.DRAFT
    assert not Exported.objects.exists()


def test_the_ledger_keeps_the_history_of_a_filing(stream, person, room):
    sent_initial(stream, person, room)
    assert kinds(stream) == [
        "filing.opened", "filing.filled", "filing.changed", "filing.sent_to_review", "filing.approved",
        "filing.submitted",
    ]  # fmt: skip
    assert ledger.SYSTEM.actor_id == entries(stream.uid)[-2].actor
