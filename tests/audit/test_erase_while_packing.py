"""An erasure that comes while a pack is read, written or kept: no pack with the value is handed out afterwards.

Each test stops the maker at one place, erases from another connection, and lets the maker go on.
"""

import threading
import zipfile

import pytest
from django.db import connection

from audit import ledger, walks
from audit.models import Disclosure, Pack, PackJob, PackState, Stream
from audit.naming import Label
from audit.packs import issue, jobs, keeping, making, running
from audit.packs.bundle import verify
from audit.packs.errors import ErasedMeanwhile, NotReady
from audit.packs.issue import build_pack
from audit.packs.orders import job_for
from audit.redaction import copies, erasing, subjects
from audit.selectors import entries
from audit.verify import verify_stream
from plumbing.database import atomic
from tests.audit.conftest import Second

pytestmark = pytest.mark.django_db(transaction=True)

MARK = "Quittenbaum"


@pytest.fixture
def stream(make_stream, person):
    found = make_stream("inc_1", 2)
    with atomic():
        ledger.record(found, "note.added", person, {"text": f"{MARK} called."})
    return found


@pytest.fixture
def asked(stream, person):
    """A request for erasure, not decided yet."""
    return erasing.ask_for_words([stream], [MARK], reason="A right to it", actor=person)


def carried_out(row):
    return erasing.decide(row, approve=True, seen=row.digest, reason="Yes", actor=Second())


def elsewhere(act):
    """Do it on a connection of its own, as another process would."""

    def perform():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=perform)
    thread.start()
    thread.join(timeout=60)
    assert not thread.is_alive()


def once_before(monkeypatch, module, name, act):
    """The first time that somebody comes there, `act` happens first."""
    real, todo = getattr(module, name), [act]

    def stopped(*args, **kwargs):
        if todo:
            elsewhere(todo.pop())
        return real(*args, **kwargs)

    monkeypatch.setattr(module, name, stopped)


def once_after(monkeypatch, module, name, act):
    """The first time that somebody comes from there, `act` has happened."""
    real, todo = getattr(module, name), [act]

    def stopped(*args, **kwargs):
        found = real(*args, **kwargs)
        if todo:
            elsewhere(todo.pop())
        return found

    monkeypatch.setattr(module, name, stopped)


def said_in(path) -> bytes:
    """All bytes of a kept pack; its report is made of the same extract."""
    with zipfile.ZipFile(path) as archive:
        return b"".join(archive.read(name) for name in archive.namelist())


def kept():
    return list(keeping.path_of("x").parents[1].rglob("*.zip"))


def check_nothing_of_it_is_kept():
    (path,) = kept()
    assert MARK.encode() not in said_in(path)
    assert verify.verify(verify.files_of_zip(path))
    assert path == keeping.path_of(Pack.objects.get().zip_sha256)
    assert not list(keeping.path_of("x").parents[1].glob(f"*{keeping.DRAFT}"))


PLACES = [
    ("checkpoints.checkpoint", "after"),  # what is read is not what was signed
    ("packed", "before"),  # the extract has it
    ("write_zip", "before"),
    ("_recorded", "before"),  # the file is in its place already
]


@pytest.mark.parametrize(("place", "when"), PLACES)
def test_an_erasure_overtakes_a_pack_that_is_being_made(asked, person, monkeypatch, place, when):
    *path, name = place.split(".")
    module = getattr(issue, path[0]) if path else issue
    stop = once_after if when == "after" else once_before
    stop(monkeypatch, module, name, lambda: carried_out(asked))
    pack = build_pack("inc_1", actor=person)
    check_nothing_of_it_is_kept()
    assert pack.size == 4, "with the entry that says that it was erased"
    assert [row.kind for row in entries("portal")].count("pack.issued") == 1


@pytest.mark.parametrize("name", ["_payloads", "_erasures"])
def test_an_erasure_between_two_reads_makes_no_mixed_pack(asked, person, monkeypatch, name):
    from audit import extracts

    once_before(monkeypatch, extracts, name, lambda: carried_out(asked))
    build_pack("inc_1", actor=person)
    check_nothing_of_it_is_kept()


def test_an_erasure_while_a_stream_is_verified_is_no_damage(asked, stream, monkeypatch):
    """Disclosures are read, then erasures: the erasure is in between."""
    real, todo = walks.inspect_entry, [lambda: carried_out(asked)]

    def stopped(entry, *args):
        if entry.seq == 2 and todo:
            entry.disclosures.all()  # read before
            elsewhere(todo.pop())
            entry._prefetched_objects_cache.pop("erasures")  # read after
        return real(entry, *args)

    monkeypatch.setattr(walks, "inspect_entry", stopped)
    verdict = verify_stream(stream.uid)
    assert not todo
    assert verdict.ok, verdict.sentence


def test_a_broken_entry_is_broken_however_often_it_is_read(stream, monkeypatch):
    from audit.inspection import Break

    monkeypatch.setattr(walks, "inspect_entry", lambda entry, *_: [Break(f"entry {entry.seq}", "this", "that")])
    assert not verify_stream(stream.uid).ok


def test_a_title_that_is_erased_meanwhile_is_read_again(asked, person, monkeypatch):
    """The name of the thing is a copy: it goes after the ledger's own values."""
    from audit import naming

    title = [f"{MARK} can't pay"]
    monkeypatch.setitem(naming._describers, "inc_", lambda uids: {uid: Label(title[0]) for uid in uids})
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)

    def erased():
        carried_out(asked)
        title[0] = "[erased] can't pay"

    once_before(monkeypatch, issue, "packed", erased)
    running.attend(job.uid)
    assert PackJob.objects.get().state == PackState.DONE
    check_nothing_of_it_is_kept()


def test_while_an_erasure_is_carried_out_no_pack_of_the_stream_is_begun(asked, person, monkeypatch):
    """The ledger's values are gone, and the copies, of which a pack is made as well, are not."""
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    tried = []

    def attempted():
        claimed = jobs.claim(job.uid)
        making.make(claimed.uid, claimed.tries)
        tried.append(PackJob.objects.get())

    once_before(monkeypatch, copies, "scrub", attempted)
    carried_out(asked)
    assert [(one.state, one.error) for one in tried] == [(PackState.MAKING, str(ErasedMeanwhile()))]
    assert tried[0].lease_until is not None, "it is due again"
    assert not kept()
    PackJob.objects.update(lease_until=tried[0].asked_at)
    running.attend(job.uid)
    assert PackJob.objects.get().state == PackState.DONE
    check_nothing_of_it_is_kept()


def test_a_pack_that_is_overtaken_again_and_again_is_given_up(stream, person, monkeypatch):
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    real, made = issue.packed, []

    def stopped(*args):
        with atomic():
            at = ledger.record("inc_1", "note.added", person, {"text": f"{MARK} again"}).seq
        row = erasing.ask_for_fields(Stream.objects.get(uid="inc_1"), [(at, "text")], reason="Yes", actor=person)
        elsewhere(lambda: carried_out(row))
        row = erasing.ask_for_fields(Stream.objects.get(uid="inc_1"), [(len(made), "text")], reason="Yes", actor=person)
        elsewhere(lambda: carried_out(row))
        made.append(at)
        return real(*args)

    monkeypatch.setattr(issue, "packed", stopped)
    claimed = jobs.claim(job.uid)
    making.make(claimed.uid, claimed.tries)
    assert len(made) == issue.MOST_BEGUN
    assert PackJob.objects.get().error == str(ErasedMeanwhile()), "and it is tried again later"
    assert not kept()
    assert not Pack.objects.exists()


def test_a_pack_of_another_stream_is_not_held_up(asked, make_stream, person, monkeypatch):
    make_stream("inc_2", 1)
    once_before(monkeypatch, issue, "packed", lambda: carried_out(asked))
    assert build_pack("inc_2", actor=person).size == 1
    assert len(kept()) == 1


def test_an_erasure_waits_for_a_pack_that_is_being_sealed_and_removes_it(asked, person, monkeypatch):
    """The sealing has looked and found nothing; the erasure, on its own connection, must find the pack."""
    real, thread = issue.overtaken.check, threading.Thread(target=lambda: (carried_out(asked), connection.close()))

    def looked(*args):
        real(*args)
        thread.start()
        thread.join(timeout=1)
        assert thread.is_alive(), "it waits for the sealing"

    monkeypatch.setattr(issue.overtaken, "check", looked)
    build_pack("inc_1", actor=person)
    thread.join(timeout=60)
    assert Pack.objects.count() == 1
    assert not kept()


def test_a_kept_pack_is_not_handed_out_once_the_ledger_says_erased(asked, person, monkeypatch):
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    running.attend(job.uid)
    job = PackJob.objects.select_related("pack").get()
    jobs.hand_out(job, actor=person)

    def killed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(copies, "scrub", killed)
    with pytest.raises(KeyboardInterrupt):
        carried_out(asked)
    assert not Disclosure.objects.filter(entry__stream__uid="inc_1", entry__seq=2).exists()
    with pytest.raises(NotReady, match="was erased since"):
        jobs.hand_out(job, actor=person)
    monkeypatch.undo()
    assert [row.kind for row in entries("portal")].count("pack.handed_out") == 1


def test_a_pack_made_before_what_was_erased_came_is_handed_out(stream, person):
    """It ends before the entry of which something was erased."""
    job = jobs.ask(job_for("incident", "inc_1"), actor=person)
    running.attend(job.uid)
    with atomic():
        at = ledger.record("inc_1", "note.added", person, {"text": "Much later"}).seq
    carried_out(erasing.ask_for_fields(stream, [(at, "text")], reason="Yes", actor=person))
    jobs.hand_out(PackJob.objects.select_related("pack").get(), actor=person)
    assert len(kept()) == 1


def test_a_pack_that_names_somebody_is_overtaken_when_they_are_forgotten(stream, person, monkeypatch):
    """Their name stands in no field: it comes from the account."""
    from audit import naming

    named = [MARK]
    monkeypatch.setattr(naming, "_finders", [lambda ids: {one: naming.Person(named[0]) for one in ids}])
    monkeypatch.setattr(subjects, "_rooms", [(lambda _: [], lambda _: named.__setitem__(0, subjects.FORMER) or 1)])
    other = ledger.open_stream("inc_7")
    with atomic():
        ledger.record(other, "note.added", person, {"text": "Nothing personal"})
    row = erasing.ask_for_words([stream], [MARK], reason="Left", actor=person, subject=person.actor_id)
    once_before(monkeypatch, issue, "packed", lambda: carried_out(row))
    build_pack("inc_7", actor=person)
    check_nothing_of_it_is_kept()
