"""Evidence on pages and in the API: who sees what, what is shown, and what is recorded about looking closer."""

import base64
import json
import re
from hashlib import sha256

import pytest
from django.db.models import Q
from django.urls import reverse

from audit import checkpoints, ledger, naming, permissions
from audit.models import Entry, Pack
from audit.packs.bundle import verify
from audit.packs.issue import build_pack
from audit.selectors import entries
from plumbing.database import atomic
from runbooks.models import Runbook, RunbookVersion
from tests.audit.packing import files_of
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db


@pytest.fixture
def gate(monkeypatch):
    """inc_… streams: seen by who is named, exported by who is named. Streams of other rooms keep their gates."""
    rights: dict[str, set[str]] = {"view": set(), "export": set()}

    def ask(user, may):
        return permissions.EVERYTHING if user.username in rights.get(may, ()) else permissions.NOTHING

    monkeypatch.setattr(permissions, "_gates", {**permissions._gates, "inc_": ask})
    monkeypatch.setattr(naming, "_describers", {"inc_": lambda uids: {uid: naming.Label(f"Pay {uid}") for uid in uids}})
    return rights


@pytest.fixture
def reader(make_user, gate, client):
    """Signed in; sees inc_ streams."""
    user = make_user("reader")
    gate["view"].add("reader")
    client.force_login(user)
    return user


@pytest.fixture
def officer(reader, gate):
    """Sees and exports them."""
    gate["export"].add("reader")
    return reader


DOORS = [
    ("get", "audit:stream", 200),
    ("post", "audit:verify", 200),
    ("get", "audit-api:stream", 200),
    ("get", "audit-api:entries", 200),
    ("post", "audit-api:verify", 200),
    ("post", "audit-api:pack", 200),
]


@pytest.mark.parametrize(("method", "name", "status"), DOORS)
def test_strangers_get_404_readers_look_and_officers_export(method, name, status, client, make_user, gate, make_stream):
    make_stream("inc_1", 2)
    user = make_user("somebody")
    address = reverse(name, args=["inc_1"])

    def knock() -> int:
        answer = getattr(client, method)(address)
        answer.getvalue()  # reads a download to its end, which closes its file
        return answer.status_code

    assert knock() in (302, 401, 403), "nobody is signed in"
    client.force_login(user)
    assert knock() == 404, "a stranger"
    gate["view"].add("somebody")
    assert knock() == (403 if "pack" in name else status), "a reader"
    gate["export"].add("somebody")
    assert knock() == status, "an officer"
    assert getattr(client, method)(reverse(name, args=["inc_404"])).status_code == 404


def test_a_superuser_sees_every_stream_and_an_inactive_one_none(make_user, make_stream, gate):
    make_stream("inc_1", 1)
    make_stream("zzz_1", 1)
    root = make_user("root", superuser=True)
    assert {"inc_1", "zzz_1"} <= {stream.uid for stream in permissions.visible_streams(root, "export")}
    root.is_active = False
    assert not permissions.visible_streams(root).exists()


def test_a_gate_that_joins_shows_no_stream_twice(make_user, make_stream, monkeypatch):
    make_stream("inc_1", 3)
    monkeypatch.setattr(permissions, "_gates", {"inc_": lambda user, may: Q(entries__kind="note.added")})
    assert permissions.visible_streams(make_user("reader")).count() == 1


def test_the_list_shows_what_the_reader_sees(reader, client, make_stream, make_user):
    make_stream("inc_1", 3)
    checkpoints.checkpoint()
    make_stream("inc_2", 2)
    make_stream("zzz_hidden", 2)
    page = client.get(reverse("audit:streams")).content.decode()
    assert page.index("Pay inc_2") < page.index("Pay inc_1")
    assert "All signed" in page
    assert "0 of 2 signed" in page
    assert "zzz_hidden" not in page
    assert "No packs yet" in page
    assert "muster.example/evidence" in page
    assert "No evidence that you can see" in client.get(reverse("audit:streams") + "?kind=rbk_").content.decode()


def test_long_lists_are_shown_by_the_page(reader, client, make_stream, monkeypatch):
    monkeypatch.setattr("audit.shelf.PAGE", 2)
    for number in range(3):
        make_stream(f"inc_{number}", 3)
    page = client.get(reverse("audit:streams")).content.decode()
    assert "2 of 3" in page
    assert "pages=2" in page
    assert "3 of 3" in client.get(reverse("audit:streams") + "?pages=2").content.decode()
    assert "2 of 3" in client.get(reverse("audit:streams") + "?pages=x").content.decode()
    page = client.get(reverse("audit:stream", args=["inc_0"])).content.decode()
    assert re.findall(r'id="entry-(\d+)"', page) == ["2", "1"]
    older = client.get(reverse("audit:stream", args=["inc_0"]) + "?before=1").content.decode()
    assert re.findall(r'id="entry-(\d+)"', older) == ["0"]


def test_the_page_of_a_stream_shows_its_ledger_escaped(reader, client, make_stream, person):
    stream = make_stream("inc_1", 2)
    with atomic():
        ledger.record(stream, "decision.recorded", person, {"text": "<script>alert(1)</script>", "why": 'say "no" é'})
    page = client.get(reverse("audit:stream", args=["inc_1"])).content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    assert "Decision recorded" in page
    assert page.count("Whole") == 3
    assert f"{stream.time:%Y-%m-%d %H:%M:%S} UTC" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=decision", ["5"]),
        ("kind=note.added", ["4", "3", "2", "1", "0"]),
        ("actor=sys_muster", ["5"]),
        ("text=Note 3", ["3"]),
        ('text=say "no" é', ["5"]),
        ("text=nothing like it", []),
        ("text=✓&before=2", ["1", "0"]),
    ],
)
def test_entries_are_found_by_verb_person_and_words(query, shown, reader, client, make_stream):
    stream = make_stream("inc_1", 5)
    with atomic():
        ledger.record(stream, "decision.recorded", ledger.SYSTEM, {"why": 'say "no" e\u0301'})
    page = client.get(reverse("audit:stream", args=["inc_1"]) + f"?{query}").content.decode()
    assert re.findall(r'id="entry-(\d+)"', page) == shown
    assert ("No entry is like that" in page) == (not shown)


def test_a_filter_that_makes_no_sense_is_refused(reader, client, make_stream):
    make_stream("inc_1", 1)
    assert client.get(reverse("audit:stream", args=["inc_1"]) + "?kind=unknown").status_code == 422


def test_verifying_says_one_sentence_and_is_recorded(reader, client, make_stream):
    make_stream("inc_1", 2)
    page = client.post(reverse("audit:verify", args=["inc_1"]))
    assert "inc_1 is whole: 2 entries, 0 of them signed" in page.content.decode()
    fragment = client.post(reverse("audit:verify", args=["inc_1"]), headers={"HX-Request": "true"}).content.decode()
    assert fragment.lstrip().startswith('<div id="verdict"')
    told = [row for row in entries("portal") if row.kind == "stream.verified"]
    assert len(told) == 2
    assert (told[0].actor, told[0].fields["stream"], told[0].fields["is_whole"]) == (reader.actor_id, "inc_1", True)


def test_a_break_is_shown_on_the_page_in_the_row_and_in_the_api(reader, client, make_stream):
    make_stream("inc_1", 3)
    with without_guards():
        Entry.objects.filter(stream__uid="inc_1", seq=1).update(kind="note.changed")
    page = client.post(reverse("audit:verify", args=["inc_1"])).content.decode()
    assert "inc_1 is BROKEN at entry 1" in page
    assert page.count("Broken") == 1
    told = client.post(reverse("audit-api:verify", args=["inc_1"])).json()
    assert told["is_whole"] is False
    assert told["first_break"]["place"] == "entry 1"
    assert told["first_break"]["expected"] == "'note.changed'"
    assert [row.fields["is_whole"] for row in entries("portal") if row.kind == "stream.verified"] == [False, False]


def test_a_pack_is_downloaded_verifies_and_is_published(officer, client, make_stream):
    make_stream("inc_1", 2)
    answer = client.post(reverse("audit-api:pack", args=["inc_1"]))
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == 'attachment; filename="evidence-inc_1-2.zip"'
    assert answer["Cache-Control"] == "no-store"
    content = answer.getvalue()
    assert "2 entries" in verify.verify(verify.files_of_zip(content))
    digest = sha256(content)
    assert answer["Repr-Digest"] == f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"
    assert Pack.objects.get().zip_sha256 == digest.hexdigest()
    page = client.get(reverse("audit:streams")).content.decode()
    assert digest.hexdigest() in page
    assert verify.files_of_zip(content)["verify/verify.py"].digest in page
    (told,) = [row for row in entries("portal") if row.kind == "pack.issued"]
    assert told.actor == officer.actor_id


def test_an_empty_stream_is_not_packed(officer, client):
    ledger.open_stream("inc_1")
    answer = client.post(reverse("audit-api:pack", args=["inc_1"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_pack")
    assert "Nothing happened here yet" in client.get(reverse("audit:stream", args=["inc_1"])).content.decode()


def test_the_api_lists_streams_and_pages_entries(reader, client, make_stream):
    make_stream("inc_1", 5)
    make_stream("inc_2", 1)
    listed = client.get(reverse("audit-api:streams"), {"prefix": "inc_", "limit": 1, "offset": 1}).json()
    assert listed["count"] == 2
    assert listed["results"][0]["uid"] == "inc_1"
    assert listed["results"][0]["title"] == "Pay inc_1"
    one = client.get(reverse("audit-api:stream", args=["inc_1"])).json()
    assert (one["size"], one["signed"]) == (5, 0)
    page = client.get(reverse("audit-api:entries", args=["inc_1"]), {"after": 1, "limit": 2}).json()
    assert (page["size"], [row["seq"] for row in page["results"]]) == (5, [2, 3])
    assert page["results"][0]["fields"] == {"number": 2, "text": "Note 2 ✓"}
    for wrong in ({"after": "x"}, {"limit": 0}, {"limit": 501}):
        answer = client.get(reverse("audit-api:entries", args=["inc_1"]), wrong)
        assert answer.status_code == 400
        assert next(iter(wrong)) in json.dumps(answer.json())


def test_evidence_names_people_and_carries_the_versions_that_were_followed(owner, make_stream):
    """What the rooms above registered: users by name and title, runbook versions by digest."""
    text = "title: Restart\nmodel: linear\n"
    stream, digest = make_stream("rbk_1", 1), sha256(text.encode()).hexdigest()
    runbook = Runbook.objects.create(slug="restart", title="Restart", team=owner.memberships.get().team)
    version = {"number": 1, "source": text, "digest": digest, "model": "linear", "created_at": stream.time}
    RunbookVersion.objects.create(runbook=runbook, **version)
    with atomic():
        ledger.record(stream, "version.saved", owner, {"version": 1, "digest": digest, "seen_by": "usr_" + "0" * 32})
    files = files_of(build_pack("rbk_1", actor=owner))
    assert files[f"data/versions/{digest}.yaml"] == text.encode()
    told = {one["id"]: one["name"] for one in json.loads(files["data/people.json"])}
    assert told[owner.actor_id] == "Lena Vogt"
    assert told["usr_" + "0" * 32] == "usr_" + "0" * 32
    assert "2 entries" in verify.verify(files)
