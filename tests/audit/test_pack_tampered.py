"""Whatever is changed in a pack that was really issued, verify.py finds it and names the file and the place."""

import os
import random
import re
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.ed25519 import public_raw
from audit.packs.bundle import verify
from audit.packs.container import zipped
from audit.packs.seal import BUNDLE
from audit.verifying import corpus
from tests.audit.packing import TOP, check, files_of, resealed

pytestmark = pytest.mark.django_db


def test_any_flipped_byte_of_the_zip_is_found_and_named(pack):
    """Every byte that isn't file content, and 400 others chosen anew in each run."""
    content, chooser = pack.content, random.SystemRandom()
    frames = [
        match.start() + n for match in re.finditer(b"PK\x01\x02|PK\x03\x04|PK\x05\x06", content) for n in range(46)
    ]
    places = {place for place in frames if place < len(content)} | {chooser.randrange(len(content)) for _ in range(400)}
    for place in places:
        flipped = bytearray(content)
        flipped[place] ^= 1 << chooser.randrange(8)
        with pytest.raises(verify.Failed) as failed:
            verify.verify(verify.files_of_zip(bytes(flipped)))
        assert failed.value.place.startswith("zip"), str(failed.value)


def test_any_flipped_byte_of_any_file_is_found_and_the_file_is_named(pack):
    files, chooser = files_of(pack), random.SystemRandom()
    for path, data in files.items():
        for place in {chooser.randrange(len(data)) for _ in range(20)} if data else ():
            flipped = bytearray(data)
            flipped[place] ^= 1 << chooser.randrange(8)
            with pytest.raises(verify.Failed) as failed:
                verify.verify({**files, path: bytes(flipped)})
            if path != "tagmanifest-sha256.txt":  # a flip there accuses the file whose line it is
                assert failed.value.place.startswith(path)


def test_attacks_on_the_zip_and_the_bag_of_a_real_pack_are_found_and_named(pack, tmp_path):
    path = tmp_path / pack.name
    path.write_bytes(pack.content)
    subject = corpus.subject_of(path)
    given, tried = verify.given_of(subject.vkey, "here"), 0
    assert "by the key you gave" in verify.verify(verify.files_of_zip(subject.zip()), given)
    for case in corpus.damaged(subject):
        with pytest.raises(verify.Failed) as failed:
            verify.verify(verify.files_of_zip(case.data), given)
        assert case.names(str(failed.value)), (case.name, str(failed.value))
        tried += 1
    assert tried > 80


def test_links_in_a_folder_are_found_and_named(unpacked):
    (unpacked / "data/link").symlink_to("/etc/hostname")
    assert "data/link: is a link" in check(unpacked).stderr
    (unpacked / "data/link").unlink()
    os.mkfifo(unpacked / "data/pipe")
    assert "data/pipe: is not a file" in check(unpacked).stderr


def test_a_key_that_was_given_is_a_file_a_vkey_or_a_fingerprint(pack, key, tmp_path):
    path, files = tmp_path / pack.name, files_of(pack)
    path.write_bytes(pack.content)
    vkey = files["keys/log.vkey"].decode().strip()
    fingerprint = verify.key_of_vkey(vkey, "here").fingerprint
    (tmp_path / "several").write_text(f"{'0' * 64}\n{fingerprint.upper()}\n")
    for given in (key, vkey, fingerprint, tmp_path / "several"):
        assert "by the key you gave" in check(path, "--key", given).stdout
    for given in ("0" * 64, vkey.replace("muster.example", "other.example")):
        result = check(path, "--key", given)
        assert (result.returncode, result.stdout) == (1, "")
    assert "keys/log.vkey: is not the key that was given" in check(path, "--key", "0" * 64).stderr
    other = check(path, "--tagmanifest", "0" * 64)
    assert "not the one that was given" in other.stderr


def test_an_issued_pack_with_a_foreign_key_fits_itself_and_fails_with_ours(pack, key, tmp_path):
    """That is why a key must come from elsewhere."""
    (forged,) = [
        case
        for case in corpus.damaged(corpus.subject_of())
        if case.name == "history: made anew, signed by another key under our name"
    ]
    path = tmp_path / "forged.zip"
    path.write_bytes(forged.data)
    result = check(path)
    assert result.returncode == 0
    assert "the key IN THE PACK" in result.stdout
    result = check(path, "--key", key)
    assert (result.returncode, result.stdout) == (1, "")
    assert "FAILED: keys/log.vkey: is not the key that was given" in result.stderr


def test_the_verifier_agrees_with_cryptography_about_ed25519():
    for number in range(8):
        private, message = Ed25519PrivateKey.generate(), os.urandom(number * 17)
        public, signature = public_raw(private.public_key()), private.sign(message)
        assert verify.signed_by(public, message, signature)
        assert not verify.signed_by(public, message + b"x", signature)
        assert not verify.signed_by(public, message, signature[:63])
        assert not verify.signed_by(public, message, signature[:32] + verify.ORDER.to_bytes(32, "little"))
        assert not verify.signed_by(b"\xff" * 32, message, signature)
        flipped = bytearray(signature)
        flipped[number * 7] ^= 1
        assert not verify.signed_by(public, message, bytes(flipped))


def test_what_a_seal_is_worth_is_said(pack, tmp_path):
    """No signature and no time stamp in this pack: it says so, and --strict refuses."""
    path = tmp_path / pack.name
    path.write_bytes(pack.content)
    result = check(path)
    assert "Not there: tagmanifest-sha256.txt.p7s." in result.stdout
    strict = check(path, "--strict")
    assert strict.returncode == 1
    assert "tagmanifest-sha256.txt.tsr: is missing, and --strict asks for it" in strict.stderr
    files = resealed({**files_of(pack), "tagmanifest-sha256.txt.p7s": b"no signature"})
    path.write_bytes(zipped({TOP + name: data for name, data in files.items()}))
    assert "Not checked: tagmanifest-sha256.txt.p7s; give --trust" in check(path).stdout
    result = check(path, "--trust", BUNDLE / "VERIFY.txt")
    assert "FAILED: tagmanifest-sha256.txt.p7s: is not a signature" in result.stderr


def test_the_verifier_says_one_sentence_about_whatever_it_is_given(tmp_path):
    (tmp_path / "text.zip").write_text("not a zip")
    (tmp_path / "bad.pem").write_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n")
    shutil.copytree(BUNDLE, tmp_path / "folder" / "verify")
    for arguments in (["text.zip"], ["missing.zip"], ["folder"], ["text.zip", "--key", "bad.pem"]):
        result = check(*arguments, cwd=tmp_path)
        assert result.returncode == 1
        assert result.stderr.startswith("FAILED: ")
        assert len(result.stderr.splitlines()) == 1
