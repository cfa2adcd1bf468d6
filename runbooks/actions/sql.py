"""`sql`: a read-only statement on a named connection. The database itself refuses every change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from plumbing import readonly
from plumbing.documented import BadField
from plumbing.expressions import evaluate
from plumbing.probing.base import check_expectation
from plumbing.probing.sql import check_query
from plumbing.readonly import StatementFailed
from runbooks.actions.base import Action, Context, Done, Failed, Outcome, about, fill
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig

MOST_KEPT = 20  # rows in the output


@dataclass(frozen=True)
class SqlConfig:
    connection: str = about("name of a connection in the toolbox")
    query: str = about("one statement that reads, with :name for each value of params", literal=True)
    params: Any = about("values by name", default_factory=dict)
    expect: str = about("expression (CEL) over value, row, rows and count that must be true", default="true")


class Sql(Action[SqlConfig]):
    kind: ClassVar = "sql"
    title: ClassVar = "SQL check"
    human: ClassVar = False
    config: ClassVar = SqlConfig

    def parse(self, given: Mapping[str, Any]) -> SqlConfig:
        config = fill(SqlConfig, given, action=self.kind)
        try:
            check_query(config.query, config.params)
            check_expectation(config.expect)
        except BadField as error:
            raise BadConfig(self.kind, error.name, error.message) from None
        return config

    def perform(self, config: SqlConfig, context: Context) -> Outcome:
        try:
            found = readonly.ask(config.connection, config.query, config.params, timeout_s=context.deadline_s)
        except StatementFailed as error:
            return Failed(f"{config.connection}: {error}", retryable=error.retryable, effect=Effect.NONE)
        values = found.values()
        output = {**values, "rows": found.rows[:MOST_KEPT], "more": found.more, "elapsed_ms": found.elapsed_ms}
        met = evaluate(config.expect, values)
        if met is True:
            return Done(output)
        shown = str(values["value"])[:100] if found.rows else "no rows"
        error_text = f"{config.connection}: found {shown}, expected {config.expect}."
        return Failed(error_text, retryable=True, effect=Effect.NONE, output=output)

    def source(self, config: SqlConfig) -> str:
        return f"sql {config.connection}"

    def preview(self, config: SqlConfig, context: Context) -> str:
        given = "".join(f"\n  :{name} = {value!r}" for name, value in config.params.items())
        return f"Ask {config.connection}, read-only:\n  {config.query.strip()}{given}\nExpect {config.expect}."
