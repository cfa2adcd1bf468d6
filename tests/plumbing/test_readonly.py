# ruff: noqa: S608  (statements of our own)
"""Read-only statements against a real PostgreSQL and a real SQLite: what comes back, and that nothing can change."""

import os
import sqlite3
import time

import psycopg
import pytest

from plumbing import readonly
from plumbing.readonly import StatementFailed, ask, check_statement, names_in
from plumbing.secrets import watched
from plumbing.toolbox import NotInToolbox

SERVER = os.environ.get("MUSTER_DATABASE_URL", "")
SCHEMA = f"muster_readonly_{os.getpid()}"
TABLE = f"{SCHEMA}.orders"


@pytest.fixture(scope="module")
def postgres():
    """A schema of our own on the real server."""
    with psycopg.connect(SERVER, autocommit=True, connect_timeout=3) as connection:
        connection.execute(f"create schema {SCHEMA}")
        connection.execute(f"create table {TABLE} (id int, state text, paid numeric, at timestamptz, raw bytea)")
        row = "n, 'open', n / 4.0, '2026-11-21T03:00Z', '\\x00ff'"
        connection.execute(f"insert into {TABLE} select {row} from generate_series(1, 120) n")
        body = f"begin insert into {TABLE} values (999); return 1; end"
        connection.execute(f"create function {SCHEMA}.sneak() returns int language plpgsql as $$ {body} $$")
        yield connection
        connection.execute(f"drop schema {SCHEMA} cascade")


@pytest.fixture
def asked(settings, tmp_path, monkeypatch):
    """asked(connection, statement, **params): the rows."""
    file = tmp_path / "orders.sqlite3"
    with sqlite3.connect(file) as connection:
        connection.execute("create table orders (id int, state text)")
        connection.executemany("insert into orders values (?, ?)", [(1, "open"), (2, "paid")])
    connection.close()
    settings.TOOLBOX_FILE = str(tmp_path / "toolbox.toml")
    (tmp_path / "toolbox.toml").write_text(
        f'[connections.orders]\nurl = "{SERVER}"\n[connections.local]\nurl = "sqlite:///{file}"\n'
        f'[connections.secret]\nurl = "postgresql://postgres:{{{{ secrets.orders }}}}@127.0.0.1:1/postgres"\n'
        f'[connections.absent]\nurl = "sqlite:////nowhere/x.sqlite3"\n[connections.odd]\nurl = "mysql://x/y"\n'
    )
    monkeypatch.setenv("MUSTER_SECRET_ORDERS", "s3cret-password")

    def ask_it(connection, statement, timeout_s=5.0, **params):
        with watched():
            return ask(connection, statement, params, timeout_s=timeout_s)

    return ask_it


@pytest.mark.postgres
def test_postgresql_answers_in_json(postgres, asked):
    found = asked(
        "orders", f"select id, state, paid, at, raw from {TABLE} where id = :id and state = :state", id=2, state="open"
    )
    assert found.rows == [{"id": 2, "state": "open", "paid": 0.5, "at": "2026-11-21T03:00:00+00:00", "raw": "00ff"}]
    assert found.values()["value"] == 2
    assert not found.more


def test_sqlite_answers_in_json(asked):
    found = asked("local", "select count(*) as n, ':not' as text from orders where state = :state", state="open")
    assert found.rows == [{"n": 1, "text": ":not"}]


@pytest.mark.postgres
def test_rows_are_bounded(postgres, asked):
    found = asked("orders", f"select * from {TABLE} order by id")
    assert (len(found.rows), found.more, found.values()["count"]) == (100, True, 100)


@pytest.mark.postgres
@pytest.mark.parametrize(
    "statement",
    [
        "with gone as (delete from {t} returning id) select * from gone",
        "select {s}.sneak()",
        "select 1; delete from {t}",
        "select 1; commit; delete from {t}",
        "select set_config('transaction_read_only', 'off', false), {s}.sneak()",
        "with x as (select set_config('transaction_read_only', 'off', false)) insert into {t} select 5 from x",
        "select * into {s}.copy from {t}",
        "explain analyze delete from {t}",
        "select nextval(pg_get_serial_sequence('{t}', 'id')), {s}.sneak()",
        "select id from {t} for update",
    ],
)
def test_postgresql_itself_refuses_every_change(postgres, asked, statement):
    with pytest.raises(StatementFailed) as caught:
        asked("orders", statement.format(t=TABLE, s=SCHEMA))
    assert "PostgreSQL refused" in str(caught.value)
    assert not caught.value.retryable
    assert postgres.execute(f"select count(*) from {TABLE}").fetchone() == (120,)


@pytest.mark.parametrize(
    "statement",
    [
        "with x as (select 1) delete from orders",
        "with x as (select 1) insert into orders select 3, 'x' from x",
        "select 1; delete from orders",
        "select load_extension('x')",
    ],
)
def test_sqlite_itself_refuses_every_change(asked, statement):
    with pytest.raises(StatementFailed, match="SQLite refused"):
        asked("local", statement)
    assert asked("local", "select count(*) from orders").values()["value"] == 2


@pytest.mark.parametrize(
    "statement", ["delete from orders", "commit", "", "-- select\ndrop table x", "copy x to program 'id'", "set x = 1"]
)
def test_what_does_not_read_is_not_even_sent(asked, statement):
    with pytest.raises(StatementFailed, match="expected one of SELECT, WITH"):
        asked("local", statement)
    with pytest.raises(ValueError, match="expected"):
        check_statement(statement)


@pytest.mark.postgres
def test_a_value_can_not_become_a_part_of_the_statement(postgres, asked):
    found = asked("orders", f"select count(*) from {TABLE} where state = :state", state="x' or '1'='1")
    assert found.values()["value"] == 0


@pytest.mark.postgres
def test_names_in_texts_casts_and_comments_are_left_alone(postgres, asked):
    statement = "select ':a' as a, 1::int as b, :c as \":d\" -- :e\n, $$:f$$ as f /* :g */, (array[1,2])[1:2] as h"
    assert names_in(statement) == ["c"]
    assert asked("orders", statement, c="x").rows == [{"a": ":a", "b": 1, ":d": "x", "f": ":f", "h": [1, 2]}]


def test_a_missing_value_is_named(asked):
    with pytest.raises(StatementFailed, match=r"needs :state, which params don't have"):
        asked("local", "select * from orders where state = :state")


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("connection", "statement"),
    [
        ("orders", "select pg_sleep(30)"),
        ("local", "with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) from n"),
    ],
)
def test_a_slow_statement_is_cut_by_the_database(postgres, asked, connection, statement):
    began = time.monotonic()
    with pytest.raises(StatementFailed, match=r"no answer within 0\.3 s") as caught:
        asked(connection, statement, timeout_s=0.3)
    assert caught.value.retryable
    assert time.monotonic() - began < 2


def test_no_connection_may_be_tried_again_and_tells_no_password(asked):
    with pytest.raises(StatementFailed, match=r"No connection: .*refused") as caught:
        asked("secret", "select 1")
    assert caught.value.retryable
    assert "s3cret" not in str(caught.value)


def test_a_database_that_is_none_is_told(asked):
    with pytest.raises(StatementFailed, match="SQLite refused: unable to open"):
        asked("absent", "select 1")
    with pytest.raises(StatementFailed, match="begins with mysql:, expected postgresql: or sqlite:"):
        asked("odd", "select 1")
    with pytest.raises(NotInToolbox):
        asked("elsewhere", "select 1")


def test_nothing_attaches_another_file(asked, tmp_path):
    with pytest.raises(StatementFailed):
        asked("local", f"attach '{tmp_path}/x' as x")
    assert not (tmp_path / "x").exists()
    assert readonly.MOST_ROWS == 100
