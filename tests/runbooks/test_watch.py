"""Watches: when a condition has held, by the looks that were had at it."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks import actions
from runbooks.actions.base import Again, Context, Done
from runbooks.errors import BadConfig

NOW = dt.datetime(2026, 11, 21, 3, tzinfo=dt.UTC)


def look(holds, at_s, memo, for_s=60.0, every_s=5.0):
    """One look, `at_s` seconds after the first one."""
    action = actions.get("watch")
    config = {
        "when": "values.p95 < 500.0",
        "values": [{"name": "p95", "source": "expression", "config": {"expression": "inputs.p95"}}],
        "stream": "inc_1",
        "sees": {"inputs": {"p95": 400.0 if holds else 600.0} if holds is not None else {}},
        "for_s": for_s,
        "every_s": every_s,
    }
    return action.perform(action.parse(config), Context("key", NOW, 5.0, waited_s=at_s, memo=memo))


def fires_at(looks, **options):
    """Seconds at which a watch fires that looks every 5 s and sees these; None when it doesn't."""
    memo = {}
    for number, holds in enumerate(looks):
        outcome = look(holds, number * 5.0, memo, **options)
        if isinstance(outcome, Done):
            return number * 5.0
        memo = outcome.memo
    return None


def test_it_fires_once_the_condition_has_held_for_long_enough():
    assert fires_at([True] * 20) == 60.0
    assert fires_at([False] * 3 + [True] * 20) == 75.0


def test_flapping_begins_the_count_anew():
    assert fires_at([True] * 11 + [False] + [True] * 11) is None
    assert fires_at([True] * 11 + [False] + [True] * 13) == 120.0


def test_what_could_not_be_had_did_not_hold():
    assert fires_at([True] * 11 + [None] + [True] * 11) is None


@given(st.lists(st.booleans(), max_size=40))
def test_it_fires_at_the_end_of_the_first_stretch_that_is_long_enough(looks):
    stretch, expected = 0, None
    for number, holds in enumerate(looks):
        stretch = stretch + 1 if holds else 0
        if stretch > 4:
            expected = number * 5.0
            break
    assert fires_at(looks, for_s=20.0) == expected


def test_a_silence_did_not_hold():
    memo = look(True, 0.0, {}).memo
    late = look(True, 61.0, memo)  # nobody looked for a minute
    assert isinstance(late, Again) and late.memo["since_s"] == 61.0


def test_it_says_what_it_saw_and_looks_again_in_time():
    outcome = look(True, 58.0, {"since_s": 0.0, "looked_s": 55.0})
    assert isinstance(outcome, Again) and outcome.after_s == pytest.approx(2.0)
    assert outcome.memo["seen"]["p95"]["value"] == 400.0
    done = look(True, 60.0, outcome.memo)
    assert isinstance(done, Done) and done.output["held_s"] == 60.0 and done.output["values"]["p95"]["value"] == 400.0


def test_a_watch_is_no_step():
    with pytest.raises(BadConfig, match="no step"):
        actions.get("watch").parse({})
