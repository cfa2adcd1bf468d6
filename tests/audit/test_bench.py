"""The benchmark measures what it says. How fast it is stands in docs/benchmarks.md, never in a test."""

from django.db import connection

from audit import bench
from audit.models import Entry
from audit.verify import verify_ledger


def test_appends_are_counted_and_whole(real_database):
    rates = bench.appends(60, streams=2)
    assert Entry.objects.count() == 60 * bench.TURNS
    assert verify_ledger().ok
    assert bench.PlainRow._meta.db_table not in connection.introspection.table_names()
    assert rates.ratio > 0
    assert rates.append_p99_ms > 0
    assert rates.insert_p99_ms > 0


def test_several_writers_are_measured_too(real_database):
    rates = bench.appends(40, writers=4, streams=2)
    assert Entry.objects.count() == 40 * bench.TURNS
    assert (rates.writers, rates.streams) == (4, 2)
