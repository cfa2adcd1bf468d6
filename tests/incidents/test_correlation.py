"""The rule that joins signals into incidents, on its own: no database, no clock."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incidents.correlation import CLOCK_SKEW, FRESH, Member, Newcomer, Place, choose, components, touch

T0 = dt.datetime(2026, 11, 20, 14, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
PARTS = components([(1, 2), (2, 3), (8, 9)])


def newcomer(service=1, at=T0, name=""):
    return Newcomer(Place(service, name), at, MINUTE)


def member(incident=7, service=3, at=T0, burns=True, name=""):
    return Member(incident, Place(service, name), at, burns)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (Place(1), Place(1), True),
        (Place(1), Place(3), True),
        (Place(3), Place(1), True),
        (Place(1), Place(8), False),
        (Place(5), Place(5), True),  # in no dependency at all
        (Place(5), Place(6), False),
        (Place(None, "Load"), Place(None, "Load"), True),
        (Place(None, "Load"), Place(None, "Disk"), False),
        (Place(None, "Load"), Place(1, "Load"), False),
    ],
)
def test_places_touch_when_a_path_connects_them(one, other, expected):
    assert touch(one, other, PARTS) is expected


@pytest.mark.parametrize(("apart", "expected"), [(0, True), (60, True), (-60, True), (61, False), (-61, False)])
def test_close_in_time_joins_whoever_came_first(apart, expected):
    late = T0 + dt.timedelta(seconds=apart)
    found = choose(newcomer(at=late), [member(burns=False)], PARTS, now=None)
    assert (found is not None) is expected


@pytest.mark.parametrize(
    ("age", "burns", "expected"),
    [
        (5 * MINUTE, True, True),
        (5 * MINUTE, False, False),
        (FRESH, True, True),
        (FRESH + MINUTE, True, False),
        (-CLOCK_SKEW, True, True),
        (-CLOCK_SKEW - MINUTE, True, False),
    ],
)
def test_a_fresh_signal_joins_what_still_burns(age, burns, expected):
    found = choose(newcomer(at=T0), [member(at=T0 - 30 * MINUTE, burns=burns)], PARTS, now=T0 + age)
    assert (found is not None) is expected


def test_far_away_nothing_joins():
    assert choose(newcomer(service=8), [member()], PARTS, now=T0) is None


def test_the_closest_in_time_wins_and_time_wins_over_burning():
    members = [
        member(1, at=T0 - 40 * dt.timedelta(seconds=1), burns=False),
        member(2, at=T0 - 20 * dt.timedelta(seconds=1), burns=False),
        member(3, at=T0 - 5 * MINUTE, burns=True),
    ]
    assert choose(newcomer(), members, PARTS, now=T0).incident == 2


nodes = st.integers(0, 12)
edges = st.lists(st.tuples(nodes, nodes), max_size=25)


@given(edges, nodes, nodes)
def test_components_are_what_a_walk_finds(found, start, goal):
    reached, frontier = {start}, {start}
    while frontier:
        frontier = {b for a, b in found + [(b, a) for a, b in found] if a in frontier} - reached
        reached |= frontier
    assert touch(Place(start), Place(goal), components(found)) is (goal in reached)


moments = st.integers(-300, 300).map(lambda seconds: T0 + dt.timedelta(seconds=seconds))
crowds = st.lists(st.builds(member, st.integers(1, 5), nodes, moments, st.booleans()), max_size=12)


@given(crowds, nodes, moments, st.randoms())
def test_the_choice_does_not_depend_on_the_order_of_the_members(crowd, service, at, dice):
    shuffled = dice.sample(crowd, len(crowd))
    choices = [choose(newcomer(service, at), some, PARTS, now=T0) for some in (crowd, shuffled)]
    assert choices[0] == choices[1]
