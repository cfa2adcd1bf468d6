"""A bundle that breaks in the middle lets the rest go: nobody renews leases of what nobody does."""

import pytest
from django.db import OperationalError

from runbooks.engine import worker
from runbooks.engine.run_lock import lock
from tests.runbooks.conftest import states, work_off
from tests.runbooks.test_suspects import lose, plan

pytestmark = pytest.mark.django_db


def broken(*_: object, **__: object) -> None:
    raise OperationalError("the connection is lost")


@pytest.mark.parametrize("breaks", ["_record", "act"])
def test_what_a_broken_bundle_left_is_held_by_nobody(breaks, start, scripted, monkeypatch):
    run = start(plan("a", "b"))
    monkeypatch.setattr(worker, "FLUSH_S", -1.0)  # the first result is written before the second step begins
    claimed = worker._claim_next(lock(run.uid, hot=True), 2)
    assert {each.step for each in claimed} == {"a", "b"}
    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(worker, breaks, broken)
        worker._carry_on(claimed)
    held = {each.attempt.pk for each in claimed} & worker.leases._held.keys()
    assert held == set()
    lose(*(each.attempt.pk for each in claimed))
    assert states(work_off(run)) == {"a": "done", "b": "done"}
