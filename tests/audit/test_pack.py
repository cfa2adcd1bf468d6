"""Evidence packs: what is in them, who can check them, and that nothing in them can be changed."""

import io
import json
import re
import sys
from datetime import UTC, datetime
from hashlib import sha256

import pikepdf
import pytest
from django.core.management import CommandError, call_command

from audit import keys, ledger
from audit.erasure import erase
from audit.errors import BadRedaction, BrokenStream, NoSuchStream, NothingToPack
from audit.models import Checkpoint, Entry, Pack, Stream
from audit.packs.bag import bagged
from audit.packs.bundle import verify
from audit.packs.container import zipped
from audit.packs.issue import build_pack, extract_of, packed
from audit.packs.orders import order_of
from audit.selectors import entries
from plumbing import clock
from tests.audit.packing import VERSION, VERSION_TEXT, L, check, files_of, resealed, run
from tests.plugins.ledger_flush import without_guards

pytestmark = pytest.mark.django_db


def test_a_pack_holds_the_stream_and_verifies(pack, key, tmp_path):
    path = tmp_path / pack.name
    path.write_bytes(pack.content)
    result = check(path, "--key", key, "--tagmanifest", pack.tagmanifest_sha256)
    assert (result.returncode, result.stderr) == (0, "")
    fingerprint = keys.fingerprint(keys.log_key().public_key())
    assert "stream inc_1, 6 entries, 16 of 16 fields disclosed" in result.stdout
    assert f"by the key you gave ({fingerprint})" in result.stdout
    files = files_of(pack)
    lines = files["data/ledger/entries.jsonl"].splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(6))
    assert [sha256(b"\0" + line).hexdigest() for line in lines] == [row.leaf for row in entries("inc_1")]
    assert files[f"data/{VERSION}"] == VERSION_TEXT
    assert json.loads(files["data/people.json"])[0]["name"] == "Zoë <b>Müller</b>"
    assert json.loads(files["data/ledger/previous.json"]) == []
    assert sha256(pack.content).hexdigest() == pack.zip_sha256
    assert sha256(files["tagmanifest-sha256.txt"]).hexdigest() == pack.tagmanifest_sha256


def test_that_it_was_issued_is_recorded(pack, person):
    (row,) = [row for row in entries("portal") if row.kind == "pack.issued"]
    assert (row.uid, row.actor) == (pack.uid, person.actor_id)
    assert row.fields == {
        "kind": "incident",
        "stream": "inc_1",
        "size": 6,
        "root": pack.root,
        "tagmanifest_sha256": pack.tagmanifest_sha256,
        "zip_sha256": pack.zip_sha256,
        "withheld": 0,
    }
    stored = Pack.objects.get()
    assert (stored.uid, stored.size, stored.zip_sha256) == (pack.uid, 6, pack.zip_sha256)


def test_the_unpacked_folder_verifies_by_its_own_verifier(unpacked):
    result = run(sys.executable, "-I", "verify/verify.py", cwd=unpacked)
    assert result.returncode == 0, result.stderr
    assert "the key IN THE PACK" in result.stdout
    vkey = run(sys.executable, "-I", "verify/verify.py", "--key", "keys/log.vkey", cwd=unpacked)
    assert "the key you gave" in vkey.stdout


def test_the_documented_lines_of_sha256sum_and_openssl_succeed(unpacked, tmp_path):
    text = (unpacked / "VERIFY.txt").read_text()
    part = text[text.index("OpenSSL 3.0 or later") : text.index("WHAT verify.sh DOES NOT SEE")]
    lines = re.findall(r"^ {4}(\S.*)$", part, re.MULTILINE)
    assert len(lines) == 11
    for line in lines:
        result = run("sh", "-c", line.replace("/tmp/", f"{tmp_path}/"), cwd=unpacked)  # noqa: S108
        assert result.returncode == 0, (line, result.stderr)
        assert ("Verified Successfully" in result.stdout) == line.startswith("openssl")
    fingerprint = run("sh", "-c", re.search(r"^ +(openssl pkey .*)$", text, re.MULTILINE)[1], cwd=unpacked).stdout
    assert fingerprint.split()[0] in text


def test_the_bundled_shell_script_agrees_and_notices(unpacked, key):
    assert run("sh", "verify/verify.sh", key, cwd=unpacked).returncode == 0
    entry_lines = (unpacked / "data/ledger/entries.jsonl").read_bytes()
    for path in ("data/report.pdf", "data/ledger/leaves.txt", "bag-info.txt"):
        kept = (unpacked / path).read_bytes()
        (unpacked / path).write_bytes(kept[:-2] + b"x\n")
        assert run("sh", "verify/verify.sh", key, cwd=unpacked).returncode != 0
        (unpacked / path).write_bytes(kept)
    (unpacked / "data/extra.txt").write_text("more")
    assert run("sh", "verify/verify.sh", key, cwd=unpacked).returncode != 0
    assert entry_lines == (unpacked / "data/ledger/entries.jsonl").read_bytes()


def test_withheld_and_erased_fields_are_listed_and_nothing_of_them_is_shown(make_stream, person, registered, tmp_path):
    make_stream("inc_1", 3)
    erase("inc_1", 1, "text", actor=person, reason="asked for")
    pack = build_pack("inc_1", actor=person, withheld={(0, "text"): "Art. 23 GDPR"})
    files = files_of(pack)
    assert [json.loads(line) for line in files[L + "redactions.jsonl"].splitlines()] == [
        {"name": "text", "reason": "Art. 23 GDPR", "seq": 0, "state": "withheld"},
        {"name": "text", "reason": "erased by entry 3", "seq": 1, "state": "erased"},
    ]
    assert b"Note 0" not in pack.content
    assert b"Note 1" not in pack.content
    assert b"Note 2" in files[L + "disclosures.tsv"]
    assert "7 of 9 fields disclosed" in verify.verify(files)
    quiet = resealed({**files, L + "redactions.jsonl": files[L + "redactions.jsonl"].splitlines(keepends=True)[1]})
    with pytest.raises(verify.Failed, match="entry 0, field text: is neither disclosed nor listed"):
        verify.verify(quiet)
    with pytest.raises(BadRedaction, match="entry 9, field text"):
        build_pack("inc_1", actor=person, withheld={(9, "text"): "no"})


def test_an_earlier_pack_is_named_as_a_prefix(pack, make_stream, person):
    make_stream("inc_1", 2)
    later = files_of(build_pack("inc_1", actor=person))
    told = json.loads(later[L + "previous.json"])
    assert told == [{"root": pack.root, "size": 6, "tagmanifest_sha256": pack.tagmanifest_sha256}]
    assert "8 entries" in verify.verify(later)


def test_the_same_contents_give_the_same_bytes(pack, monkeypatch):
    stream, made = Stream.objects.get(uid="inc_1"), datetime(2026, 3, 2, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: made)
    order = order_of("inc_1")
    extracts = [extract_of(order, [stream], Checkpoint.objects.get()) for _ in "12"]
    one, two = (zipped(packed(extract, order, basis)) for extract, basis in extracts)
    assert one == two


def test_the_report_is_a_pdf_that_carries_what_it_was_made_from(pack):
    files = files_of(pack)
    assert files["data/report.pdf"].startswith(b"%PDF-1.7")
    assert "data/report.html" not in files
    with pikepdf.open(io.BytesIO(files["data/report.pdf"])) as pdf:
        for name in ("entries.jsonl", "head.json", "checkpoint"):
            assert pdf.attachments[name].get_file().read_bytes() == files[L + name]


def test_what_cannot_be_packed_is_refused(make_stream, person):
    with pytest.raises(NoSuchStream):
        build_pack("inc_404", actor=person)
    ledger.open_stream("inc_9")
    with pytest.raises(NothingToPack):
        build_pack("inc_9", actor=person)
    make_stream("inc_1", 2)
    with pytest.raises(NothingToPack):
        build_pack("inc_9", actor=person)
    with pytest.raises(ValueError, match=r"'\.\./x'"):
        bagged({"../x": b""}, {}, {})


def test_a_broken_stream_is_not_packed(make_stream, person):
    make_stream("inc_1", 2)
    with without_guards():
        Entry.objects.filter(seq=1).update(kind="note.changed")
    with pytest.raises(BrokenStream, match="inc_1 is BROKEN at entry 1"):
        build_pack("inc_1", actor=person)
    assert not Pack.objects.exists()
    assert not Checkpoint.objects.exists()


def test_the_command_writes_a_pack_that_verifies(make_stream, tmp_path, capsys):
    make_stream("inc_1", 2)
    out = tmp_path / "pack.zip"
    call_command("pack", "inc_1", "--out", str(out))
    assert check(out).returncode == 0
    assert sha256(out.read_bytes()).hexdigest() in capsys.readouterr().out
    for arguments, said in [
        (["inc_1", "--out", str(out)], "exists already"),
        (["inc_404", "--out", str(tmp_path / "b.zip")], "no stream"),
        (["inc_1", "--out", str(tmp_path / "no" / "b.zip")], "no folder"),
    ]:
        with pytest.raises(CommandError, match=said):
            call_command("pack", *arguments)
    assert [path.name for path in tmp_path.glob("*.zip")] == ["pack.zip"]
