"""The organisation's signatures and time stamps on a pack, checked by openssl, poppler and pikepdf."""

import datetime as dt
import io
import shutil
import subprocess
from hashlib import sha256
from pathlib import Path

import pikepdf
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from audit import keys
from audit.checks import organisation_can_sign
from audit.packs.container import zipped
from audit.packs.errors import BadCertificate
from audit.packs.issue import build_pack
from audit.packs.organisation import organisation
from audit.verifying import checking
from audit.verifying.checking import Asked, check_pack
from tests.audit.authority import named
from tests.audit.packing import TOP, check, files_of
from tests.plugins.lacking import lacks

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
TAG = "tagmanifest-sha256.txt"
CMS = f"cms -verify -binary -inform DER -in {TAG}.p7s -content {TAG} -purpose any -out /dev/null -CAfile".split()


def certificate(subject: str, key, by, issuer: str = "Root", *, is_root: bool = False) -> x509.Certificate:
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - DAY)
        .not_valid_after(now + 30 * DAY)
        .add_extension(x509.BasicConstraints(ca=is_root, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(not is_root, not is_root, False, False, False, is_root, is_root, False, False), critical=True
        )
    )
    return made.sign(by, hashes.SHA256())


@pytest.fixture(scope="module")
def bank(tmp_path_factory):
    """Files of an organisation's certificate under a throw-away root."""
    folder = tmp_path_factory.mktemp("bank")
    root_key, key = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    root = certificate("Root", root_key, root_key, is_root=True)
    own = certificate("Example Bank", key, root_key)
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    (folder / "bank.pem").write_bytes(own.public_bytes(Encoding.PEM) + root.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    sealed = pkcs12.serialize_key_and_certificates(b"bank", key, own, [root], BestAvailableEncryption(b"secret"))
    (folder / "bank.p12").write_bytes(sealed)
    return folder


@pytest.fixture
def signing(bank, settings):
    """Packs are signed by the bank."""
    settings.ORG_CERT, settings.ORG_KEY, settings.ORG_PASSWORD = str(bank / "bank.pem"), str(bank / "key.pem"), ""
    return bank


def openssl(*arguments: object, cwd) -> str:
    result = subprocess.run(["openssl", *map(str, arguments)], cwd=cwd, capture_output=True, text=True, timeout=30)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def written(files: dict[str, bytes], folder):
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder


def pades_of(files: dict[str, bytes], folder) -> str:
    """What poppler says about the signature of the report."""
    if shutil.which("pdfsig") is None:
        lacks("pdfsig", "apt-get install poppler-utils")
    (folder / "report.pdf").write_bytes(files["data/report.pdf"])
    return subprocess.run(["pdfsig", "report.pdf"], cwd=folder, capture_output=True, text=True, timeout=30).stdout


def test_a_pack_is_signed_by_the_organisation(signing, make_stream, person, tmp_path):
    make_stream("inc_1", 2)
    files = files_of(build_pack("inc_1", actor=person))
    folder = written(files, tmp_path)
    verify = ["cms", "-verify", "-binary", "-inform", "DER", "-in", f"{TAG}.p7s", "-purpose", "any"]
    verify += ["-CAfile", signing / "root.pem", "-out", "/dev/null"]
    assert "successful" in openssl(*verify, "-content", TAG, cwd=folder)
    (folder / TAG).write_bytes(files[TAG].replace(b"0", b"1", 1))
    with pytest.raises(AssertionError, match="Verification failure"):
        openssl(*verify, "-content", TAG, cwd=folder)
    said = openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", f"{TAG}.p7s", cwd=folder)
    assert "signingCertificateV2" in said, "CAdES binds the certificate"
    told = pades_of(files, tmp_path)
    assert "Signature is Valid" in told
    assert "Total document signed" in told
    assert "ETSI.CAdES.detached" in told
    assert f"{TAG}.tsr" not in files


def test_a_signed_report_is_still_pdf_a(signing, make_stream, person, tmp_path):
    make_stream("inc_1", 2)
    signed = files_of(build_pack("inc_1", actor=person))["data/report.pdf"]
    at = signed.index(b"%%EOF\n") + len(b"%%EOF")
    assert signed[at : at + 1] == b"\n", "a line ends before the increment begins"
    with pikepdf.open(io.BytesIO(signed)) as pdf:
        with pdf.open_metadata() as meta:
            assert (meta["pdfaid:part"], meta["pdfaid:conformance"]) == ("3", "B")
        assert pdf.Root.OutputIntents[0].S == "/GTS_PDFA1"
        relations = [str(spec.AFRelationship) for spec in pdf.Root.AF]
        assert len(relations) == 3
        assert set(relations) <= {"/Source", "/Data"}
        assert pdf.Root.AcroForm.SigFlags == 3
        (field,) = pdf.Root.AcroForm.Fields
        assert field.F & 4, "PDF/A wants widgets to be printed"


def test_stamps_cover_checkpoint_tagmanifest_and_both_signatures(signing, authority, make_stream, person, tmp_path):
    make_stream("inc_1", 2)
    files = files_of(build_pack("inc_1", actor=person))
    folder, trust = written(files, tmp_path), authority.trust
    for data, stamp in [(TAG, f"{TAG}.tsr"), ("data/ledger/checkpoint", "data/ledger/checkpoint.tsr")]:
        assert "Verification: OK" in openssl("ts", "-verify", "-data", data, "-in", stamp, "-CAfile", trust, cwd=folder)
    said = openssl("cms", "-cmsout", "-print", "-inform", "DER", "-in", f"{TAG}.p7s", cwd=folder)
    assert "id-smime-aa-timeStampToken" in said, "CAdES-T"
    assert b"BEGIN CERTIFICATE" in files["keys/trust-anchors.pem"]
    assert "Signature is Valid" in pades_of(files, tmp_path)


@pytest.fixture
def trust(signing, authority, tmp_path):
    """The certificates that a reader obtained: the bank's root and the authority's."""
    file = tmp_path / "trust.pem"
    file.write_bytes((signing / "root.pem").read_bytes() + authority.trust.read_bytes())
    return file


def damaged(files: dict[str, bytes], seal: str) -> dict[str, bytes]:
    """With one bit of what the seal says of the tagmanifest turned."""
    digest = sha256(files[TAG]).digest()
    assert digest in files[seal]
    return {**files, seal: files[seal].replace(digest, bytes([digest[0] ^ 1]) + digest[1:], 1)}


def test_every_checker_reports_signature_and_stamps_and_refuses_damaged_ones(make_stream, person, trust, tmp_path):
    make_stream("inc_1", 6)
    pack = build_pack("inc_1", actor=person)
    pem = trust.read_text()
    zip_file = tmp_path / "pack.zip"
    zip_file.write_bytes(pack.content)
    told = check(zip_file, "--trust", trust, "--strict")
    assert told.returncode == 0, told.stderr
    for seal in (f"{TAG}.p7s", f"{TAG}.tsr", "data/ledger/checkpoint.tsr"):
        assert f"Checked by openssl: {seal}" in told.stdout
    found = check_pack(pack.content, Asked("pack.zip", trust=pem))
    assert found.holds, found.sentence
    said = "\n".join(found.notes)
    assert "Signed by Common Name: Example Bank." in said
    assert f"Time stamp of {TAG}: " in said and "Time stamp of data/ledger/checkpoint: " in said
    unasked = check_pack(pack.content, Asked("pack.zip"))
    assert (unasked.holds, unasked.notes) == (True, found.notes), "the portal trusts itself and its authority"
    for seal, command in [
        (f"{TAG}.p7s", CMS),
        (f"{TAG}.tsr", ["ts", "-verify", "-data", TAG, "-in", f"{TAG}.tsr", "-CAfile"]),
    ]:
        files = files_of(pack)
        openssl(*command, trust, cwd=written(files, tmp_path / "sound"))
        worse = damaged(files, seal)
        with pytest.raises(AssertionError):
            openssl(*command, trust, cwd=written(worse, tmp_path / seal))
        zip_file.write_bytes(zipped({TOP + path: content for path, content in worse.items()}))
        refused = check(zip_file, "--trust", trust)
        assert (refused.returncode, f"FAILED: {seal}: is not a " in refused.stderr) == (1, True), refused.stderr
        found = check_pack(zip_file, Asked("pack.zip", trust=pem))
        assert (found.holds, found.place) == (False, seal)


@pytest.mark.parametrize("seal", [f"{TAG}.p7s", f"{TAG}.tsr", "data/ledger/checkpoint.tsr"])
def test_seals_of_a_foreign_pack_are_checked_but_vouched_for_only_by_whom_the_reader_trusts(
    seal, make_stream, person, trust, settings, monkeypatch, tmp_path
):
    make_stream("inc_1", 6)
    pack = build_pack("inc_1", actor=person)
    pem = trust.read_text()
    settings.ORG_CERT, settings.TSA_TRUST = "", str(_somebody_else(tmp_path))
    own = check_pack(pack.content, Asked("pack.zip"))
    assert (own.holds, own.place) == (False, f"{TAG}.tsr"), "a pack of this portal is sealed by whom it knows"
    monkeypatch.setattr(checking, "known_keys", list)  # as on another installation
    key = "\n".join(one.vkey for one in keys.valid_at(0))
    for known in ("", key):
        found = check_pack(pack.content, Asked("pack.zip", keys=known))
        assert found.holds, found.sentence
        assert [note for note in found.notes if seal in note] == [_says_who(seal)]
    whole = check_pack(pack.content, Asked("pack.zip", keys=key, trust=pem))
    assert whole.holds and not [note for note in whole.notes if "vouched" in note]
    strict = check_pack(pack.content, Asked("pack.zip", keys=key, trust=Path(settings.TSA_TRUST).read_text()))
    assert (strict.holds, strict.place) == (False, f"{TAG}.tsr"), "who names somebody wants them"
    if seal.startswith(TAG):  # the other is listed in the manifest: one that was changed is found there
        worse = {TOP + path: content for path, content in damaged(files_of(pack), seal).items()}
        refused = check_pack(zipped(worse), Asked("pack.zip", keys=key))
        assert (refused.holds, refused.place) == (False, seal)


def _somebody_else(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    file = folder / "else.pem"
    file.write_bytes(certificate("Else", key, key, "Else", is_root=True).public_bytes(Encoding.PEM))
    return file


def _says_who(seal: str) -> str:
    who = "Common Name: Example Bank" if seal.endswith(".p7s") else "Common Name: TSA of honest0"
    return f"Not vouched for: {seal} fits, and says that it is by {who}; give the certificates that you trust."


def test_a_pkcs12_file_is_taken_as_well(bank, settings):
    settings.ORG_CERT, settings.ORG_KEY, settings.ORG_PASSWORD = str(bank / "bank.p12"), "", "secret"
    found = organisation()
    assert "Example Bank" in found.name
    assert [each.subject.native["common_name"] for each in found.chain] == ["Root"]


def test_without_a_certificate_there_is_no_signature(make_stream, person):
    make_stream("inc_1", 1)
    assert organisation() is None
    assert organisation_can_sign() == []
    assert not [path for path in files_of(build_pack("inc_1", actor=person)) if path.endswith((".p7s", ".tsr"))]


@pytest.mark.parametrize(
    ("cert", "key", "password", "said"),
    [
        ("missing.pem", "key.pem", "", "No such file"),
        ("bank.pem", "", "", "MUSTER_ORG_KEY is not set"),
        ("bank.pem", "other.pem", "", "doesn't belong to the key"),
        ("key.pem", "key.pem", "", "holds no certificate"),
        ("bank.p12", "", "wrong", "can't be used"),
    ],
)
def test_a_certificate_that_can_not_be_used_stops_the_pack(
    cert, key, password, said, bank, settings, make_stream, person
):
    other = ec.generate_private_key(ec.SECP256R1())
    (bank / "other.pem").write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    settings.ORG_CERT, settings.ORG_KEY = str(bank / cert), str(bank / key) if key else ""
    settings.ORG_PASSWORD = password
    make_stream("inc_1", 1)
    with pytest.raises(BadCertificate, match=said):
        build_pack("inc_1", actor=person)
    (message,) = organisation_can_sign()
    assert said in message.msg
