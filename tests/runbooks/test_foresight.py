"""Forecasts against brute force: every combination of samples, walked one by one."""

import itertools
from dataclasses import replace
from random import Random
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runbooks.engine.foresight import Task, outlook, quantile, remaining

HALVES = st.integers(0, 60).map(lambda number: number / 2)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Task, ...]:
    """Up to six steps with up to three samples each: at most 729 combinations."""
    tasks: list[Task] = []
    for index in range(draw(st.integers(1, 6))):
        needs = draw(st.sets(st.sampled_from([task.id for task in tasks]), max_size=3)) if tasks else set()
        samples = draw(st.lists(HALVES, min_size=1, max_size=3))
        over = draw(st.integers(0, 5)) == 0 and not needs
        under_way = draw(HALVES) if draw(st.integers(0, 3)) == 0 and not needs else None
        earliest = draw(HALVES) if draw(st.integers(0, 4)) == 0 else 0.0
        tasks.append(Task(f"s{index}", tuple(sorted(needs)), tuple(samples), False, over, under_way, earliest))
    return tuple(tasks)


def by_brute_force(tasks):
    """The end of each combination of what may be left, ordered; each is as likely as the others."""
    ends = []
    for spans in itertools.product(*(remaining(task) for task in tasks)):
        ended: dict[str, float] = {}
        for task, span in zip(tasks, spans, strict=True):
            begin = max([ended[need] for need in task.needs] + [task.earliest_s])
            ended[task.id] = 0.0 if task.over else begin + span
        ends.append(max(ended.values()))
    return sorted(ends)


@given(graphs())
def test_quantiles_are_those_of_all_combinations_within_the_error_that_is_promised(tasks):
    found, ends = outlook(tasks, seed="test"), by_brute_force(tasks)
    margin = 0.08  # four standard errors of a share of one half at 1,000 draws, and some
    for share, seconds in ((0.5, found.p50_s), (0.9, found.p90_s)):
        assert quantile(ends, max(share - margin, 0.0)) <= seconds <= quantile(ends, min(share + margin, 1.0))


@given(graphs(), st.floats(0, 200))
def test_the_chance_is_the_share_of_combinations_that_end_in_time(tasks, within_s):
    found, ends = outlook(tasks, seed="test", within_s=within_s), by_brute_force(tasks)
    assert found.chance == pytest.approx(sum(end <= within_s for end in ends) / len(ends), abs=0.08)


@given(graphs())
def test_the_same_facts_give_the_same_forecast(tasks):
    assert outlook(tasks, seed="one") == outlook(tasks, seed="one")


@given(graphs())
def test_the_critical_way_is_the_longest_in_typical_times(tasks):
    legs = outlook(tasks, seed="test").critical
    certain = tuple(replace(task, samples=(leg_of(task),), under_way_s=None) for task in tasks)
    assert (legs[-1].ends_s if legs else 0.0) == pytest.approx(by_brute_force(certain)[-1])
    by_id = {task.id: task for task in tasks}
    for one, two in itertools.pairwise(legs):
        assert one.id in by_id[two.id].needs and two.begins_s == max(one.ends_s, by_id[two.id].earliest_s)


def leg_of(task: Task) -> float:
    left = sorted(remaining(task))
    middle = len(left) // 2
    return left[middle] if len(left) % 2 else (left[middle - 1] + left[middle]) / 2


def test_ways_that_share_a_step_are_late_together():
    """Maxima of independent distributions would say 21 at p90: one of eight ways would be late in 35 of 100 cases."""
    shared = Task("shared", samples=(0.0,) * 18 + (20.0,))
    halves = [Task(f"half{n}", ("shared",), (1.0,)) for n in range(8)]
    assert outlook((shared, *halves), seed="test").p90_s == 1.0


def test_a_step_under_way_draws_among_what_took_longer():
    assert remaining(Task("a", samples=(1.0, 5.0, 9.0), under_way_s=4.0)) == (1.0, 5.0)
    assert remaining(Task("a", samples=(1.0, 5.0), under_way_s=30.0)) == (30.0,)


def test_a_decision_goes_the_ways_that_it_went_before():
    tasks = (
        Task("look", ways=(frozenset({"quick"}),) * 3 + (frozenset({"slow"}),), named=frozenset({"quick", "slow"})),
        Task("quick", ("look",), (10.0,)),
        Task("slow", ("look",), (100.0,)),
        Task("after_slow", ("slow",), (50.0,)),
        Task("end", ("quick", "after_slow"), (1.0,)),
    )
    found = outlook(tasks, seed="test", within_s=20.0)
    assert (found.p50_s, found.p90_s) == (11.0, 151.0)
    assert found.chance == pytest.approx(0.75, abs=0.05)


def test_nothing_left_ends_now():
    assert outlook((Task("a", over=True),), seed="test").p90_s == 0.0
    assert outlook((), seed="test").critical == ()


def test_ten_thousand_steps_take_less_than_a_second():
    chance = Random(1)
    tasks = []
    for index in range(10_000):
        needs = tuple({f"s{chance.randrange(max(index - 50, 0), index)}" for _ in range(2)}) if index else ()
        tasks.append(Task(f"s{index}", needs, tuple(chance.random() for _ in range(10))))
    began = perf_counter()
    outlook(tuple(tasks), seed="test")
    assert perf_counter() - began < 4  # 0.7 s on two idle cores
