"""Bringing a pack to the portal, by page, API and command: of this installation, of another, of nobody."""

import io

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse

from audit import notes
from audit.packs.bundle import verify
from audit.packs.container import zipped
from audit.selectors import entries
from audit.verifying import corpus
from audit.verifying.checking import Asked, check_pack
from tests.audit.packing import TOP, files_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(make_user) -> Client:
    """Somebody signed in, without any role: packs come from anywhere."""
    client = Client()
    client.force_login(make_user("reader"))
    return client


def upload(data: bytes, name: str = "pack.zip") -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name
    return file


def bring(client: Client, data: bytes, **more: str):
    return client.post(reverse("audit:verify-pack"), {"pack": upload(data), **more})


def test_a_pack_of_this_portal_holds_without_being_given_a_key(reader, pack):
    page = bring(reader, pack.content)
    assert page.status_code == 200
    said = page.content.decode()
    assert "<h2>The pack holds</h2>" in said
    assert "stream inc_1, 6 entries, 16 of 16 fields disclosed" in said
    assert "This portal&#x27;s own key" in said or "This portal's own key" in said
    assert "Not there: tagmanifest-sha256.txt.p7s." in said


def test_that_it_was_checked_is_on_record_whatever_came_out(reader, pack):
    bring(reader, pack.content)
    bring(reader, pack.content[:-1])
    rows = [row for row in entries("portal") if row.kind == "pack.verified"]
    assert [row.fields["holds"] for row in rows] == [True, False]
    assert rows[0].fields["stream"] == "inc_1"
    assert rows[0].fields["zip_sha256"] == pack.zip_sha256
    assert "zip byte" in rows[1].fields["result"]


def test_a_pack_of_another_log_is_vouched_for_by_a_key_that_is_pasted_or_trusted(reader, settings):
    subject = corpus.subject_of()
    alone = bring(reader, subject.zip()).content.decode()
    assert "nobody vouches for its key" in alone
    assert "the key IN THE PACK" in alone
    pasted = bring(reader, subject.zip(), keys=subject.vkey).content.decode()
    assert "<h2>The pack holds</h2>" in pasted
    settings.TRUSTED_LOGS = [subject.vkey]
    assert "A log that this portal trusts" in bring(reader, subject.zip()).content.decode()
    other = notes.vkey("portal.example/evidence", Ed25519PrivateKey.generate().public_key())
    assert "is not the key that was given" in bring(reader, subject.zip(), keys=other).content.decode()


def test_what_is_no_pack_gets_a_sentence_and_what_is_no_key_its_field(reader, pack, settings):
    assert "zip byte 0" in bring(reader, b"no zip").content.decode()
    assert "zip byte 0" in bring(reader, b"").content.decode()
    none = reader.post(reverse("audit:verify-pack"), {})
    assert none.status_code == 422
    assert "Choose the zip of a pack." in none.content.decode()
    wrong = bring(reader, pack.content, keys="my dog's name")
    assert wrong.status_code == 422
    assert "is not a vkey" in wrong.content.decode()
    assert bring(reader, pack.content, trust="-----BEGIN").status_code == 422
    assert bring(reader, pack.content, tagmanifest="xyz").status_code == 422
    assert "not the one that was given" in bring(reader, pack.content, tagmanifest="0" * 64).content.decode()
    settings.VERIFY_LIMIT = 100
    large = bring(reader, pack.content)
    assert large.status_code == 413
    assert "use verify.py" in large.content.decode()
    assert [row.kind for row in entries("portal")].count("pack.verified") == 3


def test_what_a_pack_says_is_shown_as_text(reader):
    subject = corpus.subject_of()
    files = dict(subject.files)
    files["data/ledger/redactions.jsonl"] = files["data/ledger/redactions.jsonl"].replace(
        b"withheld", b"<img src=x>", 1
    )
    said = bring(reader, subject.zip(corpus.resealed(files)), keys=subject.vkey).content.decode()
    assert "<img src=x>" not in said
    assert "&lt;img src=x&gt;" in said


def test_the_api_says_the_same(reader, pack):
    answer = reader.post(reverse("audit-api:verify-pack"), {"pack": upload(pack.content)})
    assert answer.status_code == 200
    told = answer.json()
    assert (told["holds"], told["vouched"], told["place"]) == (True, "this portal's own key", "")
    assert [(one["uid"], one["size"]) for one in told["streams"]] == [("inc_1", 6)]
    broken = reader.post(reverse("audit-api:verify-pack"), {"pack": upload(pack.content[:-1])}).json()
    assert (broken["holds"], broken["place"]) == (False, f"zip byte {len(pack.content) - 1}")
    bad = reader.post(reverse("audit-api:verify-pack"), {"pack": upload(pack.content), "keys": "none"})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_keys")


def test_the_command_says_the_same(pack, key, tmp_path, capsys):
    path = tmp_path / "pack.zip"
    path.write_bytes(pack.content)
    call_command("verify_pack", str(path))
    assert "Signed by this portal's own key." in capsys.readouterr().out
    call_command("verify_pack", str(path), "--key", str(key), "--tagmanifest", pack.tagmanifest_sha256)
    assert "by the key you gave" in capsys.readouterr().out
    path.write_bytes(pack.content + b"x")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_pack", str(path))
    assert ended.value.code == 1
    assert f"FAILED: zip byte {len(pack.content)}: the zip doesn't end where it must" in capsys.readouterr().err
    for arguments in (["/no/such.zip"], [str(path), "--key", "nonsense"], [str(path), "--trust", str(path)]):
        with pytest.raises(CommandError):
            call_command("verify_pack", *arguments)


def test_page_command_and_verify_py_agree_on_every_pack_of_the_corpus():
    subject = corpus.subject_of()
    given, tried = verify.given_of(subject.vkey, "here"), 0
    for case in [*corpus.sound(subject), *corpus.damaged(subject), *corpus.harmless(subject)]:
        checked = check_pack(case.data, Asked("x.zip", subject.vkey))
        try:
            said = verify.verify(verify.files_of_zip(case.data), given)
        except verify.Failed as failed:
            said = str(failed)
        assert checked.holds == (case.outcome is corpus.Outcome.HOLDS), case.name
        assert checked.sentence == said, case.name
        assert case.names(said), (case.name, said)
        tried += 1
    assert tried > 240


def test_a_signature_that_is_none_is_named(pack):
    files = {**files_of(pack), "tagmanifest-sha256.txt.tsr": b"x", "tagmanifest-sha256.txt.p7s": b"y"}
    data = zipped({TOP + name: content for name, content in files.items()})
    assert "Not checked: tagmanifest-sha256.txt.tsr; give the certificates" in " ".join(
        check_pack(data, Asked("x")).notes
    )
