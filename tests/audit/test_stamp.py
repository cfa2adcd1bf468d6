"""Time stamps: asked for as RFC 3161 says, and taken only when everything about the answer holds."""

import datetime as dt
import socket
import subprocess

import pytest
from asn1crypto import tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import VerifierBuilder, decode_timestamp_response

from audit.trust import stamps
from audit.trust.holders.errors import BadSetting, NotStamped
from audit.trust.stamps import asking
from audit.trust.stamps.tokens import LARGEST, BadToken, read_roots, request_for, verify
from tests.audit.authority import DAY, certify, slowly
from tests.audit.forging import forged

DATA = b"muster.example/evidence\n1\nAAAA\n"
REPLY = "application/timestamp-reply"
NONCE = 1 << 62 | 4711


@pytest.fixture(scope="session")
def response(honest):
    return honest.stamp(request_for(DATA, NONCE))


@pytest.fixture(scope="session")
def trusted(honest):
    return read_roots(honest.trust.read_bytes())


def test_without_an_authority_there_is_no_token(settings):
    settings.TSA_URLS = []
    assert stamps.token_for(DATA) is None
    assert stamps.trust_pem() == b""


@pytest.mark.django_db
def test_a_token_is_taken_by_openssl_and_by_another_library(authority, tmp_path):
    token = stamps.token_for(DATA)
    assert abs(token.gen_time - dt.datetime.now(dt.UTC)) < dt.timedelta(minutes=1)
    assert token.authority == f"Common Name: TSA of {authority.folder.name}"
    (tmp_path / "data").write_bytes(DATA)
    (tmp_path / "tsr").write_bytes(token.response)
    command = ["openssl", "ts", "-verify", "-data", "data", "-in", "tsr", "-CAfile", str(authority.trust)]
    assert b"Verification: OK" in subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=30).stdout
    root = x509.load_pem_x509_certificate(authority.trust.read_bytes())
    third = VerifierBuilder().add_root_certificate(root).build()
    assert third.verify_message(decode_timestamp_response(token.response), DATA)


@pytest.mark.django_db
def test_each_request_has_a_nonce_of_its_own_and_wants_the_certificate(authority):
    stamps.token_for(DATA)
    stamps.token_for(DATA)
    asked = [tsp.TimeStampReq.load(request).native for request in authority.asked[-2:]]
    assert asked[0]["nonce"] != asked[1]["nonce"]
    assert all(request["cert_req"] for request in asked)


def test_a_stored_token_holds_for_its_data_alone(response, trusted):
    assert verify(response, DATA, trusted, nonce=NONCE).serial >= 1
    with pytest.raises(BadToken, match="it is over sha256"):
        verify(response, DATA + b"x", trusted)
    with pytest.raises(BadToken, match="answers another request"):
        verify(response, DATA, trusted, nonce=NONCE + 1)
    with pytest.raises(BadToken, match="isn't certified by an authority that is trusted"):
        verify(response, DATA, [])


def test_no_changed_byte_passes_as_another_token(response, trusted):
    """Bytes that nothing signs (the status text's form, unsigned certificates) may change; what is attested may not."""
    told = verify(response, DATA, trusted, nonce=NONCE)
    survived = 0
    for place in range(0, len(response), 3):
        changed = bytearray(response)
        changed[place] ^= 1
        try:
            token = verify(bytes(changed), DATA, trusted, nonce=NONCE)
        except BadToken:
            continue
        survived += 1
        assert (token.gen_time, token.serial, token.policy) == (told.gen_time, told.serial, told.policy)
    assert survived < len(response) // 30


@pytest.mark.parametrize("length", [0, 1, 20, 400, -1])
def test_a_cut_response_is_refused(response, trusted, length):
    with pytest.raises(BadToken):
        verify(response[:length], DATA, trusted)


def test_a_response_with_more_behind_it_is_refused(response, trusted):
    with pytest.raises(BadToken):
        verify(response + b"\x00", DATA, trusted)
    with pytest.raises(BadToken, match="expected at most"):
        verify(response + bytes(LARGEST), DATA, trusted)


def test_a_refusal_of_the_authority_is_passed_on(honest, trusted):
    """It is asked for a hash that it doesn't take."""
    asked = tsp.TimeStampReq.load(request_for(DATA, NONCE))
    asked["message_imprint"]["hash_algorithm"]["algorithm"] = "sha512"
    asked["message_imprint"]["hashed_message"] = bytes(64)
    refused = honest.stamp(asked.dump(force=True))
    with pytest.raises(BadToken, match="the authority answered rejection: Message digest algorithm is not supported"):
        verify(refused, DATA, trusted)


@pytest.mark.parametrize(
    ("leaf", "says"),
    [
        ({"usage": [ExtendedKeyUsageOID.CODE_SIGNING]}, "trusted|time stamping alone"),
        ({"usage": [ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING]}, "time stamping alone"),
        ({"critical": False}, "time stamping alone"),
        ({"ends": dt.datetime.now(dt.UTC) - DAY / 2}, "isn't certified.*expired|isn't certified"),
    ],
    ids=["other use", "more uses", "not critical", "expired"],
)
def test_a_certificate_that_is_not_for_time_stamps_is_refused(tmp_path, leaf, says):
    """openssl refuses to stamp with most of these: the response is made without it."""
    odd = certify(tmp_path / "odd", **leaf)
    with pytest.raises(BadToken, match=says):
        verify(forged(odd, DATA, NONCE), DATA, read_roots(odd.trust.read_bytes()))


def test_what_must_be_signed_is(honest, trusted):
    assert verify(forged(honest, DATA, NONCE), DATA, trusted, nonce=NONCE).serial == 7
    with pytest.raises(BadToken, match="doesn't say which certificate"):
        verify(forged(honest, DATA, NONCE, named=False), DATA, trusted)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda _: (200, REPLY, b"garbage"), "no response in the form"),
        (lambda _: (200, REPLY, b""), "no response in the form"),
        (lambda _: (500, "text/plain", b"no"), "answered 500"),
        (lambda _: (302, "text/plain", b""), "answered 302"),
        (lambda _: (200, "text/html", b"<p>Sign in"), "answered with text/html"),
        (lambda _: (200, REPLY, bytes(1_100_000)), "longer than"),
        (lambda _: (200, REPLY, bytes(900_000)), "expected at most"),
    ],
)
def test_whatever_else_comes_back_is_said(authority, answer, says):
    authority.answer = answer
    with pytest.raises(NotStamped, match=says):
        stamps.token_for(DATA)


@pytest.mark.django_db
def test_an_answer_to_another_request_is_refused(authority):
    old = authority.stamp(request_for(DATA, NONCE))
    authority.answer = lambda _: (200, REPLY, old)
    with pytest.raises(NotStamped, match="answers another request"):
        stamps.token_for(DATA)


@pytest.mark.django_db
def test_a_foreign_authority_is_refused(authority, tmp_path):
    foreign = certify(tmp_path / "foreign")
    authority.answer = lambda request: (200, REPLY, foreign.stamp(request))
    with pytest.raises(NotStamped, match="TSA of foreign isn't certified by an authority that is trusted"):
        stamps.token_for(DATA)


@pytest.mark.django_db
def test_an_authority_with_a_wrong_clock_is_refused(authority, monkeypatch):
    later = asking.clock.now() + dt.timedelta(minutes=6)
    monkeypatch.setattr(asking.clock, "now", lambda: later)
    with pytest.raises(NotStamped, match="its time is"):
        stamps.token_for(DATA)


@pytest.mark.django_db
def test_a_slow_authority_costs_no_more_than_its_deadline(authority, monkeypatch):
    monkeypatch.setattr(asking, "DEADLINE_S", 0.2)
    authority.answer = slowly(1)
    with pytest.raises(NotStamped, match=r"No full answer from .* within 0.2 s"):
        stamps.token_for(DATA)


@pytest.mark.django_db
def test_the_first_that_answers_is_taken_and_the_problems_of_all_are_said(authority, settings):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        away = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        settings.TSA_URLS = [away, authority.url]
        assert stamps.token_for(DATA)
        authority.answer = lambda _: (503, "text/plain", b"")
        with pytest.raises(NotStamped, match=r"refused.*answered 503"):
            stamps.token_for(DATA)


@pytest.mark.django_db
def test_an_authority_inside_is_asked_only_when_allowed(authority, settings):
    settings.EGRESS_ALLOW = []
    with pytest.raises(NotStamped, match="MUSTER_EGRESS_ALLOW"):
        stamps.token_for(DATA)


@pytest.mark.parametrize(("content", "says"), [(None, "can't be read"), (b"nothing", "no PEM file"), (b"", "no PEM")])
def test_a_trust_file_that_cannot_be_used_is_said(settings, tmp_path, content, says):
    settings.TSA_URLS, settings.TSA_TRUST = ["http://tsa.example/"], str(tmp_path / "trust.pem")
    if content is not None:
        (tmp_path / "trust.pem").write_bytes(content)
    with pytest.raises(BadSetting, match=says):
        stamps.token_for(DATA)
