"""One read-only statement on a database that the operator named. The database itself enforces that nothing changes.

Needed by runbooks (action `sql`) and plumbing (probe `sql`). PostgreSQL: a transaction that is READ ONLY, with a
statement timeout, and a protocol that takes one statement only. SQLite: opened with mode=ro, and query_only.
"""

import datetime as dt
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import quote, urlsplit

import psycopg

from plumbing import secrets
from plumbing.errors import MusterError
from plumbing.toolbox import Connection, take

READS = ("select", "with", "values", "table", "show", "explain")
LONGEST = 10_000  # characters of a statement
MOST_ROWS = 100
MOST_TEXT = 1_000  # characters of one value
_SKIPPED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$|--[^\n]*|/\*.*?\*/|::"""
_NAMED = re.compile(rf"(?P<skip>{_SKIPPED})|:(?P<name>[a-z_]\w*)", re.DOTALL | re.IGNORECASE)
_FIRST = re.compile(r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*([a-z]+)", re.DOTALL | re.IGNORECASE)


class StatementFailed(MusterError):
    """The database gave no answer, or refused. Nothing was changed. retryable: another try could end better."""

    code = "statement_failed"
    status = 502

    def __init__(self, reason: str, retryable: bool = False) -> None:
        super().__init__(reason, retryable)
        self.reason, self.retryable = reason, retryable

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Rows:
    """What was found. rows: at most 100, JSON by column. more: there are further ones."""

    rows: list[dict[str, Any]]
    more: bool
    elapsed_ms: int

    def values(self) -> dict[str, Any]:
        """What an expectation sees: `rows`, `count`, the first `row`, and the `value` of its first column (or null)."""
        row = self.rows[0] if self.rows else {}
        return {"value": next(iter(row.values()), None), "row": row, "rows": self.rows, "count": len(self.rows)}


def check_statement(statement: str) -> None:
    """Raises ValueError unless the text could be one statement that reads."""
    if len(statement) > LONGEST:
        raise ValueError(f"found {len(statement)} characters, expected at most {LONGEST}")
    first = _FIRST.match(statement)
    if not first or first[1].lower() not in READS:
        raise ValueError(f"found {statement.strip()[:30]!r}, expected one of {', '.join(READS).upper()}")


def names_in(statement: str) -> list[str]:
    """The `:names` of a statement, each once; those inside of texts and comments don't count."""
    return list(dict.fromkeys(found["name"] for found in _NAMED.finditer(statement) if found["name"]))


def ask(connection: str, statement: str, params: Mapping[str, Any], *, timeout_s: float) -> Rows:
    """What the statement finds on the named connection. Raises NotInToolbox, SecretRefused, StatementFailed."""
    url = take("connections", connection, Connection).url
    try:
        check_statement(statement)
    except ValueError as error:
        raise StatementFailed(f"The statement isn't one that reads: {error}.") from None
    missing = [name for name in names_in(statement) if name not in params]
    if missing:
        raise StatementFailed(
            f"The statement needs {', '.join(f':{name}' for name in missing)}, which params don't have."
        )
    scheme, begun = urlsplit(url).scheme, time.monotonic()
    if scheme in ("postgresql", "postgres"):
        rows, more = _ask_postgresql(url, statement, params, timeout_s)
    elif scheme == "sqlite":
        rows, more = _ask_sqlite(urlsplit(url).path[1:], statement, params, timeout_s)
    else:
        raise StatementFailed(f"Connection {connection} begins with {scheme}:, expected postgresql: or sqlite:.")
    return Rows(rows, more, round((time.monotonic() - begun) * 1_000))


def _ask_postgresql(url: str, statement: str, params: Mapping[str, Any], timeout_s: float) -> tuple[list[Any], bool]:
    names = names_in(statement)
    numbered = _NAMED.sub(lambda found: f"${names.index(found['name']) + 1}" if found["name"] else found[0], statement)
    timeout_ms = max(round(timeout_s * 1_000), 1)
    options = f"-c default_transaction_read_only=on -c statement_timeout={timeout_ms} -c lock_timeout={timeout_ms}"
    try:
        with (
            psycopg.connect(
                url,
                connect_timeout=max(round(timeout_s), 2),
                options=options,
                application_name="muster",
                autocommit=True,
            ) as connection,
            psycopg.RawCursor(connection) as cursor,
        ):
            cursor.execute("BEGIN TRANSACTION READ ONLY")
            # With parameters, even none, the protocol takes one statement: nothing can follow a semicolon.
            cursor.execute(numbered.encode(), [params[name] for name in names])
            if cursor.description is None:
                return [], False
            found = cursor.fetchmany(MOST_ROWS + 1)
            return _rows([column.name for column in cursor.description], found)
    except psycopg.errors.QueryCanceled:
        raise StatementFailed(f"It gave no answer within {timeout_s:g} s.", retryable=True) from None
    except psycopg.OperationalError as error:
        raise StatementFailed(f"No connection: {_first_line(error)}", retryable=True) from None
    except psycopg.Error as error:
        raise StatementFailed(f"PostgreSQL refused: {_first_line(error)}") from None


def _ask_sqlite(path: str, statement: str, params: Mapping[str, Any], timeout_s: float) -> tuple[list[Any], bool]:
    ends = time.monotonic() + timeout_s
    try:
        with _opened_sqlite(path, timeout_s) as connection:
            connection.set_progress_handler(lambda: time.monotonic() > ends, 10_000)
            cursor = connection.execute(statement, {name: params[name] for name in names_in(statement)})
            if cursor.description is None:
                return [], False
            return _rows([column[0] for column in cursor.description], cursor.fetchmany(MOST_ROWS + 1))
    except sqlite3.OperationalError as error:
        if str(error) == "interrupted":
            raise StatementFailed(f"It gave no answer within {timeout_s:g} s.", retryable=True) from None
        retryable = "locked" in str(error) or "busy" in str(error)
        raise StatementFailed(f"SQLite refused: {_first_line(error)}", retryable=retryable) from None
    except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
        raise StatementFailed(f"SQLite refused: {_first_line(error)}") from None


@contextmanager
def _opened_sqlite(path: str, timeout_s: float) -> Iterator[sqlite3.Connection]:
    """A connection that can't write, attach other files or change its settings."""
    connection = sqlite3.connect(f"file:{quote(path)}?mode=ro", uri=True, timeout=timeout_s)
    try:
        connection.execute("PRAGMA query_only=ON")
        forbidden = {sqlite3.SQLITE_ATTACH, sqlite3.SQLITE_DETACH, sqlite3.SQLITE_PRAGMA, sqlite3.SQLITE_TRANSACTION}
        connection.set_authorizer(lambda action, *_: sqlite3.SQLITE_DENY if action in forbidden else sqlite3.SQLITE_OK)
        yield connection
    finally:
        connection.close()


def _rows(columns: Sequence[str], found: Sequence[Sequence[Any]]) -> tuple[list[dict[str, Any]], bool]:
    rows = [{name: as_json(value) for name, value in zip(columns, row, strict=True)} for row in found[:MOST_ROWS]]
    return rows, len(found) > MOST_ROWS


def as_json(value: Any) -> Any:
    """A database's value as JSON. Long texts are cut; what JSON doesn't know becomes text."""
    match value:
        case None | bool() | int():
            return value
        case float() | Decimal():
            number = float(value)
            return number if number == number and abs(number) != float("inf") else str(value)
        case dt.timedelta():
            return value.total_seconds()
        case dt.datetime() | dt.date() | dt.time():
            return value.isoformat()
        case bytes() | memoryview():
            return secrets.hidden(bytes(value).hex())[:MOST_TEXT]
        case Mapping():
            return {str(name): as_json(item) for name, item in value.items()}
        case list() | tuple():
            return [as_json(item) for item in value]
    return secrets.hidden(str(value))[:MOST_TEXT].replace("\x00", "")


def _first_line(error: Exception) -> str:
    text = secrets.hidden(str(error)).strip() or type(error).__name__
    return text.splitlines()[0][:300]
