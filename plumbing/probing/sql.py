"""`sql`: what a read-only statement finds on a named connection, and whether an expectation holds for it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from plumbing import readonly
from plumbing.documented import BadField, about
from plumbing.probing.base import MAX_DETAIL, ProbeAnswer, Question, check_expectation, is_met, read_fields


@dataclass(frozen=True)
class Sql(Question):
    kind: ClassVar = "sql"
    connection: str = about("name of a connection in the toolbox")
    query: str = about("one statement that reads, with :name for each value of params", literal=True)
    expect: str = about("expression (CEL) over value, row, rows and count that must be true")
    params: Any = about("values by name", default_factory=dict)

    @classmethod
    def read(cls, given: Any) -> Self:
        found: Self = read_fields(cls, given)
        check_query(found.query, found.params)
        check_expectation(found.expect)
        return found

    @property
    def source(self) -> str:
        return f"sql {self.connection}"

    @property
    def target(self) -> str:
        return f"{self.connection}: {self.query[:80]}"

    def ask(self, timeout_s: float, memo: Mapping[str, Any]) -> ProbeAnswer:
        found = readonly.ask(self.connection, self.query, self.params, timeout_s=timeout_s)
        values = found.values()
        shown = str(values["value"])[:100] if found.rows else "no rows"
        ok = is_met(self.expect, values)
        detail = shown if ok else f"{shown}, expected {self.expect}"
        return ProbeAnswer(ok, found.elapsed_ms, detail[:MAX_DETAIL], values["value"])


def check_query(query: str, params: Any) -> None:
    """Raises BadField unless it is one statement that reads, with a value for each name in it."""
    try:
        readonly.check_statement(query)
    except ValueError as error:
        raise BadField("query", str(error)) from None
    if not isinstance(params, Mapping) or any(isinstance(one, Mapping | list) for one in params.values()):
        raise BadField("params", f"found {params!r}, expected values by name")
    missing = [f":{name}" for name in readonly.names_in(query) if name not in params]
    if missing:
        raise BadField("params", f"{', '.join(missing)} of the query is missing")
