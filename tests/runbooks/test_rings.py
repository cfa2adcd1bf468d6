"""Who is called to a run, and who leaves its work to whom."""

import pytest

from plumbing import doorbell
from runbooks.actions.base import Done
from runbooks.engine import claiming, paces, rings, worker
from runbooks.engine.memory import memories
from runbooks.engine.performing import Ended
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import transacted
from runbooks.models import Attempt, Run, Worker
from tests.runbooks.conftest import work_off

pytestmark = pytest.mark.django_db
STEP = "  - {{id: s{n}, title: S{n}, action: scripted, needs: [go], idempotent: true}}\n"
WIDE = (
    "name: wide\ntitle: Wide\nsteps:\n  - {id: go, title: Go, action: scripted, idempotent: true}\n"
    + "".join(STEP.format(n=n) for n in range(6))
    + "  - {id: end, title: End, action: scripted, idempotent: true, needs: [s0, s1, s2, s3, s4, s5]}\n"
)


@pytest.fixture
def rung(monkeypatch) -> list[str]:
    heard: list[str] = []
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: heard.append(subject))
    monkeypatch.setattr(rings, "slots", lambda executor, now: 8)
    monkeypatch.setattr(worker, "paces", fresh := paces.Paces())
    monkeypatch.setattr(rings, "paces", fresh)
    return heard


def note(run: Run, took_s: float) -> None:
    worker.paces.note((run.version_id, "act", "scripted"), took_s)


def fan_out(run: Run) -> list[claiming.Claimed]:
    """Do the first step as a worker does, and claim what comes next: as many at once as their pace allows."""
    first = worker.claim(Attempt.objects.get(step_run__run=run).pk)
    assert first is not None
    return worker._record(run.uid, [(first.attempt, Ended(Done({})))], most=worker.paces.bundle(first.pace))


@pytest.mark.parametrize(
    ("took_s", "mine", "calls"), [(None, 1, 5), (0.2, 1, 5), (0.0001, 6, 0), (0.004, 2, 0), (0.009, 1, 0)]
)
def test_others_are_called_unless_what_is_left_is_known_to_be_quick(start, rung, took_s, mine, calls):
    run = start(WIDE)
    if took_s is not None:
        note(run, took_s)
    rung.clear()
    assert len(fan_out(run)) == mine
    assert rung == [run.uid] * calls


def test_quick_work_that_takes_long_together_is_shared(start, rung, monkeypatch):
    monkeypatch.setattr(rings, "SHARE_S", 0.01)
    run = start(WIDE)
    note(run, 0.004)
    rung.clear()
    fan_out(run)
    assert rung == [run.uid] * 4


@pytest.mark.parametrize(("took_s", "takes"), [(0.0001, 0), (0.2, 1)])
def test_a_worker_leaves_quick_work_to_one_who_is_at_it(start, rung, took_s, takes):
    run = start(WIDE)
    note(run, took_s)
    theirs = fan_out(run)[:1]
    assert theirs
    Attempt.objects.filter(step_run__run=run, state="leased").exclude(pk=theirs[0].attempt.pk).update(
        state="queued", lease_until=None, worker=""
    )
    memories.clear()  # read what stands in the database
    claimed = transacted(lambda: worker._claim_next(lock(run.uid, hot=True), 1))
    assert len(claimed) == takes


def test_nobody_at_it_and_it_is_taken(start, rung):
    run = start(WIDE)
    note(run, 0.0001)
    assert len(transacted(lambda: worker._claim_next(lock(run.uid, hot=True), 1))) == 1


def test_a_ring_names_the_label_of_the_worker_that_passes_on(start, rung, settings, monkeypatch):
    settings.EXECUTOR = "dmz"
    run = start(WIDE.replace("action: scripted", "executor: dmz, action: scripted"))
    first = worker.claim(Attempt.objects.get(step_run__run=run).pk)
    rung.clear()
    worker._record(run.uid, [(first.attempt, Ended(Done({})))], most=0, pass_on=True)
    assert set(rung) == {f"{run.uid}@dmz"}


def test_all_of_it_is_done_whatever_is_rung(start, rung, scripted):
    run = start(WIDE)
    note(run, 0.0001)
    assert work_off(run).state == "succeeded"
    assert len(scripted.steps) == 8
    assert not Worker.objects.exists()
