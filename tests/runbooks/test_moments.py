"""When a step may begin."""

import datetime as dt
from collections.abc import Callable

import pytest

from plumbing import clock
from plumbing.database import atomic
from runbooks.engine import due, moments, timers
from runbooks.engine.run_lock import lock
from runbooks.errors import BadMoment
from runbooks.models import Run, Timer

NOW = dt.datetime(2026, 11, 21, 22, 0, 30, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("22:00", "2026-11-21T22:00:00+00:00"),
        ("22:01", "2026-11-21T22:01:00+00:00"),
        ("21:59", "2026-11-22T21:59:00+00:00"),
        ("2026-11-21T22:00:00+01:00", "2026-11-21T21:00:00+00:00"),
    ],
)
def test_a_clock_time_is_the_next_one_and_a_moment_has_its_zone(text: str, moment: str) -> None:
    assert moments.moment_of(text, NOW).isoformat() == moment


@pytest.mark.parametrize("text", ["", "later", "24:00", "2026-11-21T22:00:00"])
def test_what_is_no_moment_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(BadMoment, match="Write"):
        moments.moment_of(text, NOW)


@pytest.mark.django_db
def test_a_step_waits_for_its_moment_once(start: Callable[..., Run]) -> None:
    source = """name: later
title: Later
inputs:
  at: {type: string}
steps:
  - id: act
    title: Act
    action: scripted
    not_before: "{{ inputs.at }}"
"""
    run = start(source, inputs={"at": (clock.now() + dt.timedelta(hours=1)).isoformat()})
    with atomic():
        work = lock(run.uid)
        assert not moments.wait_until(work, "act")
        work.close()
    assert run.steps.get().why.startswith("Not before ")
    timer = Timer.objects.get(kind="not_before")
    assert not due.fire(timer.pk)
    Timer.objects.update(due_at=clock.now())
    run.steps.update(not_before=clock.now())
    assert timers.find_timers(clock.now()) == [str(timer.pk)]
    assert due.fire(timer.pk)
