"""`dns`: what a name server says about a name, and whether it is what was expected."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from plumbing.addresses import host_name, is_public, plain, split_host_port
from plumbing.documented import BadField, about
from plumbing.egress import Refused, allowed_by
from plumbing.probing.base import MAX_DETAIL, ProbeAnswer, Question, Stopwatch, read_fields

TYPES = ("A", "AAAA", "CNAME", "MX", "NS", "SRV", "TXT", "PTR", "SOA", "CAA")
PORT = 53
MOST_SHOWN = 10


@dataclass(frozen=True)
class Dns(Question):
    kind: ClassVar = "dns"
    name: str = about("the name to ask for")
    type: str = about("A, AAAA, CNAME, MX, NS, SRV, TXT, PTR, SOA or CAA", default="A")
    expect: list[str] = about("records that must all be there; any if left out", default_factory=list)
    server: str = about("IP address of the name server, or address:port; this machine's own if left out", default="")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given, short="name")
        if found.type not in TYPES:
            raise BadField("type", f"found {found.type!r}, expected one of {', '.join(TYPES)}")
        try:
            host_name(found.name)
        except ValueError as error:
            raise BadField("name", str(error)) from None
        if found.server:
            _address(found.server)
        return found

    @property
    def source(self) -> str:
        return f"dns {self.server or 'of this machine'}"

    @property
    def target(self) -> str:
        return f"{self.name} {self.type}"

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        import dns.exception  # here: it takes 0.1 s, which a process that never asks saves
        import dns.resolver

        took = Stopwatch()
        try:
            found = sorted(self._records(timeout_s))
        except dns.resolver.NXDOMAIN:
            return ProbeAnswer(False, took.ms, "no such name")
        except dns.resolver.NoAnswer:
            return ProbeAnswer(False, took.ms, f"the name has no {self.type} record", [])
        except dns.exception.Timeout:
            return ProbeAnswer(False, took.ms, f"no answer within {timeout_s:g} s")
        except (dns.exception.DNSException, OSError) as error:
            return ProbeAnswer(False, took.ms, f"no answer: {str(error)[: MAX_DETAIL - 20]}")
        shown = ", ".join(found[:MOST_SHOWN])
        missing = [wanted for wanted in self.expect if wanted.lower().rstrip(".") not in {one.lower() for one in found}]
        if missing:
            return ProbeAnswer(False, took.ms, f"{shown}, expected {', '.join(missing)}"[:MAX_DETAIL], found)
        return ProbeAnswer(True, took.ms, shown[:MAX_DETAIL], found)

    def _records(self, timeout_s: float) -> list[str]:
        """The records as text, names without their last dot. Nothing is taken from a cache."""
        import dns.resolver

        resolver = dns.resolver.Resolver(configure=not self.server)
        if self.server:
            address, resolver.port = _address(self.server)
            _check_allowed(address, resolver.port)
            resolver.nameservers = [address]
        resolver.lifetime, resolver.timeout = timeout_s, timeout_s
        answer = resolver.resolve(f"{self.name}.".replace("..", "."), self.type, search=False)
        return [record.to_text().strip('"').rstrip(".") for record in answer]


def _address(server: str) -> tuple[str, int]:
    """Raises BadField: a name server is given by its address, as its name would have to be looked up first."""
    try:
        host, port = split_host_port(server)
        return str(plain(host)), port or PORT
    except ValueError:
        raise BadField("server", f"found {server!r}, expected an IP address, or address:port") from None


def _check_allowed(address: str, port: int) -> None:
    """A name server on a public address, on its own port, may be asked by everybody. Others need the operator."""
    judged = plain(address)
    if not allowed_by(None).permits(address, judged, port) and not (is_public(judged) and port == PORT):
        entry = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        reason = f"{entry} is not a public name server, and no entry allows it."
        raise Refused(f"{reason} To allow it: MUSTER_EGRESS_ALLOW={entry}")
