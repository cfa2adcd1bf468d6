"""Many writers at once, and writers that are killed between any two statements: the ledger is whole afterwards."""

import signal
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from audit import checkpoints, ledger
from audit.models import Stream
from audit.verify import verify_ledger, verify_stream
from plumbing.database import atomic
from tests.audit.killed import killed

WRITER = """
from audit import ledger
from plumbing.database import atomic

with connection.execute_wrapper(count), atomic():
    ledger.record("inc_1", "note.added", ledger.SYSTEM, {"a": 1, "b": 2})
    ledger.record("inc_2", "note.added", ledger.SYSTEM, {"a": 1, "b": 2})
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)  # all statements made, nothing committed
"""


def test_concurrent_writers_leave_a_whole_ledger(real_database, person):
    """Eight threads with connections of their own; three streams, one of them everybody's; some roll back."""
    threads, each = 8, 25
    for uid in ("inc_1", "inc_2", "inc_all"):
        ledger.open_stream(uid)
    start = threading.Barrier(threads)

    def write(number: int) -> None:
        start.wait()
        try:
            for turn in range(each):
                try:
                    with atomic():
                        ledger.record(f"inc_{number % 2 + 1}", "note.added", person, {"turn": turn})
                        ledger.record_many("inc_all", [("note.added", person, {"by": number, "turn": turn})] * 2)
                        if turn % 5 == 4:
                            raise RuntimeError
                except RuntimeError:
                    pass
                if turn % 10 == 0:
                    checkpoints.checkpoint()
        finally:
            connection.close()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(write, range(threads)))
    kept = threads * each * 4 // 5
    assert {stream.uid: stream.size for stream in Stream.objects.all()} == {
        "inc_1": kept // 2,
        "inc_2": kept // 2,
        "inc_all": kept * 2,
    }
    assert verify_stream("inc_all").size == kept * 2
    checkpoints.checkpoint()
    report = verify_ledger()
    assert report.ok, [verdict.sentence for verdict in [report.log, *report.streams]]
    assert all(verdict.signed == verdict.size for verdict in report.streams)


def test_a_writer_killed_between_any_two_statements_leaves_a_whole_ledger(real_database, person):
    for uid in ("inc_1", "inc_2"):
        ledger.open_stream(uid)
    statements = 6 if connection.vendor == "postgresql" else 8
    for after in range(statements + 1):
        assert killed(WRITER, after, real_database) == -signal.SIGKILL
        with atomic():
            ledger.record("inc_1", "note.added", person, {"after": after})
        report = verify_ledger()
        assert report.ok, [verdict.sentence for verdict in report.streams]
    assert {stream.uid: stream.size for stream in Stream.objects.all()} == {"inc_1": statements + 1, "inc_2": 0}
