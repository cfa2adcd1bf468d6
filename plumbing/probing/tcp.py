"""`tcp`: whether a connection to host:port comes about."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from plumbing import http
from plumbing.addresses import split_host_port
from plumbing.documented import about
from plumbing.egress import OUTSIDE, Outside
from plumbing.probing.base import ProbeAnswer, Question, read_fields


@dataclass(frozen=True)
class Tcp(Question):
    kind: ClassVar = "tcp"
    address: str = about("host:port to connect to")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given, short="address")
        return found

    @property
    def source(self) -> str:
        return self.address.lower()

    @property
    def target(self) -> str:
        return self.address

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        return self.ask_over(timeout_s, None, OUTSIDE)

    def ask_over(self, timeout_s: float, allow: Iterable[str] | None, outside: Outside) -> ProbeAnswer:
        """Connect with what is allowed, over the given world."""
        host, port = split_host_port(self.address)
        if port is None:
            raise ValueError(f"found {self.address!r}, expected host:port")
        elapsed_ms = http.tcp_connect(host, port, deadline_s=timeout_s, allow=allow, outside=outside)
        return ProbeAnswer(True, elapsed_ms, "connected")
