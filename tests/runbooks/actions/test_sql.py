"""`sql` asks a real PostgreSQL. That nothing can be changed there is shown in tests/plumbing/test_readonly.py."""

import os

import pytest

from runbooks import actions
from runbooks.actions.base import Context, Done
from runbooks.actions.sources import preview_of
from runbooks.engine.model import Effect
from runbooks.errors import BadConfig
from tests.runbooks.actions.conftest import NOW, perform

SERVER = os.environ.get("MUSTER_DATABASE_URL", "")
pytestmark = pytest.mark.postgres
QUERY = "select n, n * 2 as double from generate_series(1, :most) n order by n"


@pytest.fixture(autouse=True)
def box(toolbox):
    toolbox(
        f'[connections.orders]\nurl = "{SERVER}"\n'
        '[connections.dead]\nurl = "postgresql://postgres@127.0.0.1:1/postgres"\n'
    )


def test_rows_are_the_output_and_some_are_kept():
    outcome = perform("sql", {"connection": "orders", "query": QUERY, "params": {"most": 150}})
    assert isinstance(outcome, Done)
    assert outcome.output["rows"][2] == {"n": 3, "double": 6}
    assert (len(outcome.output["rows"]), outcome.output["count"], outcome.output["more"]) == (20, 100, True)
    assert (outcome.output["value"], outcome.output["row"]) == (1, {"n": 1, "double": 2})


def test_an_expectation_decides_whether_the_check_holds():
    given = {"connection": "orders", "query": QUERY, "params": {"most": 3}}
    assert isinstance(perform("sql", {**given, "expect": "count == 3 && rows.all(r, r.double == r.n * 2)"}), Done)
    failed = perform("sql", {**given, "expect": "value > 5"})
    assert (failed.error, failed.effect, failed.retryable) == (
        "orders: found 1, expected value > 5.",
        Effect.NONE,
        True,
    )
    assert failed.output["count"] == 3


@pytest.mark.parametrize(
    ("connection", "query", "says", "retryable"),
    [
        ("orders", "select * from nowhere", 'orders: PostgreSQL refused: relation "nowhere"', False),
        ("orders", "with x as (delete from pg_class) select 1", "orders: PostgreSQL refused", False),
        ("orders", "select pg_sleep(9)", "orders: It gave no answer within 0.5 s.", True),
        ("dead", "select 1", "dead: No connection: ", True),
    ],
)
def test_a_failure_changed_nothing(connection, query, says, retryable):
    failed = perform("sql", {"connection": connection, "query": query}, deadline_s=0.5)
    assert failed.error.startswith(says)
    assert (failed.effect, failed.retryable) == (Effect.NONE, retryable)


def test_a_preview_shows_statement_and_values():
    text = preview_of("sql", {"connection": "orders", "query": QUERY, "params": {"most": 3}}, Context("k", NOW, 5.0))
    assert text.splitlines()[:3] == ["Ask orders, read-only:", f"  {QUERY}", "  :most = 3"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"connection": "a"}, "query"),
        ({"connection": "a", "query": "update x set y = 1"}, "query"),
        ({"connection": "a", "query": "select :a"}, "params"),
        ({"connection": "a", "query": "select :a", "params": {"a": [1]}}, "params"),
        ({"connection": "a", "query": "select 1", "expect": "value >"}, "expect"),
    ],
)
def test_a_wrong_configuration_names_its_field(given, field):
    with pytest.raises(BadConfig) as caught:
        actions.get("sql").parse(given)
    assert caught.value.name == field
