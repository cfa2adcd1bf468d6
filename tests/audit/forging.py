"""Responses of RFC 3161 that an authority should never give, with a signature that holds."""

import datetime as dt
from hashlib import sha256

from asn1crypto import algos, cms, core, pem, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from tests.audit.authority import Authority


def forged(
    authority: Authority, data: bytes, nonce: int, *, named: bool = True, moment: dt.datetime | None = None
) -> bytes:
    """A response over `data` by the authority's key, whatever its certificate is for. named: it says which one."""
    certificate = x509.Certificate.load(pem.unarmor((authority.folder / "tsa.pem").read_bytes())[2])
    told = _told(data, nonce, moment or dt.datetime.now(dt.UTC).replace(microsecond=0))
    attributes = [
        {"type": "content_type", "values": ["tst_info"]},
        {"type": "message_digest", "values": [sha256(told).digest()]},
    ]
    if named:
        found = tsp.ESSCertIDv2({"cert_hash": sha256(certificate.dump()).digest()})
        attributes.append({"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [found]})]})
    signed = cms.CMSAttributes(attributes)
    key = load_pem_private_key((authority.folder / "tsa.key").read_bytes(), None)
    digest = algos.DigestAlgorithm({"algorithm": "sha256"})
    signer = {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}}
        ),
        "digest_algorithm": digest,
        "signed_attrs": signed,
        "signature_algorithm": {"algorithm": "rsassa_pkcs1v15"},
        "signature": key.sign(signed.dump(), PKCS1v15(), hashes.SHA256()),
    }
    content = cms.SignedData(
        {
            "version": "v3",
            "digest_algorithms": [digest],
            "encap_content_info": {"content_type": "tst_info", "content": core.ParsableOctetString(told)},
            "certificates": [certificate],
            "signer_infos": [signer],
        }
    )
    token = cms.ContentInfo({"content_type": "signed_data", "content": content})
    return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def _told(data: bytes, nonce: int, moment: dt.datetime) -> bytes:
    told = {
        "version": "v1",
        "policy": "1.2.3.4.1",
        "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": sha256(data).digest()},
        "serial_number": 7,
        "gen_time": moment,
        "nonce": nonce,
    }
    return bytes(tsp.TSTInfo(told).dump())
