"""Kinds of packs: which streams each holds, what of them it shows, and that everything else is openly left out."""

import datetime as dt
import json

import pytest

from audit import ledger
from audit.models import Pack, PackPart
from audit.packs import jobs, keeping, kinds, making
from audit.packs.bundle import verify
from audit.packs.kinds import Subject
from audit.packs.orders import job_for
from audit.redaction.errors import NeedsApproval
from audit.redaction.profiles import profiles
from audit.selectors import entries
from plumbing import clock
from plumbing.database import atomic

pytestmark = pytest.mark.django_db
OTHER = "usr_" + "b" * 32


class Somebody:
    actor_id = OTHER


@pytest.fixture
def made(person):
    """made(job): the files of its pack, which verifies."""

    def make(job) -> dict[str, bytes]:
        claimed = jobs.claim(jobs.ask(job, actor=person).uid)
        assert making.make(claimed.uid, claimed.tries)
        claimed.refresh_from_db()
        assert claimed.state == "done", claimed.error
        parts = verify.files_of_zip(keeping.path_of(claimed.pack.zip_sha256))
        verify.verify(parts)
        return {path: part.whole(path) for path, part in parts.items()}

    return make


def record(uid: str, kind: str, actor, **fields) -> None:
    ledger.open_stream(uid)
    with atomic():
        ledger.record(uid, kind, actor, fields)


def redactions(files: dict[str, bytes], folder: str) -> dict[tuple[int, str], str]:
    lines = [json.loads(line) for line in files[f"data/{folder}/redactions.jsonl"].splitlines()]
    return {(one["seq"], one["name"]): one["reason"] for one in lines}


def test_a_pack_of_a_person_shows_what_is_about_them_alone(made, person):
    record("access", "session.began", person, address="10.0.0.1")
    record("access", "session.began", Somebody(), address="10.9.9.9")
    record("access", "role.given", Somebody(), user=person.actor_id)
    record("portal", "stream.verified", Somebody(), stream="inc_9")
    files = made(job_for("person", person.actor_id))
    assert b"10.0.0.1" in files["data/ledger/disclosures.tsv"]
    assert person.actor_id.encode() in files["data/ledger/disclosures.tsv"]
    assert not [path for path, content in files.items() if b"10.9.9.9" in content]
    assert redactions(files, "ledger") == {(1, "address"): "not about this person"}
    assert set(redactions(files, "streams/portal").values()) == {"not about this person"}
    assert b"Muster-Pack-Kind: person\n" in files["bag-info.txt"]


def test_a_pack_of_a_period_shows_what_happened_in_it(made, make_stream, person, monkeypatch):
    make_stream("inc_1", 2)
    make_stream("inc_2", 1)
    since = clock.now() + dt.timedelta(milliseconds=1)
    while clock.now() <= since:
        pass
    make_stream("inc_2", 1)
    make_stream("inc_3", 2)
    until = clock.now() + dt.timedelta(seconds=5)
    job = job_for("period", since=since, until=until, among=["inc_1", "inc_2", "inc_3"])
    assert job.streams == ["inc_2", "inc_3"]
    files = made(job)
    assert redactions(files, "ledger") == {(0, "number"): "outside this period", (0, "text"): "outside this period"}
    assert redactions(files, "streams/inc_3") == {}
    assert b"Muster-Pack-Period: " in files["bag-info.txt"]
    pack = Pack.objects.get()
    assert (pack.stream.uid, PackPart.objects.get().stream.uid) == ("inc_2", "inc_3")
    (issued,) = [row for row in entries("portal") if row.kind == "pack.issued"]
    assert (issued.fields["kind"], issued.fields["streams"]) == ("period", ["inc_3"])


def test_earlier_packs_of_a_further_stream_are_named_as_prefixes(made, make_stream, person):
    make_stream("inc_2", 1)
    make_stream("inc_3", 2)
    day = dt.timedelta(days=1)
    now = clock.now()
    files = made(job_for("period", since=now - day, until=now + day, among=["inc_2", "inc_3"]))
    head = json.loads(files["data/streams/inc_3/head.json"])
    make_stream("inc_3", 1)
    later = made(job_for("incident", "inc_3"))
    (earlier,) = json.loads(later["data/ledger/previous.json"])
    assert (earlier["size"], earlier["root"]) == (2, head["root"])


def test_a_pack_of_an_approval_shows_the_entries_that_name_it(made, make_stream, person, monkeypatch):
    make_stream("inc_1", 2)
    record("inc_1", "approval.asked", person, request="a" * 32, question="Deploy?")
    record("inc_1", "approval.asked", person, request="b" * 32, question="Sell?")
    found = Subject("Approval: Deploy?", ("inc_1",), ["a" * 32])
    monkeypatch.setitem(kinds._finders, "approval", lambda uid: found if uid == "a" * 32 else None)
    files = made(job_for("approval", "a" * 32))
    told = redactions(files, "ledger")
    assert {seq for seq, _ in told} == {0, 1, 3}
    assert set(told.values()) == {"not about this approval"}
    assert b"Sell?" not in files["data/ledger/disclosures.tsv"]
    assert f"Muster-Pack-Subject: {'a' * 32}\n".encode() in files["bag-info.txt"]


def test_a_pack_of_a_runbook_takes_its_rehearsals_along(made, make_stream, person, monkeypatch):
    make_stream("rbk_1", 2)
    record("inc_7", "run.started", person, run="c" * 32)
    record("inc_7", "note.added", person, text="something else")
    subject = Subject("Runbook Restart", ("rbk_1", "inc_7"), ["c" * 32])
    monkeypatch.setitem(kinds._finders, "runbook", lambda uid: subject)
    files = made(job_for("runbook", "rbk_1"))
    assert redactions(files, "ledger") == {}
    assert redactions(files, "streams/inc_7") == {(1, "text"): "not about this runbook"}


def test_what_a_pack_is_not_about_names_nobody(made, person):
    record("access", "session.began", person, address="10.0.0.1")
    record("access", "session.began", Somebody(), address="10.9.9.9")
    files = made(job_for("person", person.actor_id))
    assert OTHER not in {one["id"] for one in json.loads(files["data/people.json"])}


def test_a_pack_for_an_audience_withholds_what_its_profile_says(made, make_stream, person, registered):
    make_stream("inc_1", 1)
    record("inc_1", "note.added", person, text="Call me: zoe@bank.example, 10.0.0.1")
    bare = next(one for one in profiles() if one.is_bare and one.otherwise == "show")
    files = made(job_for("incident", "inc_1", audience=bare.audience))
    withheld = {place for place in redactions(files, "ledger") if place[1] == "text"}
    plain = made(job_for("incident", "inc_1"))
    assert redactions(plain, "ledger") == {}
    assert b"zoe@bank.example" in plain["data/ledger/disclosures.tsv"]
    assert ((1, "text") in withheld) != any(b"zoe@bank.example" in content for content in files.values())
    assert f"Muster-Pack-Audience: {bare.audience}\n".encode() in files["bag-info.txt"]


def test_an_audience_that_needs_a_second_person_is_not_served_without_one(make_stream):
    make_stream("inc_1", 1)
    strict = next(one for one in profiles() if not one.is_bare)
    with pytest.raises(NeedsApproval):
        job_for("incident", "inc_1", audience=strict.audience)


def test_the_people_of_a_pack_are_people(made, person):
    """A stream that an entry names looks like somebody's id, and is nobody."""
    incident = f"inc_{'a' * 32}"
    record(incident, "note.added", person, text=f"See {OTHER} and {incident}")
    files = made(job_for("incident", incident))
    assert {one["id"] for one in json.loads(files["data/people.json"])} == {person.actor_id, OTHER}
