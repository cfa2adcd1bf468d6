"""`tls`: how many days a server's certificate still has, and whether clients trust it under the server's name."""

import datetime as dt
import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from cryptography import x509

from plumbing.addresses import split_host_port
from plumbing.documented import BadField, about
from plumbing.egress import Call, Unreachable, allowed_by, dial, reason_of, system_tls
from plumbing.probing.base import ProbeAnswer, Question, read_fields

PORT = 443
DAY_S = 86_400.0


@dataclass(frozen=True)
class Tls(Question):
    kind: ClassVar = "tls"
    address: str = about("host:port of the server; port 443 if left out")
    days: float = about("how many days its certificate must still have", default=14.0)
    name: str = about("the name that the certificate must be for; the host if left out", default="")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given, short="address")
        try:
            split_host_port(found.address)
        except ValueError as error:
            raise BadField("address", str(error)) from None
        return found

    @property
    def source(self) -> str:
        host, port = split_host_port(self.address)
        return f"{host}:{port or PORT}"

    @property
    def target(self) -> str:
        return f"certificate of {self.source}"

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        call = Call(self.source, timeout_s, allowed_by(None))
        problem = ""
        try:
            raw = self._certificate(call, system_tls())
        except ssl.SSLCertVerificationError as error:
            problem = error.verify_message.rstrip(".") or "not valid"
            raw = self._certificate(call, _trusting_everybody())  # to say for how long, and never to talk
        certificate = x509.load_der_x509_certificate(raw)
        ends = certificate.not_valid_after_utc
        left = round((ends - dt.datetime.now(dt.UTC)).total_seconds() / DAY_S, 2)
        return self._judged(left, ends, problem, call.elapsed_ms)

    def _judged(self, left: float, ends: dt.datetime, problem: str, elapsed_ms: int) -> ProbeAnswer:
        expired = f"expired {-left:.1f} days ago" if left < 0 else f"{left:.1f} days left"
        detail = f"{expired} (until {ends:%Y-%m-%d %H:%M} UTC)"
        if left < self.days:
            detail += f", expected {self.days:g} days"
        if problem and not (left < 0 and "expired" in problem):
            detail = f"not trusted: {problem}; {detail}"
        return ProbeAnswer(not problem and left >= self.days, elapsed_ms, detail, left)

    def _certificate(self, call: Call, context: ssl.SSLContext) -> bytes:
        """The server's certificate (DER) from a handshake. Raises SSLCertVerificationError, EgressError."""
        host, port = split_host_port(self.address)
        connection = dial(host, port or PORT, call)
        try:
            connection.settimeout(call.left_s())
            with context.wrap_socket(connection, server_hostname=self.name or host) as secured:
                return secured.getpeercert(binary_form=True) or b""
        except ssl.SSLCertVerificationError:
            raise
        except TimeoutError:
            raise call.too_slow() from None
        except OSError as error:
            raise Unreachable(call.where, f"TLS: {reason_of(error)}") from None
        finally:
            _close(connection)


def _close(connection: socket.socket) -> None:
    connection.close()  # wrap_socket detaches it only when it succeeds


def _trusting_everybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context
