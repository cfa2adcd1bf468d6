"""Acceptance 7 for reports to authorities: files that were never sent go with what they say, sent ones are listed."""

import pytest

from audit.filings import consent, editing, moving, opening, prefill
from audit.filings.consent import Standing
from audit.filings.errors import ChangedMeanwhile
from audit.filings.prefill import Subject
from audit.models import Exported
from audit.redaction import erasing
from plumbing import clock
from tests.audit.conftest import Second
from tests.audit.filing_cases import INITIAL, INTERMEDIATE

pytestmark = pytest.mark.django_db
WHO = "Ines Brandt"


class Room:
    """Stands for the room of approvals, which agrees to everything."""

    def ask(self, *_):
        pass

    void = ask

    def standing(self, _):
        return Standing("approved", "approve by Olga")

    def use(self, *_):
        return ""


@pytest.fixture
def stream(make_stream, monkeypatch, settings, tmp_path):
    settings.SEALING_KEYS_FILE = tmp_path / "sealing-keys"
    monkeypatch.setattr(consent, "_registered", [Room()])
    monkeypatch.setattr(prefill, "_subjects", {"inc_": lambda uid: Subject("INC-2417", "Store is down", ("store",))})
    return make_stream("inc_1", 3)


@pytest.fixture
def begin(stream, person):
    def opened(stage, values):
        more = {"entity": "nordbank", "entity_name": "Nordbank AG", "actor": person, "now": clock.now()}
        filing = opening.open_filing(stream, "eu_dora_major_incident", stage, **more)
        return fill(filing, person, values)

    return opened


def fill(filing, person, values):
    filing.refresh_from_db()
    editing.change(filing.uid, values, seen=filing.version, reason="From the file.", actor=person, now=clock.now())
    filing.refresh_from_db()
    return filing


def review(filing, person):
    moving.send_to_review(filing.uid, seen=filing.version, actor=person, now=clock.now())
    filing.refresh_from_db()


def erased(row):
    return erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=Second())


def test_files_that_were_not_sent_go_and_those_that_were_are_listed(stream, begin, person):
    first = begin("initial", INITIAL)
    review(first, person)
    moving.settle(first.uid, now=clock.now())
    said = moving.Sent(at=clock.now(), channel="Portal of the authority", file="json", reference="2026I0000417")
    moving.submit(first.uid, sent=said, actor=person, now=clock.now())
    second = begin("intermediate", INTERMEDIATE)
    review(second, person)
    assert Exported.objects.count() == 6, "three files of each"
    row = erasing.ask_for_words([stream], [WHO], reason="She left", actor=person)
    told = {(one["count"], bool(one["kept"])) for one in row.copies if one["what"] == "File of a report"}
    assert told == {(3, False), (3, True)}
    done = erased(row)
    assert set(Exported.objects.values_list("filing", flat=True)) == {first.pk}
    assert [one["what"] for one in done.outcome["kept"]] == ["File of a report"]


def test_of_several_writings_those_go_that_said_it(stream, begin, person):
    filing = begin("initial", {key: value for key, value in INITIAL.items() if key != "1.7"})
    fill(filing, person, {"1.7": WHO})  # alone: a field of the ledger goes as a whole, and so do copies of all in it
    review(filing, person)
    moving.return_to_draft(filing.uid, reason="Somebody left.", actor=person, now=clock.now())
    fill(filing, person, {"1.7": "Olga Petrova"})
    review(filing, person)
    assert Exported.objects.count() == 6, "three files of each writing"
    erased(erasing.ask_for_words([stream], [WHO], reason="She left", actor=person))
    assert set(Exported.objects.values_list("sha256", flat=True)) == set(filing.digests.values())


def test_files_that_wait_for_a_yes_go_and_are_not_sent(stream, begin, person):
    filing = begin("initial", INITIAL)
    review(filing, person)
    erased(erasing.ask_for_words([stream], [WHO], reason="She left", actor=person))
    assert not Exported.objects.exists()
    moving.settle(filing.uid, now=clock.now())
    said = moving.Sent(at=clock.now(), channel="Portal of the authority", file="json")
    with pytest.raises(moving.NoConsent):
        moving.submit(filing.uid, sent=said, actor=person, now=clock.now())
    moving.return_to_draft(filing.uid, reason="It has to be written again.", actor=person, now=clock.now())


def test_a_report_of_which_something_is_erased_while_its_files_are_written_is_read_again(
    begin, stream, person, monkeypatch
):
    """The values were read before, outside of the transaction that keeps the files."""
    filing = begin("initial", INITIAL)
    real = moving.exported

    def overtaken(report):
        erased(erasing.ask_for_words([stream], [WHO], reason="She left", actor=person))
        return real(report)

    monkeypatch.setattr(moving, "exported", overtaken)
    with pytest.raises(ChangedMeanwhile):
        review(filing, person)
    assert not Exported.objects.exists()
