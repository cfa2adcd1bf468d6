"""Files by digest: attached, carried by packs, left out where they are withheld, gone when they are erased."""

from hashlib import sha256

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from audit import permissions
from audit.files import store
from audit.files.attaching import attach, forget
from audit.files.errors import BadFile, FileTooLarge
from audit.models import Attachment
from audit.packs.bundle import verify
from audit.packs.errors import FileMissing
from audit.packs.issue import build_pack
from audit.selectors import entries
from plumbing.errors import MusterError
from tests.audit.packing import files_of

pytestmark = pytest.mark.django_db
CONTENT = b"#!/bin/sh\necho <script>\n"
DIGEST = sha256(CONTENT).hexdigest()


def put(stream, person, **more):
    wanted = {"name": "log.sh", "media_type": "text/x-sh", "chunks": [CONTENT[:5], CONTENT[5:]], **more}
    return attach(stream, person, **wanted)


def test_a_file_is_kept_once_and_named_by_an_entry(make_stream, person):
    stream = make_stream("inc_1", 1)
    first, second = put(stream, person), put(stream, person, name="again.sh")
    rows = entries("inc_1", after=0)
    assert [row.kind for row in rows] == ["file.attached", "file.attached"]
    assert rows[0].fields["file"] == {"name": "log.sh", "size": len(CONTENT), "type": "text/x-sh", "sha256": DIGEST}
    assert store.path_of(DIGEST).read_bytes() == CONTENT
    assert store.path_of(DIGEST).stat().st_mode & 0o777 == 0o400, "nobody writes or runs it"
    assert [one.seq for one in Attachment.objects.order_by("seq")] == [first.seq, second.seq]
    assert len(list(store.path_of(DIGEST).parents[1].rglob("*"))) == 2


def test_a_pack_carries_the_files_that_it_shows(make_stream, person):
    put(make_stream("inc_1", 1), person)
    files = files_of(build_pack("inc_1", actor=person))
    assert files[f"data/files/{DIGEST}"] == CONTENT
    assert "2 entries" in verify.verify(files)
    hidden = files_of(build_pack("inc_1", actor=person, withheld={(1, "file"): "a person"}))
    assert f"data/files/{DIGEST}" not in hidden
    assert not [path for path, content in hidden.items() if CONTENT in content or b"log.sh" in content]


def test_an_erased_file_is_gone_unless_another_entry_names_it(make_stream, person):
    stream = make_stream("inc_1", 1)
    first, second = put(stream, person), put(stream, person)
    assert forget("inc_1", first.seq) is False
    assert store.path_of(DIGEST).exists()
    assert forget("inc_1", second.seq) is True
    assert not store.path_of(DIGEST).exists()
    assert forget("inc_1", second.seq) is False


def test_a_file_that_was_lost_stops_the_pack(make_stream, person):
    put(make_stream("inc_1", 1), person)
    store.remove(DIGEST)
    with pytest.raises(FileMissing, match="is missing in the store"):
        build_pack("inc_1", actor=person)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\temp\\dump.txt", "dump.txt"),
        ("a\x00b\n.txt", "ab.txt"),
        ("evil\u202egpj.exe", "evilgpj.exe"),
        ("Zoe\u0308.txt", "Zo\u00eb.txt"),
    ],
)
def test_a_name_is_a_name_and_no_path(name, kept, make_stream, person):
    put(make_stream("inc_1", 1), person, name=name)
    assert entries("inc_1", after=0)[0].fields["file"]["name"] == kept


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"name": ".."}, BadFile),
        ({"name": "x/"}, BadFile),
        ({"name": "x" * 201}, BadFile),
        ({"chunks": []}, BadFile),
        ({"chunks": [b"x" * 60, b"x" * 60]}, FileTooLarge),
    ],
)
def test_what_can_not_be_kept_leaves_nothing(more, error, make_stream, person, settings):
    settings.FILE_LIMIT = 100
    with pytest.raises(error):
        put(make_stream("inc_1", 1), person, **more)
    assert len(entries("inc_1")) == 1
    assert not Attachment.objects.exists()
    assert not [path for path in store.path_of("x").parents[1].rglob("*") if path.is_file()]


def test_a_type_that_is_none_is_not_believed(make_stream, person):
    put(make_stream("inc_1", 1), person, media_type="text/html<script>; charset=x")
    assert entries("inc_1", after=0)[0].fields["file"]["type"] == "application/octet-stream"
    assert issubclass(BadFile, MusterError)


def test_the_door_takes_a_file_from_who_may_and_gives_it_back_as_bytes(make_stream, make_user, client, monkeypatch):
    make_stream("inc_1", 1)
    rights = {"view": {"reader", "officer"}, "file": {"officer"}}
    gate = lambda who, may: (  # noqa: E731
        permissions.EVERYTHING if who.username in rights.get(may, ()) else permissions.NOTHING
    )
    monkeypatch.setattr(permissions, "_gates", {"inc_": gate})
    door = reverse("audit-api:files", args=["inc_1"])

    def send(content: bytes = CONTENT):
        sent = SimpleUploadedFile("page.html", content, content_type="text/html")
        return client.post(door, {"file": sent, "note": "from the host"})

    for who, status in [("stranger", 404), ("reader", 403), ("officer", 201)]:
        client.force_login(make_user(who))
        answer = send()
        assert answer.status_code == status, who
    assert answer.json() == {
        "stream": "inc_1", "seq": 1, "name": "page.html", "size": len(CONTENT), "type": "text/html", "sha256": DIGEST,
    }  # fmt: skip
    assert send(b"").status_code == 422
    assert client.post(door, {"note": "no file"}).status_code == 422
    given = client.get(reverse("audit-api:file", args=["inc_1", 1]))
    assert given.getvalue() == CONTENT
    assert given["Content-Type"] == "application/octet-stream"
    assert given["Content-Disposition"].startswith("attachment")
    assert given["X-Content-Type-Options"] == "nosniff"
    assert client.get(reverse("audit-api:file", args=["inc_1", 0])).status_code == 404
