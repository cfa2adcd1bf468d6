"""What a process remembers of a run is what the rows say: after commits of its own, of others, and after a rollback."""

import pytest

from plumbing.database import atomic
from runbooks.engine import memory, run_lock, worker
from runbooks.engine.memory import Memories
from runbooks.engine.reading import remembered
from runbooks.engine.run_lock import lock
from runbooks.models import Attempt, Run
from runbooks.states import StepState
from tests.runbooks.conftest import due, states

pytestmark = pytest.mark.django_db(transaction=True)

CHAIN = """
name: chain
title: A chain
steps:
  - {id: a, title: A, action: scripted, idempotent: true}
  - {id: b, title: B, action: scripted, idempotent: true, needs: [a]}
  - {id: c, title: C, action: scripted, idempotent: true, needs: [b]}
"""


def equals_the_rows(run: Run) -> bool:
    """Whether a transaction now would believe what a process that knows nothing reads."""
    with atomic():
        work = lock(run.uid)
        cold = remembered(Run.objects.select_related("version__runbook").get(pk=run.pk), work.now)
    return work.memory.board.snapshot() == cold.board.snapshot() and work.memory.outputs == cold.outputs


def test_memory_is_what_a_process_without_one_reads(start, scripted):
    run = start(CHAIN)
    for _ in range(3):
        assert equals_the_rows(run)
        worker.perform(due(run)[0])
    assert set(states(run).values()) == {"done"}


def test_what_was_rolled_back_is_not_believed(start, scripted):
    run = start(CHAIN)
    with pytest.raises(RuntimeError), atomic():
        work = lock(run.uid)
        work.move("b", StepState.SKIPPED, "For a moment.")
        raise RuntimeError
    assert equals_the_rows(run)
    assert states(run)["b"] == "waiting"


def test_two_processes_hear_of_each_other_by_rev(start, scripted, monkeypatch):
    run = start(CHAIN)
    mine, other = Memories(), Memories()
    for turn, memories in enumerate((mine, other, mine)):
        monkeypatch.setattr(run_lock, "memories", memories)
        assert len(due(run)) == 1, f"turn {turn}"
        worker.perform(due(run)[0])
    run.refresh_from_db()
    assert (run.state, scripted.steps) == ("succeeded", ["a", "b", "c"])


def test_a_worker_goes_on_with_the_run_it_is_at(start, scripted):
    run = start(CHAIN)
    assert worker.work_on(run.uid)
    run.refresh_from_db()
    assert (run.state, scripted.steps) == ("succeeded", ["a", "b", "c"])
    assert not worker.work_on(run.uid)


def test_an_attempt_that_isnt_as_remembered_is_read_anew(start, scripted):
    run = start(CHAIN)
    with atomic():
        lock(run.uid).close()
    Attempt.objects.filter(step_run__run=run).update(fence=7)  # nobody tells of it
    assert worker.work_on(run.uid)
    assert scripted.steps == ["a", "b", "c"]


def test_a_memory_is_bounded(monkeypatch, start, scripted):
    monkeypatch.setattr(memory, "MOST_RUNS", 1)
    memories = Memories()
    monkeypatch.setattr(run_lock, "memories", memories)
    runs = [start(CHAIN), start(CHAIN.replace("name: chain", "name: other"))]
    for run in runs:
        with atomic():
            lock(run.uid).close()
    assert memories.take(runs[0].uid) is None
    assert memories.take(runs[1].uid) is not None
