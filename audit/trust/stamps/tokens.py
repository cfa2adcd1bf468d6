"""RFC 3161: what a time stamping authority is asked, and whether its answer holds. No network, no settings.

asn1crypto reads the structures and pyHanko checks the signature and the chain; what RFC 3161 asks for besides (imprint,
nonce, one signer, the extended key usage) is checked here, because a library that validates signatures doesn't.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from asn1crypto import algos, cms, core, pem, tsp, x509

from audit.errors import LedgerError

HASH = "sha256"
LARGEST = 65_536  # bytes of a response; one with a long chain has about 8,000
TOLERANCE = timedelta(minutes=5)  # between the authority's clock and ours
GRANTED = ("granted", "granted_with_mods")
# asn1crypto reads lazily: whatever is wrong with a structure shows wherever it is looked at, as one of these
UNREADABLE = (ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError, RecursionError)


class BadToken(LedgerError):
    """A response of a time stamping authority that doesn't hold. Says why."""

    code = "bad_token"
    status = 422

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __str__(self) -> str:
        return f"The time stamp doesn't hold: {self.reason}."


class Untrusted(BadToken):
    """A token that fits, of an authority that leads to none of the trusted certificates. who: its subject."""

    def __init__(self, who: str, why: str = "") -> None:
        super().__init__(f"{who} isn't certified by an authority that is trusted{f' ({why})' if why else ''}")
        self.who = who


class _Response(core.Sequence):  # type: ignore[misc]
    """TimeStampResp as RFC 3161 has it; asn1crypto's own fails where a refusal brings no token."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


@dataclass(frozen=True, slots=True)
class Token:
    """A response that was checked. response: the whole of it, DER. gen_time: what it attests, aware, UTC."""

    response: bytes
    gen_time: datetime
    authority: str  # the subject of the certificate that signed it
    policy: str
    serial: int


def request_for(data: bytes, nonce: int) -> bytes:
    """The request for a time stamp over the SHA-256 of `data`, with the authority's certificate, in DER."""
    algorithm = algos.DigestAlgorithm({"algorithm": HASH})
    imprint = tsp.MessageImprint({"hash_algorithm": algorithm, "hashed_message": sha256(data).digest()})
    asked = {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    return bytes(tsp.TimeStampReq(asked).dump())


def read_roots(text: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file. Raises ValueError when it holds none, or something else."""
    found = []
    for kind, _, der in pem.unarmor(text, multiple=True):
        if kind != "CERTIFICATE":
            raise ValueError(f"it holds a {kind.lower()}")
        certificate = x509.Certificate.load(der, strict=True)
        certificate.native  # noqa: B018 - reads all of it: a broken one is said now, not at the first token
        found.append(certificate)
    if not found:
        raise ValueError("it holds no certificate")
    return found


def verify(
    response: bytes,
    data: bytes,
    roots: Sequence[x509.Certificate],
    *,
    nonce: int | None = None,
    now: datetime | None = None,
) -> Token:
    """The token in a response of an authority, once everything about it holds for `data`. Raises BadToken.

    roots: the certificates that are trusted; the chain is judged at the token's own time. nonce: of the request, for a
    fresh response. now: for a fresh one, too; its time must be close to it."""
    from audit.trust.stamps.chains import check_signature  # pyHanko: most processes never see a token

    if len(response) > LARGEST:
        raise BadToken(f"the response has {len(response)} bytes, expected at most {LARGEST}")
    try:
        signed, told = _opened(response)
        _check_told(told, data, nonce, now)
        _check_attributes(signed["signer_infos"][0])
        signer = check_signature(signed, data, told["gen_time"].native, roots)
        _check_usage(signer)
        name, policy, serial = signer.subject.human_friendly, told["policy"].native, told["serial_number"].native
        return Token(response, told["gen_time"].native, name, policy, serial)
    except UNREADABLE as error:
        raise BadToken("it is no response in the form of RFC 3161") from error


def _opened(response: bytes) -> tuple[cms.SignedData, tsp.TSTInfo]:
    """The signed data of a response that was granted, and what it signs."""
    answer = _Response.load(response, strict=True)
    status = answer["status"]
    if status["status"].native not in GRANTED:
        told = "; ".join([*(status["status_string"].native or []), *sorted(status["fail_info"].native or [])])
        raise BadToken(f"the authority answered {status['status'].native}: {told[:300] or 'without a reason'}")
    token = answer["time_stamp_token"]
    if token["content_type"].native != "signed_data":
        raise BadToken(f"it holds {token['content_type'].native}, expected signed data")
    signed = token["content"]
    if signed["encap_content_info"]["content_type"].native != "tst_info":
        raise BadToken("what it signs is no time stamp")
    if len(signed["signer_infos"]) != 1:
        raise BadToken(f"it has {len(signed['signer_infos'])} signers, expected one")
    return signed, signed["encap_content_info"]["content"].parsed


def _check_told(told: tsp.TSTInfo, data: bytes, nonce: int | None, now: datetime | None) -> None:
    imprint = told["message_imprint"]
    algorithm, found = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
    if algorithm != HASH or found != sha256(data).digest():
        raise BadToken(f"it is over {algorithm} {found.hex()}, expected {HASH} {sha256(data).hexdigest()}")
    if nonce is not None and told["nonce"].native != nonce:
        raise BadToken(f"its nonce is {told['nonce'].native}, expected {nonce}: it answers another request")
    moment = told["gen_time"].native
    if now and abs(moment - now) > TOLERANCE:
        raise BadToken(f"its time is {moment:%Y-%m-%d %H:%M:%S} UTC, expected about {now:%Y-%m-%d %H:%M:%S} UTC")


def _check_attributes(signer: cms.SignerInfo) -> None:
    """What RFC 3161, 2.4.2 demands to be signed: else another certificate with the same key could stand in."""
    signed = {attribute["type"].native for attribute in signer["signed_attrs"]}
    if not signed & {"signing_certificate", "signing_certificate_v2"}:
        raise BadToken("it doesn't say which certificate signed it")


def _check_usage(certificate: x509.Certificate) -> None:
    """RFC 3161, 2.3: the key is for time stamping alone, and says so critically."""
    usage = certificate.extended_key_usage_value
    if (
        usage is None
        or usage.native != ["time_stamping"]
        or "extended_key_usage" not in certificate.critical_extensions
    ):
        raise BadToken(f"{certificate.subject.human_friendly} is no certificate for time stamping alone")
