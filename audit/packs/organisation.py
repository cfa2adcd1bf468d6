"""The organisation's certificate: whose signature a pack carries beside the log's. PEM files, or one PKCS#12."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from asn1crypto import keys, pem, x509
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.hazmat.primitives.serialization.pkcs12 import load_pkcs12
from django.conf import settings

from audit.packs.errors import BadCertificate


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who signs. chain: the certificates above its own, as far as they were given."""

    key: keys.PrivateKeyInfo
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()

    @property
    def name(self) -> str:
        """The certificate's subject, for people."""
        return str(self.certificate.subject.human_friendly)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, in hex: what a regulator is told."""
        return str(self.certificate.sha256.hex())

    @property
    def anchors_pem(self) -> bytes:
        """What its signature leads to, for the convenience of who has nothing better: the last certificate given."""
        made: bytes = pem.armor("CERTIFICATE", (self.chain or (self.certificate,))[-1].dump())
        return made

    @property
    def until(self) -> datetime:
        """When it ends, aware."""
        ends: datetime = self.certificate.not_valid_after
        return ends


def organisation() -> Organisation | None:
    """Who signs packs; None where no certificate is set. Raises BadCertificate.

    MUSTER_ORG_CERT: a PEM file (own certificate first) with MUSTER_ORG_KEY beside it, or a PKCS#12 file alone."""
    if not settings.ORG_CERT:
        return None
    file = Path(settings.ORG_CERT)
    try:
        content = file.read_bytes()
        found = _of_pem(content) if pem.detect(content) else _of_pkcs12(content)
    except OSError as error:
        raise BadCertificate(str(error.filename or file), error.strerror or "can't be read") from error
    except (ValueError, TypeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise BadCertificate(str(file), f"can't be used: {reason}") from error
    if bytes(found.certificate.public_key.dump()) != _public(found.key):
        raise BadCertificate(str(file), "doesn't belong to the key that was given")
    return found


def _of_pem(content: bytes) -> Organisation:
    found = [
        x509.Certificate.load(der) for kind, _, der in pem.unarmor(content, multiple=True) if kind == "CERTIFICATE"
    ]
    if not found:
        raise ValueError("it holds no certificate")
    if not settings.ORG_KEY:
        raise ValueError("MUSTER_ORG_KEY is not set")
    key = load_pem_private_key(Path(settings.ORG_KEY).read_bytes(), _password())
    der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    return Organisation(keys.PrivateKeyInfo.load(der), found[0], tuple(found[1:]))


def _of_pkcs12(content: bytes) -> Organisation:
    bundle = load_pkcs12(content, _password())
    if bundle.key is None or bundle.cert is None:
        raise ValueError("it holds no key with its certificate")
    der = bundle.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    own = bundle.cert.certificate.public_bytes(Encoding.DER)
    above = [each.certificate.public_bytes(Encoding.DER) for each in bundle.additional_certs]
    return Organisation(
        keys.PrivateKeyInfo.load(der), x509.Certificate.load(own), tuple(x509.Certificate.load(each) for each in above)
    )


def _password() -> bytes | None:
    return settings.ORG_PASSWORD.encode() or None


def _public(key: keys.PrivateKeyInfo) -> bytes:
    """The public half, as a certificate holds it."""
    from_der = load_pem_private_key(pem.armor("PRIVATE KEY", key.dump()), None).public_key()
    return from_der.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
