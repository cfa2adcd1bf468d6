"""Several checkpointers at once, and one that is killed between two statements: one log, one history, all signed."""

import signal

import pytest

from audit import checkpoints, ledger, merkle
from audit.models import Checkpoint, Head, LedgerKey, SigningState
from audit.trust import trees, watch
from audit.trust.port import signer
from audit.verify import verify_ledger
from plumbing.database import atomic
from tests.audit.killed import killed
from tests.race import at_once

CHECKPOINTER = """
from audit import checkpoints

with connection.execute_wrapper(count):
    checkpoints.checkpoint()
"""


def write(uid: str, person) -> None:
    ledger.open_stream(uid)
    with atomic():
        ledger.record(uid, "note.added", person, {"text": "x"})


def assert_whole() -> None:
    report = verify_ledger()
    assert report.ok, [verdict.sentence for verdict in [report.log, *report.streams]]


def test_checkpointers_at_once_leave_one_log(real_database, person):
    def checkpointer(number: int):
        def work() -> None:
            for turn in range(4):
                write(f"inc_{number}_{turn}", person)
                assert checkpoints.checkpoint() is not None

        return work

    outcomes = at_once(*(checkpointer(number) for number in range(4)))
    assert outcomes == [None] * 4
    checkpoints.checkpoint()
    assert LedgerKey.objects.count() == 1
    assert Head.objects.count() == 16
    assert Checkpoint.objects.order_by("-size")[0].size == signer().status().signed.size == 16
    assert watch.now().state == SigningState.WELL
    assert_whole()


@pytest.mark.parametrize("after", [0, 3, 6, 9, 12, 15, 18, 21])
def test_a_checkpointer_killed_between_two_statements_is_gone_on_from(after, real_database, person, settings):
    write("inc_1", person)
    checkpoints.checkpoint()
    write("inc_1", person)
    told = {"MUSTER_SIGNER_DIR": str(settings.SIGNER_DIR), "MUSTER_LEDGER_KEY": str(settings.LEDGER_KEY_FILE)}
    told |= {**real_database, "MUSTER_LEDGER_ORIGIN": settings.LEDGER_ORIGIN}
    assert killed(CHECKPOINTER, after, told) in (0, -signal.SIGKILL)
    write("inc_2", person)
    assert checkpoints.checkpoint().size == Head.objects.count() == 3
    assert_whole()


@pytest.mark.django_db
def test_a_long_tree_goes_on_from_where_this_process_was(make_stream, monkeypatch):
    monkeypatch.setattr(trees, "WHOLE", 5)
    monkeypatch.setattr(trees, "_reached", {})
    stream = make_stream("inc_1", 8)
    checkpoints.checkpoint()
    stream = make_stream("inc_1", 4)
    read: list[tuple[int, int]] = []
    leaves = trees.stream_leaves(stream)
    monkeypatch.setattr(trees, "stream_leaves", lambda _: lambda a, b: read.append((a, b)) or leaves(a, b))
    tree = trees.stream_tree(stream, 12)
    assert tree.root() == merkle.root(leaves(0, 12))
    assert read == [(7, 8), (8, 12)]
    other = trees._Reached(merkle.Growing.resumed(8, [bytes(32)]), bytes(32))  # of a database that isn't this one
    monkeypatch.setattr(trees, "_reached", {f"stream {stream.pk} inc_1": other})
    assert trees.stream_tree(stream, 12).root() == tree.root()
