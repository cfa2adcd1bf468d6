"""A certificate authority of the tests, and server certificates by it."""

import datetime as dt
import ssl
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = dt.timedelta(days=1)


class Authority:
    """Signs for whatever name it is asked. `trusting()` gives a client's context that believes it alone."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _named("Test authority")
        constraints = x509.BasicConstraints(ca=True, path_length=0)
        self._certificate = (
            self._builder(self._name, self._key)
            .add_extension(constraints, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def trusting(self) -> ssl.SSLContext:
        return ssl.create_default_context(cadata=self._certificate.public_bytes(serialization.Encoding.DER))

    def server(self, name: str, *, age_days: int = 0) -> ssl.SSLContext:
        """A server's context with a certificate for `name` that lives two days, `age_days` of which are over."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.IPAddress(ip_address(name)) if name[0].isdigit() else x509.DNSName(name)
        builder = self._builder(_named(name), key, age_days=age_days)
        builder = builder.add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        file = self._folder / f"{name}-{age_days}.pem"
        file.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, age_days: int = 0
    ) -> x509.CertificateBuilder:
        begins = dt.datetime.now(dt.UTC) - DAY / 24 - age_days * DAY
        return (
            x509.CertificateBuilder(self._name, subject, key.public_key(), x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(begins + 2 * DAY)
        )


def _named(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
