"""What was sent is recorded with its bytes, only once they are approved, and goes into the incident's pack."""

import datetime as dt

import pytest

from audit import ledger
from audit.filings import moving, packing, selectors
from audit.filings.errors import BadValue, FilingError, IllegalFilingMove, NoConsent
from audit.filings.states import MOVES
from audit.models import Exported, Filing, FilingState, FilingValue
from audit.selectors import entries
from plumbing import clock
from plumbing.database import atomic
from tests.audit.filing_flow.steps import begin, kinds, reviewed_initial, send, sent_initial

pytestmark = pytest.mark.django_db


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
    filing = reviewed_initial(stream, person)
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
    filing = reviewed_initial(stream, person)
    with pytest.raises(BadValue, match=words):
        send(filing, person, room, **said)


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


def test_the_ledger_keeps_the_history_of_a_filing(stream, person, room):
    sent_initial(stream, person, room)
    assert kinds(stream) == [
        "filing.opened", "filing.filled", "filing.changed", "filing.sent_to_review", "filing.approved",
        "filing.submitted",
    ]  # fmt: skip
    assert ledger.SYSTEM.actor_id == entries(stream.uid)[-2].actor


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
