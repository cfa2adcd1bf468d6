"""`prometheus`: the number that a query gives, and whether an expectation holds for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from plumbing import prometheus, toolbox
from plumbing.addresses import host_and_port
from plumbing.documented import BadField, about
from plumbing.probing.base import ProbeAnswer, Question, Stopwatch, check_expectation, is_met, read_fields

ADDRESS = ("http://", "https://")


@dataclass(frozen=True)
class Prometheus(Question):
    kind: ClassVar = "prometheus"
    query: str = about("PromQL that gives one number")
    expect: str = about("expression (CEL) over value and labels that must be true, such as value < 0.5")
    server: str = about("name of a Prometheus in the toolbox, or its address", default="default")

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given)
        check_expectation(found.expect)
        if not found.query.strip() or len(found.query) > prometheus.LONGEST_QUERY:
            raise BadField("query", f"expected 1 to {prometheus.LONGEST_QUERY} characters")
        return found

    @property
    def source(self) -> str:
        return f"prometheus {host_and_port(self.server) if self.server.startswith(ADDRESS) else self.server}"

    @property
    def target(self) -> str:
        return self.query[:100]

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        took, url, headers, allow = Stopwatch(), self.server, {}, None
        if not self.server.startswith(ADDRESS):
            found = toolbox.take("prometheus", self.server, toolbox.Prometheus)
            url, headers, allow = found.url, found.headers, toolbox.allowing(found.url)
        sample = prometheus.ask(url, self.query, timeout_s=timeout_s, headers=headers, allow=allow)
        shown = f"{sample.value:g}"
        if is_met(self.expect, {"value": sample.value, "labels": dict(sample.labels)}):
            return ProbeAnswer(True, took.ms, shown, sample.value)
        return ProbeAnswer(False, took.ms, f"{shown}, expected {self.expect}", sample.value)
