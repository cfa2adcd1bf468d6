"""The picture of a plan: nothing overlaps, no line runs through a step, time runs to the right."""

import itertools
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runbooks.engine.layout import GAP_Y, NODE_H, NODE_W, critical_path, layout


@st.composite
def plans(draw):
    size = draw(st.integers(1, 40))
    nodes = [f"s{index}" for index in range(size)]
    chance = draw(st.sampled_from([0.05, 0.15, 0.3]))
    dice = random.Random(draw(st.integers(0, 10_000)))
    edges = [(nodes[a], nodes[b]) for b in range(size) for a in range(b) if dice.random() < chance]
    return nodes, edges


@settings(max_examples=150, deadline=None)
@given(plans())
def test_steps_never_overlap_and_edges_lead_right(plan):
    nodes, edges = plan
    picture = layout(nodes, edges)
    columns: dict[float, list[float]] = {}
    for box in picture.boxes.values():
        columns.setdefault(box.x, []).append(box.y)
    for heights in columns.values():
        heights.sort()
        assert all(lower - upper >= NODE_H + GAP_Y - 0.2 for upper, lower in itertools.pairwise(heights))
    assert all(picture.boxes[a].x + NODE_W < picture.boxes[b].x for a, b in edges)
    assert all(-0.1 <= box.y <= picture.height - NODE_H + 0.1 for box in picture.boxes.values())


@settings(max_examples=100, deadline=None)
@given(plans())
def test_no_line_runs_through_a_step(plan):
    nodes, edges = plan
    picture = layout(nodes, edges)
    for edge in picture.edges:
        for left, right, y in level_parts(edge.path):
            for node, box in picture.boxes.items():
                if node not in (edge.a, edge.b) and box.x < right and box.x + box.w > left:
                    assert not box.y < y < box.y + box.h, f"{edge.a}->{edge.b} runs through {node}"


@settings(max_examples=50, deadline=None)
@given(plans())
def test_the_same_plan_gives_the_same_picture(plan):
    assert layout(*plan) == layout(*plan)


def test_a_chain_is_a_straight_line():
    picture = layout(["a", "b", "c"], [("a", "b"), ("b", "c")])
    assert len({box.y for box in picture.boxes.values()}) == 1
    assert picture.height == NODE_H


def test_a_cycle_is_refused():
    with pytest.raises(ValueError, match="cycle"):
        layout(["a", "b"], [("a", "b"), ("b", "a")])


def test_an_unknown_node_is_refused():
    with pytest.raises(ValueError, match="unknown node"):
        layout(["a"], [("a", "z")])


def test_the_critical_path_is_the_longest_by_weight():
    nodes, edges = ["a", "b", "c", "d"], [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")]
    assert critical_path(nodes, edges) == [("a", "b"), ("b", "d")]
    assert critical_path(nodes, edges, {"c": 9.0}) == [("a", "c"), ("c", "d")]


def level_parts(path: str) -> list[tuple[float, float, float]]:
    """The horizontal pieces of an SVG path as (left, right, y)."""
    x = y = 0.0
    parts = []
    for command, numbers in re.findall(r"([MHC])([^MHC]*)", path):
        values = [float(number) for number in numbers.split()]
        if command == "H":
            parts.append((x, values[0], y))
            x = values[0]
        else:
            x, y = values[-2], values[-1]
    return parts
