"""The picture of a plan: layered, left to right, the same for the same plan. Pure; ui.md section 8.

1. Rank: a step stands one column right of the last step it needs.
2. An edge over several columns runs through a dummy point in each between.
3. Order within a column: depth-first in the author's order, then barycentre sweeps and swaps; the best is kept.
4. Heights: Brandes and Köpf, "Fast and Simple Horizontal Coordinate Assignment" (GD 2001), in runbooks.engine.heights.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from runbooks.engine.heights import assign
from runbooks.engine.ordering import best_order

NODE_W, NODE_H = 146.0, 42.0
GAP_X, GAP_Y = 18.0, 8.0
DUMMY_H = 10.0

Id = str
Pair = tuple[Id, Id]


@dataclass(frozen=True)
class Box:
    """Where a step stands, pixels from the top left."""

    x: float
    y: float
    w: float = NODE_W
    h: float = NODE_H


@dataclass(frozen=True)
class Edge:
    """A line from step a to step b. path: SVG path data."""

    a: Id
    b: Id
    path: str


@dataclass(frozen=True)
class Layout:
    """The whole picture, in pixels. Boxes stand in the author's order."""

    width: float
    height: float
    boxes: dict[Id, Box]
    edges: tuple[Edge, ...]


@dataclass
class Grid:
    """The plan with its dummy points: points per column, and who is next to whom in the neighbour columns.

    Points are numbered from 0: the steps in the author's order, then the dummies."""

    columns: list[list[int]] = field(default_factory=list)
    left: dict[int, list[int]] = field(default_factory=dict)  # neighbours one column to the left
    right: dict[int, list[int]] = field(default_factory=dict)
    first_dummy: int = 0
    chains: dict[tuple[int, int], list[int]] = field(default_factory=dict)

    def is_dummy(self, point: int) -> bool:
        return point >= self.first_dummy

    def height(self, point: int) -> float:
        return DUMMY_H if self.is_dummy(point) else NODE_H


def layout(nodes: Sequence[Id], edges: Sequence[Pair]) -> Layout:
    """Place every node. Raises ValueError when the edges have a cycle or name an unknown node."""
    if not nodes:
        return Layout(0.0, 0.0, {}, ())
    grid = _grid(nodes, edges)
    grid.columns = best_order(grid.columns, grid.left, grid.right)
    middle = assign(grid.columns, grid.left, grid.right, grid.is_dummy, grid.height, GAP_Y)
    top = min(middle[point] - grid.height(point) / 2 for point in middle)
    bottom = max(middle[point] + grid.height(point) / 2 for point in middle)
    column_of = {point: place for place, column in enumerate(grid.columns) for point in column}

    def x(point: int) -> float:
        return column_of[point] * (NODE_W + GAP_X)

    heights = {point: middle[point] - top for point in middle}
    boxes = {node: Box(x(point), round(heights[point] - NODE_H / 2, 1)) for point, node in enumerate(nodes)}
    lines = tuple(
        Edge(nodes[a], nodes[b], _path([(x(point), heights[point]) for point in chain]))
        for (a, b), chain in grid.chains.items()
    )
    return Layout(len(grid.columns) * (NODE_W + GAP_X) - GAP_X, round(bottom - top, 1), boxes, lines)


def critical_path(nodes: Sequence[Id], edges: Sequence[Pair], weight: dict[Id, float] | None = None) -> list[Pair]:
    """Edges of the longest way through the plan (weight: seconds per node, 1 each by default). First one wins a tie."""
    weight = weight or {}
    place = {node: index for index, node in enumerate(nodes)}
    before: dict[Id, list[Id]] = {node: [] for node in nodes}
    for a, b in edges:
        before[b].append(a)
    reach: dict[Id, float] = {}
    came: dict[Id, Id] = {}
    for node in _sorted(nodes, edges):
        best = max(before[node], key=lambda a: (reach[a], -place[a]), default=None)
        reach[node] = weight.get(node, 1.0) + (reach[best] if best is not None else 0.0)
        if best is not None:
            came[node] = best
    last = max(nodes, key=lambda each: (reach[each], -place[each]), default="")
    way = []
    while last in came:
        way.append((came[last], last))
        last = came[last]
    return way[::-1]


def _sorted(nodes: Sequence[Id], edges: Sequence[Pair]) -> list[Id]:
    """Each node after all it needs. Raises ValueError on a cycle or an unknown node."""
    after: dict[Id, list[Id]] = {node: [] for node in nodes}
    missing = dict.fromkeys(nodes, 0)
    for a, b in edges:
        if a not in after or b not in after:
            raise ValueError(f"edge {a} -> {b} names an unknown node")
        after[a].append(b)
        missing[b] += 1
    ready = [node for node in nodes if not missing[node]]
    for node in ready:  # grows while it is walked
        for other in after[node]:
            missing[other] -= 1
            if not missing[other]:
                ready.append(other)
    if len(ready) < len(missing):
        raise ValueError("the edges have a cycle")
    return ready


def _ranks(nodes: Sequence[Id], edges: Sequence[Pair]) -> dict[Id, int]:
    """Column of each node: longest path from the left; one that needs nothing stands next to its first user."""
    order, rank = _sorted(nodes, edges), dict[Id, int]()
    before: dict[Id, list[Id]] = {node: [] for node in nodes}
    after: dict[Id, list[Id]] = {node: [] for node in nodes}
    for a, b in edges:
        before[b].append(a)
        after[a].append(b)
    for node in order:
        rank[node] = max((rank[a] + 1 for a in before[node]), default=0)
    for node in order:
        if after[node] and not before[node]:
            rank[node] = min(rank[b] for b in after[node]) - 1
    return rank


def _grid(nodes: Sequence[Id], edges: Sequence[Pair]) -> Grid:
    rank, number = _ranks(nodes, edges), {node: index for index, node in enumerate(nodes)}
    grid = Grid(columns=[[] for _ in range(max(rank.values()) + 1)], first_dummy=len(nodes))
    points = len(nodes)
    grid.left = {point: [] for point in range(points)}
    grid.right = {point: [] for point in range(points)}
    column = {number[node]: rank[node] for node in nodes}
    for a, b in dict.fromkeys(edges):
        chain = [number[a]]
        for between in range(rank[a] + 1, rank[b]):
            column[points], grid.left[points], grid.right[points] = between, [], []
            chain.append(points)
            points += 1
        chain.append(number[b])
        for one, two in itertools.pairwise(chain):
            grid.right[one].append(two)
            grid.left[two].append(one)
        grid.chains[number[a], number[b]] = chain
    for point in _depth_first(grid, column):
        grid.columns[column[point]].append(point)
    return grid


def _depth_first(grid: Grid, column: dict[int, int]) -> list[int]:
    """All points, walked from those that need nothing in the author's order: streams of work stay together."""
    seen: dict[int, None] = {}
    for start in sorted(point for point in column if not grid.left[point]):
        stack = [start]
        while stack:
            point = stack.pop()
            if point not in seen:
                seen[point] = None
                stack.extend(reversed(grid.right[point]))
    return list(seen)


def _path(points: Sequence[tuple[float, float]]) -> str:
    """SVG path through the chain: curves in the gaps between columns, level lines across them."""
    (x, y), *rest = points
    x += NODE_W
    parts = [f"M{x:g} {y:.1f}"]
    for place, (next_x, next_y) in enumerate(rest):
        if abs(next_y - y) < 0.6:
            parts.append(f"H{next_x:g}")
        else:
            half = (x + next_x) / 2
            parts.append(f"C{half:g} {y:.1f} {half:g} {next_y:.1f} {next_x:g} {next_y:.1f}")
        if place < len(rest) - 1:
            parts.append(f"H{next_x + NODE_W:g}")
        x, y = next_x + NODE_W, next_y
    return "".join(parts)
