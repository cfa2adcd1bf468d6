"""Marks `pure` whatever asks for no database and no server: PostgreSQL could tell nothing new about it."""

import pytest
from django.test import TransactionTestCase

ASKS = frozenset({"db", "transactional_db", "live_server", "real_database"})
MARKS = ("django_db", "postgres", "redis", "faults", "e2e", "drill", "slow")


def is_pure(item: pytest.Item) -> bool:
    by_class = getattr(item, "cls", None)
    if isinstance(by_class, type) and issubclass(by_class, TransactionTestCase):
        return False
    asks = ASKS & set(getattr(item, "fixturenames", ()))
    return not asks and not any(item.get_closest_marker(mark) for mark in MARKS)


@pytest.hookimpl(tryfirst=True)  # before -m looks at the marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if is_pure(item):
            item.add_marker("pure")
