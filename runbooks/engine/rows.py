"""Many rows of one table in one statement: a transition's rows are written together, whatever their number."""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, cast

from django.db import connection, models

GUARDED = ("state", "fence")
MOST = 500  # of one statement


def update(objects: Sequence[models.Model], fields: Iterable[str], guards: Sequence[tuple[Any, ...]] = ()) -> int:
    """Write these fields of saved objects, as they stand in memory. Returns how many rows were written.

    guards: per object the values that its row must still have in GUARDED, (state, fence) of an attempt; a row that
    has others is left alone."""
    names, written = tuple(sorted(set(fields))), 0
    for first in range(0, len(objects), MOST):
        written += _update(objects[first : first + MOST], names, guards[first : first + MOST])
    return written


def _update(objects: Sequence[models.Model], names: tuple[str, ...], guards: Sequence[tuple[Any, ...]]) -> int:
    model = type(objects[0])
    columns = [_column(model, name) for name in names]
    params: list[Any] = []
    for index, each in enumerate(objects):
        params.append(each.pk)
        params += [column.get_db_prep_save(getattr(each, column.attname), connection) for column in columns]
        params += guards[index] if guards else ()
    with connection.cursor() as cursor:
        cursor.execute(_statement(model, names, len(objects), bool(guards), connection.vendor), params)
        return int(cursor.rowcount)


def _column(model: type[models.Model], name: str) -> "models.Field[Any, Any]":
    return cast("models.Field[Any, Any]", model._meta.get_field(name))


@lru_cache(maxsize=512)
def _statement(model: type[models.Model], names: tuple[str, ...], count: int, guarded: bool, vendor: str) -> str:
    """UPDATE … FROM a list of values. PostgreSQL takes bare literals for text, so each is cast to its column's type."""
    quoted = connection.ops.quote_name
    guards = [f"was_{name}" for name in GUARDED] if guarded else []
    given = ["pk", *(f"new_{name}" for name in names), *guards]
    sets = []
    for name in names:
        column = _column(model, name)
        value = f"given.new_{name}"
        if vendor == "postgresql":
            value = f"CAST({value} AS {column.db_type(connection)})"
        sets.append(f"{quoted(str(column.column))} = {value}")
    row = f"({', '.join(['%s'] * len(given))})"
    where = [f"{quoted(model._meta.db_table)}.id = given.pk"]
    where += [f"{quoted(model._meta.db_table)}.{name} = given.was_{name}" for name in GUARDED if guarded]
    return (
        f"WITH given ({', '.join(given)}) AS (VALUES {', '.join([row] * count)}) "  # noqa: S608 - names of our own models
        f"UPDATE {quoted(model._meta.db_table)} SET {', '.join(sets)} FROM given WHERE {' AND '.join(where)}"
    )
