"""The order of locks: incident, run, stream, request for approval, turnstile. Who keeps it never waits in a circle."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection

from approvals import services as approvals
from approvals.models import ApprovalRequest
from approvals.policies.binding import Act
from approvals.services import deciding
from catalog.models import Service, Team, User
from incidents import services as incidents
from incidents.models import Incident
from incidents.states import IncidentRole
from plumbing import clock
from plumbing.database import atomic
from runbooks import services
from runbooks.engine.run_lock import lock
from runbooks.engine.shell import advance
from runbooks.models import Run
from tests.cast import MakeService
from tests.runbooks.conftest import work_off

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]

PLAN = """
name: ask
title: A plan that asks
inputs:
  part: {type: string, default: disk}
steps:
  - id: wipe
    title: Wipe
    action: scripted
    with: {say: "{{ inputs.part }}"}
    touches: [store]
    approval: {reason: Wipe?, effect: It is gone., undo: None., proof: None.}
    undo: {none: It is gone.}
  - {id: other, title: Other, action: scripted, touches: [store], undo: {none: So.}}
  - {id: call, title: Call, action: manual, assign: "role:commander"}
"""
LOCKS = {  # what a statement locks, in the order in which a transaction may
    "incidents_incident": 0, "runbooks_run": 1, "ledger_stream": 2, "approvals_approvalrequest": 3,
    "runbooks_turnstile": 4,
}  # fmt: skip


@pytest.fixture
def incident(payments_team: Team, make_service: MakeService, commander: User, owner: User) -> Incident:
    store: Service = make_service("store", owner=owner)
    found = incidents.declare(title="Disk full", severity="SEV2", services=[store], declarer=commander)
    return incidents.take_role(found, IncidentRole.COMMANDER, actor=commander).incident


@pytest.fixture
def run(start: Callable[..., Run], publish: Callable[..., Any], incident: Incident, commander: User) -> Run:
    version = publish(PLAN)
    made = services.start_run(
        version, stream=incident.stream, inputs={}, starter=commander, teams=incident.teams.all(),
        assignees={"role:commander": commander},
    )  # fmt: skip
    advance(made.uid)
    return work_off(made)


@contextmanager
def locks_seen() -> Iterator[list[tuple[int, str]]]:
    """What was locked in here, in order, each the first time in its transaction."""
    seen = list[tuple[int, str]]()

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "FOR UPDATE" in sql or sql.startswith("UPDATE runbooks_turnstile"):
            table = next(name for name in LOCKS if name in sql.partition("FROM")[2].partition("WHERE")[0] + sql[:30])
            if (LOCKS[table], table) not in seen:
                seen.append((LOCKS[table], table))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield seen


def seen_at(run: Run, step: str) -> int:
    return int(run.steps.get(step=step).seen_at)


def agree(run: Run, owner: User) -> object:
    asked = ApprovalRequest.objects.get(subject=f"run/{run.uid}/wipe", state="pending")
    return approvals.decide(asked.uid, user=owner, said=approvals.Said("approve", "", asked.digest), now=clock.now())


ACTS: dict[str, Callable[[Run, Incident, User, User], object]] = {
    "skip": lambda run, _, who, owner: services.skip_step(
        run.uid, "wipe", actor=who, seen_at=seen_at(run, "wipe"), reason="No."
    ),
    "change an input": lambda run, _, who, owner: services.change_input(
        run.uid, "part", "fan", actor=who, reason="It is the fan."
    ),
    "cancel": lambda run, _, who, owner: services.cancel_run(run.uid, actor=who, seen_at=run.seen_at, reason="No."),
    "decide": lambda run, _, who, owner: agree(run, owner),
    "give a role": lambda run, incident, who, owner: incidents.give_role(
        incident, IncidentRole.COMMANDER, owner, actor=who
    ),
    "advance": lambda run, _, who, owner: [agree(run, owner), advance(run.uid)],
}


@pytest.mark.parametrize("name", ACTS)
def test_every_act_locks_in_one_order(name: str, run: Run, incident: Incident, commander: User, owner: User) -> None:
    if name == "advance":
        agree(run, owner)
    with locks_seen() as seen:
        advance(run.uid) if name == "advance" else ACTS[name](run, incident, commander, owner)
    assert seen == sorted(seen) and seen


def beside(first: Callable[[], object], second: Callable[[], object]) -> list[Exception]:
    """`first` stops in the middle until `second`, on a connection of its own, waits for a lock. What they raised."""
    raised = list[Exception]()

    def perform(act: Callable[[], object]) -> None:
        try:
            act()
        except Exception as error:
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=perform, args=(act,)) for act in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return raised


def until_somebody_waits() -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_a_role_that_changes_hands_and_a_step_that_ends_do_not_wait_in_a_circle(
    run: Run, incident: Incident, commander: User, owner: User
) -> None:
    locked = threading.Event()

    def engine() -> None:
        with atomic():
            work = lock(run.uid)
            locked.set()
            until_somebody_waits()
            work.say("attempt.late", {"step": "other"})
            work.close()

    def give() -> None:
        locked.wait(10)
        incidents.give_role(incident, IncidentRole.COMMANDER, owner, actor=commander)

    assert beside(engine, give) == []
    assert run.steps.get(step="call").assignee == owner


def test_a_skip_and_the_decision_about_the_same_step_do_not_wait_in_a_circle(
    run: Run, commander: User, owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision stops where it has all its locks."""
    asked, act_now = threading.Event(), deciding.act_now

    def slowly(subject: str) -> Act | None:
        asked.set()
        until_somebody_waits()
        return act_now(subject)

    monkeypatch.setattr(deciding, "act_now", slowly)
    at = seen_at(run, "wipe")

    def skip() -> None:
        asked.wait(10)
        services.skip_step(run.uid, "wipe", actor=commander, seen_at=at, reason="Not needed.")

    assert beside(lambda: agree(run, owner), skip) == []
    assert ApprovalRequest.objects.get(subject=f"run/{run.uid}/wipe").state == "void"
    assert run.steps.get(step="wipe").state == "skipped"
