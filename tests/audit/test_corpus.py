"""The corpus of damaged packs: what it holds, that each is rejected by name, and what other tools say of the sound."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import bagit
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.core.management import CommandError, call_command

from audit.packs.bundle import verify
from audit.packs.seal import BUNDLE
from audit.verifying import corpus
from audit.verifying.corpus import Outcome
from audit.verifying.generated import write_pack
from tests.audit.packing import check, run

SEEN_BY_SHELL = (  # names of cases that begin like this are seen by sha256sum and openssl alone
    "tagmanifest",
    "missing: ",
    "unlisted",
    "leaves",
    "note: signature flipped",
    "note: by another key",
    "note: another size",
    "note: a malleable signature",
    "proof: with another checkpoint",
    "further stream: a word",
)
ENTRIES, MOST_MB = 1_000_000, 600


@pytest.fixture(scope="module")
def subject() -> corpus.Subject:
    return corpus.subject_of()


@pytest.fixture(scope="module")
def given(subject: corpus.Subject) -> verify.Given:
    return verify.given_of(subject.vkey, "here")


def unpacked(data: bytes, folder: Path) -> Path:
    """The pack as a folder, unpacked by somebody else's code."""
    path = folder / "pack.zip"
    path.write_bytes(data)
    with zipfile.ZipFile(path) as archive:
        archive.extractall(folder)
    (found,) = [one for one in folder.iterdir() if one.is_dir()]
    return found


def test_no_two_cases_have_one_name_and_each_says_where(subject):
    cases = list(corpus.damaged(subject))
    assert len({case.name for case in cases}) == len(cases) > 230
    assert all(case.place and case.outcome is Outcome.FAILS for case in cases)
    assert len({case.data for case in cases}) > 230, "two attacks are one"


def test_each_damaged_pack_is_rejected_with_its_place_and_each_sound_one_holds(subject, given):
    for case in [*corpus.sound(subject), *corpus.damaged(subject), *corpus.harmless(subject)]:
        try:
            found, said = Outcome.HOLDS, verify.verify(verify.files_of_zip(case.data), given)
        except verify.Failed as failed:
            found, said = Outcome.FAILS, str(failed)
        assert found is case.outcome, (case.name, said)
        assert case.names(said), (case.name, said)
        assert said.isascii(), case.name
        assert len(said) < 500, case.name


def test_flipped_bytes_are_found_wherever_they_are(subject, given):
    for case in corpus.flipped(subject, most=600):
        with pytest.raises(verify.Failed, match=r"^zip"):
            verify.verify(verify.files_of_zip(case.data), given)


@pytest.mark.slow
def test_every_flipped_byte_is_found(subject, given):
    tried = 0
    for case in corpus.flipped(subject):
        with pytest.raises(verify.Failed, match=r"^zip"):
            verify.verify(verify.files_of_zip(case.data), given)
        tried += 1
    assert tried == len(subject.zip())


def test_a_byte_flipped_inside_a_file_is_found_also_when_the_zip_is_made_anew(subject, given):
    """What an intruder would do: CRC and zip fit again; the manifests name the file."""
    for path, data in subject.files.items():
        for place in range(0, len(data), 7):
            bad = {**subject.files, path: data[:place] + bytes([data[place] ^ 4]) + data[place + 1 :]}
            with pytest.raises(verify.Failed) as failed:
                verify.verify(verify.files_of_zip(subject.zip(bad)), given)
            assert path == "tagmanifest-sha256.txt" or failed.value.place.startswith(path)


def test_the_command_makes_the_corpus_and_lists_what_nothing_attests(tmp_path, capsys):
    out = tmp_path / "corpus"
    call_command("corpus", "--out", str(out), "--flips", "20")
    said = capsys.readouterr().out
    assert "20 flipped bytes were checked; 0 were not as they should be." in said
    assert "another name for an actor id" in said
    index = json.loads((out / "index.json").read_text())
    assert len(index["cases"]) == len(list(out.glob("*.zip"))) > 240
    pack = out / index["cases"][0]["file"]
    assert check(pack, "--key", index["key"]).returncode == 0
    call_command("corpus", "--pack", str(pack), "--key", index["key"], "--flips", "5")
    assert "; 0 were not as they should be." in capsys.readouterr().out
    for arguments in (
        ["--out", str(out)],
        ["--pack", "/no/such.zip"],
        ["--pack", str(out / index["cases"][5]["file"])],
    ):
        with pytest.raises(CommandError):
            call_command("corpus", *arguments)


def test_others_tools_find_the_sound_pack_in_order(subject, tmp_path):
    """bagit-python validates the bag; openssl and sha256sum, by verify.sh, the rest of what they can."""
    folder = unpacked(subject.zip(), tmp_path)
    bagit.Bag(str(folder)).validate()
    assert subject.key
    pem = subject.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (tmp_path / "obtained.pem").write_bytes(pem)
    result = run("sh", BUNDLE / "verify.sh", tmp_path / "obtained.pem", cwd=folder)
    assert (result.returncode, result.stderr) == (0, "")
    assert "Holds, as far as sha256sum and openssl see" in result.stdout
    strict = run(
        "sh", BUNDLE / "verify.sh", "--strict", tmp_path / "obtained.pem", tmp_path / "obtained.pem", cwd=folder
    )
    assert strict.returncode == 1
    assert "Not there: tagmanifest-sha256.txt.tsr, and --strict asks for it" in strict.stderr


def test_the_shell_alone_sees_what_verify_txt_says_it_sees(subject, tmp_path):
    assert subject.key
    pem = subject.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key, tried = tmp_path / "obtained.pem", 0
    key.write_bytes(pem)
    for number, case in enumerate(corpus.damaged(subject)):
        if not case.name.startswith(SEEN_BY_SHELL):
            continue
        (tmp_path / str(number)).mkdir()
        folder = unpacked(case.data, tmp_path / str(number))
        result = run("sh", BUNDLE / "verify.sh", key, cwd=folder)
        assert result.returncode == 1, (case.name, result.stdout)
        assert result.stderr.startswith("FAILED: "), (case.name, result.stderr)
        tried += 1
    assert tried > 30


def test_files_that_are_no_files_are_refused_in_a_folder(subject, tmp_path):
    folder = unpacked(subject.zip(), tmp_path)
    (folder / "data/link").symlink_to("/etc/hostname")
    assert "data/link: is a link" in check(folder).stderr
    assert "neither a file nor a folder" in run("sh", BUNDLE / "verify.sh", cwd=folder).stderr
    (folder / "data/link").unlink()
    os.mkfifo(folder / "data/pipe")
    assert "data/pipe: is not a file" in check(folder).stderr


MEASURE = """
import resource, subprocess, sys, time
began = time.monotonic()
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(done.returncode, time.monotonic() - began, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)
"""


def measured(pack: Path, vkey: str) -> tuple[int, float, float, float]:
    """Exit code, seconds on the clock, seconds of processor, MB of memory of verify.py."""
    command = [sys.executable, "-I", str(BUNDLE / "verify.py"), str(pack), "--key", vkey]
    done = subprocess.run([sys.executable, "-c", MEASURE, *command], capture_output=True, text=True, check=True)
    code, wall, used, memory = done.stdout.split()
    return int(code), float(wall), float(used), float(memory)


def test_memory_does_not_grow_with_the_pack(tmp_path):
    found = []
    for entries in (200, 20_000):
        work = tmp_path / str(entries)
        work.mkdir()
        vkey = write_pack(tmp_path / f"{entries}.zip", entries, 3, work)
        code, *_, memory = measured(tmp_path / f"{entries}.zip", vkey)
        assert code == 0
        found.append(memory)
    assert found[1] - found[0] < 30, f"{found[0]:.0f} MB for 200 entries, {found[1]:.0f} MB for 20,000"


@pytest.mark.slow
def test_a_million_entries_are_verified_in_steady_memory(tmp_path, capsys):
    (tmp_path / "work").mkdir()
    vkey = write_pack(tmp_path / "big.zip", ENTRIES, 3, tmp_path / "work")
    code, wall, used, memory = measured(tmp_path / "big.zip", vkey)
    with capsys.disabled():
        print(f"\n{ENTRIES} entries of 3 fields: {used:.1f} s of processor, {wall:.1f} s, {memory:.0f} MB")
    assert code == 0
    assert memory < MOST_MB
