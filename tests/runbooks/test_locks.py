"""Locks of steps: who waits for whom, in which order, and what the histories say; without the engine's own moves."""

from collections.abc import Callable
from typing import Any

import pytest

from audit.selectors import entries
from catalog.models import Service, Team, User
from catalog.services import connect
from plumbing import doorbell
from plumbing.database import atomic
from runbooks.engine import due, locks, queueing
from runbooks.engine.run_lock import lock
from runbooks.errors import NoSuchResource, NotWaiting
from runbooks.models import Lock, Resource, Run, StepRun, Timer
from runbooks.states import LockState, RunState, StepState

pytestmark = pytest.mark.django_db
MakeRun = Callable[..., Run]

PLAN = """name: {name}
title: A plan
steps:
  - id: first
    title: Restart it
    action: scripted
    touches: [{touches}]
    resources: [{resources}]
  - id: second
    title: Restart it again
    action: scripted
    needs: [first]
    touches: [{touches}]
"""


@pytest.fixture
def make_run(start: MakeRun) -> MakeRun:
    """A run whose steps touch these services; its steps wait, and the test asks for their locks."""
    made: list[Run] = []

    def make(*touches: str, resources: str = "", **options: Any) -> Run:
        source = PLAN.format(name=f"plan-{len(made)}", touches=", ".join(touches), resources=resources)
        made.append(start(source.replace("    resources: []\n", ""), **options))
        return made[-1]

    return make


def take(run: Run, step: str = "first") -> bool:
    with atomic():
        work = lock(run.uid)
        taken = locks.take(work, step)
        work.close()
    return taken


def free(run: Run, step: str = "first") -> None:
    with atomic():
        work = lock(run.uid)
        locks.free(work, step)
        work.close()


def collect(run: Run) -> list[str]:
    with atomic():
        work = lock(run.uid)
        changed = locks.collect(work)
        work.close()
    return changed


def said(run: Run, kind: str) -> list[dict[str, Any]]:
    return [dict(entry.fields) for entry in entries(run.stream) if entry.kind == kind]


def row(run: Run, step: str = "first") -> StepRun:
    return run.steps.get(step=step)


def next_uids() -> list[str]:
    return queueing.next_in_line()


def test_a_free_service_is_had_at_once(make_run: MakeRun, api: Service) -> None:
    run = make_run("api")
    assert take(run)
    assert row(run).locks == LockState.HELD
    (held,) = said(run, "lock.held")
    assert (held["services"], held["step"], held["waited_s"]) == (["api"], "first", 0)


def test_the_same_service_is_had_by_one_and_the_next_gets_it_when_it_is_freed(make_run: MakeRun, api: Service) -> None:
    one, two = make_run("api"), make_run("api")
    assert take(one)
    assert not take(two)
    assert row(two).locks == LockState.QUEUED
    assert collect(two) == [], "still held"
    free(one)
    assert next_uids() == [two.uid]
    assert collect(two) == ["first"]
    assert row(two).locks == LockState.HELD
    assert [said(one, kind)[0]["turn"] for kind in ("lock.held", "lock.freed")] == [1, 4]


@pytest.mark.parametrize(("one", "two"), [("edge", "api"), ("api", "edge"), ("store", "api")])
def test_neighbours_conflict_whatever_the_direction(make_run: MakeRun, edge: Service, one: str, two: str) -> None:
    assert take(make_run(one))
    assert not take(make_run(two))


def test_two_consumers_of_one_service_work_beside_each_other(
    make_run: MakeRun, make_service: Callable[..., Service], store: Service
) -> None:
    make_service("left", needs=[store])
    make_service("right", needs=[store])
    assert take(make_run("left"))
    assert take(make_run("right"))
    assert not take(make_run("store"))


def test_two_steps_of_one_run_conflict_too(make_run: MakeRun, api: Service) -> None:
    run = make_run("api")
    assert take(run, "first")
    assert not take(run, "second")


def test_nobody_overtakes_who_asked_before(make_run: MakeRun, edge: Service, store: Service) -> None:
    holder, wide, late = make_run("edge"), make_run("edge", "store"), make_run("store")
    assert take(holder)
    assert not take(wide), "edge is held"
    assert not take(late), "store is free, but was asked for before"
    free(holder)
    assert next_uids() == [wide.uid]
    assert collect(wide) == ["first"]
    assert collect(late) == []
    free(wide)
    assert collect(late) == ["first"]


def test_who_cannot_go_on_keeps_nobody_waiting(make_run: MakeRun, api: Service) -> None:
    holder, paused, held_back, late = (make_run("api") for _ in range(4))
    assert [take(each) for each in (holder, paused, held_back, late)] == [True, False, False, False]
    Run.objects.filter(pk=paused.pk).update(state=RunState.PAUSED)
    StepRun.objects.filter(pk=row(held_back).pk).update(held="Amara: not yet")
    free(holder)
    assert collect(paused) == collect(held_back) == []
    assert collect(late) == ["first"]
    Run.objects.filter(pk=paused.pk).update(state=RunState.RUNNING)
    free(late)
    assert next_uids() == [paused.uid], "it kept its place"


def test_a_resource_is_used_by_as_many_as_it_bears(make_run: MakeRun, payments_team: Team) -> None:
    Resource.objects.create(slug="cluster", capacity=2, team=payments_team)
    runs = [make_run(resources="cluster") for _ in range(4)]
    assert [take(run) for run in runs] == [True, True, False, False]
    free(runs[0])
    assert next_uids() == [runs[2].uid]
    assert [collect(run) for run in runs[2:]] == [["first"], []]


def test_a_resource_that_is_gone_is_refused_with_a_remedy(make_run: MakeRun, payments_team: Team) -> None:
    resource = Resource.objects.create(slug="cluster", team=payments_team)
    run = make_run(resources="cluster")
    resource.delete()
    with pytest.raises(NoSuchResource, match="Enter it with its capacity"):
        take(run)


def test_a_service_that_left_the_catalog_locks_nothing(make_run: MakeRun, make_service: Callable[..., Service]) -> None:
    gone = make_service("gone")
    runs = [make_run("gone") for _ in range(2)]
    gone.delete()
    assert [take(run) for run in runs] == [True, True]
    assert not Lock.objects.exists()


def test_a_run_that_is_being_made_asks_later(make_run: MakeRun, api: Service) -> None:
    run = make_run("api")
    with atomic():
        work = lock(run.uid)
        work.is_new = True
        assert not locks.take(work, "first")
        work.close()
    assert row(run).locks == LockState.QUEUED
    assert collect(run) == ["first"]


def test_what_a_steps_end_has_left_is_collected(make_run: MakeRun, api: Service) -> None:
    run = make_run("api")
    take(run)
    StepRun.objects.filter(pk=row(run).pk).update(state=StepState.UNKNOWN)
    assert collect(run) == [], "it may still be going on"
    StepRun.objects.filter(pk=row(run).pk).update(state=StepState.FAILED)
    assert collect(run) == ["first"]
    assert not Lock.objects.exists()


def test_freeing_rings_the_next_and_nobody_else(
    make_run: MakeRun, api: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, str]] = []
    runs = [make_run("api") for _ in range(3)]
    for run in runs:
        take(run)
    monkeypatch.setattr(doorbell, "ring", lambda kind, subject: rung.append((kind, subject)))
    free(runs[0])
    assert rung == [("run", runs[1].uid)]


# the reader


def test_the_reason_names_a_holder_only_to_readers_of_the_same_history(make_run: MakeRun, api: Service) -> None:
    one, other = make_run("api"), make_run("api")
    take(one)
    take(one, "second")
    take(other)
    assert row(one, "second").why == "Waits for “Restart it”, which works there."
    assert row(other).why.startswith("Waits for another run, which works there")
    assert "Restart" not in said(other, "lock.queued")[0]["why"]


# the bound of a wait, and overrides


def test_a_wait_that_is_too_long_asks_a_person_once(make_run: MakeRun, api: Service) -> None:
    one, two = make_run("api"), make_run("api")
    take(one)
    take(two)
    timer = Timer.objects.get(step_run=row(two))
    assert not due.fire(timer.pk), "not yet"
    Timer.objects.filter(pk=timer.pk).update(due_at=timer.run.started_at)
    assert [due.fire(timer.pk), due.fire(timer.pk)] == [True, False]
    found = row(two)
    assert found.overdue
    assert "Override, or wait on." in found.why
    assert len(said(two, "lock.overdue")) == 1
    free(one)
    assert collect(two) == ["first"]
    assert not row(two).overdue, "it is no longer late for its lock"


def test_an_override_is_in_both_histories_and_lets_the_step_go(
    make_run: MakeRun, api: Service, commander: User
) -> None:
    one, two = make_run("api"), make_run("api")
    take(one)
    take(two)
    with atomic():
        work = lock(two.uid)
        locks.override(work, "first", commander, "The other one hangs, and customers wait.")
        work.close()
    assert row(two).locks == LockState.HELD
    assert Lock.objects.get(step_run=row(two)).overridden_by == commander
    (ours,), (theirs,) = said(two, "lock.overridden"), said(one, "lock.overridden")
    assert ours["reason"] == theirs["reason"] == "The other one hangs, and customers wait."
    assert (ours["run"], theirs["run"]) == (two.uid, one.uid)
    assert ours["over"] == theirs["over"] == ["another run"]
    assert not Timer.objects.filter(fired_at=None).exists()


def test_there_is_nothing_to_override_for_who_does_not_wait(make_run: MakeRun, api: Service, commander: User) -> None:
    run = make_run("api")
    take(run)
    with atomic(), pytest.raises(NotWaiting):
        locks.override(lock(run.uid), "first", commander, "why not")


# families


def nested_in(parent: Run, make_run: MakeRun, *touches: str, step: str = "first") -> Run:
    child = make_run(*touches)
    Run.objects.filter(pk=child.pk).update(parent=row(parent, step))
    return Run.objects.get(pk=child.pk)


def test_a_nested_run_does_not_wait_for_the_step_that_waits_for_it(make_run: MakeRun, api: Service) -> None:
    parent = make_run("api")
    take(parent)
    child = nested_in(parent, make_run, "api")
    grandchild = nested_in(child, make_run, "api", step="second")
    assert take(grandchild)
    assert not take(child), "its own grandchild's step is another step"
    assert not take(make_run("api"))


def test_a_nested_run_does_not_stand_behind_who_waits_for_its_family(
    make_run: MakeRun, edge: Service, store: Service
) -> None:
    parent, stranger = make_run("edge"), make_run("edge", "store")
    take(parent)
    assert not take(stranger)
    child = nested_in(parent, make_run, "store")
    assert take(child), "else parent, stranger and child would wait for each other"


def test_families_that_wait_for_each_other_ask_a_person_at_once(
    make_run: MakeRun, edge: Service, store: Service
) -> None:
    left, right = make_run("edge"), make_run("store")
    take(left)
    take(right)
    inner_left, inner_right = nested_in(left, make_run, "store"), nested_in(right, make_run, "edge")
    assert not take(inner_left)
    assert not row(inner_left).overdue
    assert not take(inner_right)
    assert row(inner_right).overdue
    assert "in a circle" in row(inner_right).why


def test_an_undo_does_not_wait_for_the_step_that_it_takes_back(make_run: MakeRun, api: Service) -> None:
    run = make_run("api")
    take(run)
    undo = StepRun.objects.create(
        run=run, step="undo:first", of="first", role="undo", position=9, changed_at=run.started_at
    )
    Lock.objects.create(step_run=undo, service=api, asked_at=run.started_at)
    claim = queueing.claim_of(undo)
    assert claim is not None
    assert queueing.in_the_way(claim) == {}


def test_a_dependency_declared_meanwhile_counts_for_the_next(
    make_run: MakeRun, make_service: Callable[..., Service]
) -> None:
    one, two = make_service("one"), make_service("two")
    assert take(make_run("one"))
    assert take(make_run("two"))
    connect(one, two)
    assert not take(make_run("two"))
