"""Many rows of one table in one statement: a transition's rows are written together, whatever their number.

On PostgreSQL the values of a column travel as one array, so that the text of a statement doesn't depend on how many
rows there are: it is prepared once. A single row needs no array; SQLite takes a list of rows.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache, partial
from typing import Any, TypeAlias, TypeVar, cast

from django.db import connection, models
from django.db.backends.utils import CursorWrapper

from plumbing import statements

Row = TypeVar("Row", bound=models.Model)
Column: TypeAlias = "models.Field[Any, Any]"
Columns: TypeAlias = tuple[Column, ...]

GUARDED = ("state", "fence")
MOST = 500  # of one statement


def update(
    objects: Sequence[models.Model], fields: Iterable[str], guards: Sequence[tuple[Any, ...]] = ()
) -> list[CursorWrapper]:
    """Write these fields of saved objects, as they stand in memory. The cursors' `rowcount`s say how many were written.

    guards: per object the values that its row must still have in GUARDED, (state, fence) of an attempt; a row that
    has others is left alone."""
    columns = _columns(type(objects[0]), tuple(sorted(set(fields))))
    sent = []
    for first in range(0, len(objects), MOST):
        part = objects[first : first + MOST]
        given = [[each.pk for each in part], *_values(part, columns)]
        given += map(list, zip(*guards[first : first + MOST], strict=True))
        sent.append(_send(_update(type(objects[0]), columns, len(part), bool(guards), connection.vendor), given))
    return sent


def insert(objects: Sequence[models.Model]) -> list[CursorWrapper]:
    """Write new objects. `identify` gives them their keys, once the statements have ended."""
    model = type(objects[0])
    columns = tuple(column for column in model._meta.concrete_fields if not column.primary_key)
    sent = []
    for first in range(0, len(objects), MOST):
        part = objects[first : first + MOST]
        sent.append(_send(_insert(model, columns, len(part), connection.vendor), _values(part, columns)))
    return sent


def identify(objects: Sequence[models.Model], sent: list[CursorWrapper]) -> None:
    """Give inserted objects their primary keys."""
    keys = (key for cursor in sent for (key,) in cursor.fetchall())
    for each, key in zip(objects, keys, strict=True):
        each.pk, each._state.adding, each._state.db = key, False, connection.alias


def select(model: type[models.Model], rest: str, params: Sequence[Any]) -> CursorWrapper:
    """Ask for whole rows; `rest` follows the table's name in FROM. Their columns are called by the table's name."""
    return statements.execute(f"{_select(model)} {rest}", params)


def read(model: type[Row], cursor: CursorWrapper) -> list[Row]:
    """What `select` found, once the statement has ended."""
    names, convert = _converters(model, connection.alias)
    found = cursor.fetchall()
    return [model.from_db(connection.alias, names, row) for row in (convert(found) if found else ())]


@cache
def _select(model: type[models.Model]) -> str:
    table = _quoted(model._meta.db_table)
    columns = ", ".join(f"{table}.{_quoted(each.column)}" for each in model._meta.concrete_fields)
    return f"SELECT {columns} FROM {table}"  # noqa: S608 - names of our own models


@cache
def _converters(model: type[models.Model], alias: str) -> tuple[list[str], Callable[[Iterable[Any]], Iterable[Any]]]:
    """Field names in order, and what makes of a row of the database one of Python."""
    compiler = model._base_manager.using(alias).all().order_by().query.get_compiler(alias)
    columns = [each.get_col(model._meta.db_table) for each in model._meta.concrete_fields]
    converters = compiler.get_converters(columns)
    return [str(each.attname) for each in model._meta.concrete_fields], partial(_converted, compiler, converters)


def _converted(compiler: Any, converters: Any, found: Iterable[Any]) -> Iterable[Any]:
    return cast("Iterable[Any]", compiler.apply_converters(found, converters)) if converters else found


def _columns(model: type[models.Model], names: tuple[str, ...]) -> Columns:
    return tuple(cast("Column", model._meta.get_field(name)) for name in names)


def _key(model: type[models.Model]) -> Column:
    return next(column for column in model._meta.concrete_fields if column.primary_key)


def _values(objects: Sequence[models.Model], columns: Columns) -> list[list[Any]]:
    """Per column, what is to be written of each object."""
    return [
        [column.get_db_prep_save(getattr(each, column.attname), connection) for each in objects] for column in columns
    ]


def _send(sql: str, given: list[list[Any]]) -> CursorWrapper:
    if connection.vendor == "postgresql" and len(given[0]) > 1:
        return statements.execute(sql, given)
    return statements.execute(sql, [value for row in zip(*given, strict=True) for value in row])


@lru_cache(maxsize=512)
def _update(model: type[models.Model], columns: Columns, count: int, guarded: bool, vendor: str) -> str:
    """UPDATE … FROM what is given, by primary key."""
    key = _key(model)
    guards = _columns(model, GUARDED) if guarded else ()
    named = [("pk", key), *((f"new_{each.column}", each) for each in columns)]
    named += [(f"was_{each.column}", each) for each in guards]
    table = _quoted(model._meta.db_table)
    sets = ", ".join(f"{_quoted(each.column)} = given.new_{each.column}" for each in columns)
    where = [f"{table}.{_quoted(key.column)} = given.pk"]
    where += [f"{table}.{_quoted(each.column)} = given.was_{each.column}" for each in guards]
    given = _given(named, count, vendor)
    return f"WITH {given} UPDATE {table} SET {sets} FROM given WHERE {' AND '.join(where)}"  # noqa: S608 - our own names


@lru_cache(maxsize=64)
def _insert(model: type[models.Model], columns: Columns, count: int, vendor: str) -> str:
    key, named = _key(model), [(str(each.column), each) for each in columns]
    names = ", ".join(_quoted(each.column) for each in columns)
    into = f"INSERT INTO {_quoted(model._meta.db_table)} ({names})"
    return f"WITH {_given(named, count, vendor)} {into} SELECT * FROM given RETURNING {_quoted(key.column)}"  # noqa: S608


def _given(named: list[tuple[str, Column]], count: int, vendor: str) -> str:
    """The rows that are given, as a table; each value has the type of its column."""
    names = ", ".join(_quoted(name) for name, _ in named)
    if vendor == "postgresql":
        many = "[]" if count > 1 else ""
        values = ", ".join(f"%s::{_type(column)}{many}" for _, column in named)
        return f"given ({names}) AS (SELECT {f'* FROM unnest({values})' if many else values})"  # noqa: S608
    row = f"({', '.join(['%s'] * len(named))})"
    return f"given ({names}) AS (VALUES {', '.join([row] * count)})"


def _type(column: Column) -> str:
    """The type of its values; of a key that counts by itself, that of columns which point to it."""
    return str(column.rel_db_type(connection) if column.primary_key else column.db_type(connection))


def _quoted(name: str | None) -> str:
    return connection.ops.quote_name(str(name))
