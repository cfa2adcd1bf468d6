"""How high each point stands, after Brandes and Köpf (GD 2001): the mean of the middle two of four alignments. Pure."""

import itertools
from collections.abc import Callable

Columns = list[list[int]]
Neighbours = dict[int, list[int]]
Heights = dict[int, float]


def assign(
    columns: Columns,
    left: Neighbours,
    right: Neighbours,
    is_dummy: Callable[[int], bool],
    height: Callable[[int], float],
    gap: float,
) -> Heights:
    """The middle of each point, in pixels, any origin. Points of a column keep their order and their distance."""
    crossed = _crossed_by_inner(columns, left, is_dummy)
    passes: list[Heights] = []
    for rightward in (True, False):
        for downward in (True, False):
            walked = columns if rightward else columns[::-1]
            walked = walked if downward else [column[::-1] for column in walked]
            toward = left if rightward else right
            root = _align(walked, toward, crossed, rightward=rightward)
            found = _compact(walked, root, height, gap)
            passes.append(found if downward else {point: -y for point, y in found.items()})
    return _balance(passes, columns, height, gap)


def _crossed_by_inner(columns: Columns, left: Neighbours, is_dummy: Callable[[int], bool]) -> set[tuple[int, int]]:
    """Lines that cross a line between two dummies: those stay straight, these give way (type 1 conflicts)."""
    crossed: set[tuple[int, int]] = set()
    for upper, lower in itertools.pairwise(columns):
        place = {point: index for index, point in enumerate(upper)}
        low, done = 0, 0
        for index, point in enumerate(lower):
            inner = next((other for other in left[point] if is_dummy(other)), None) if is_dummy(point) else None
            if inner is None and index < len(lower) - 1:
                continue
            high = place[inner] if inner is not None else len(upper) - 1
            for passed in lower[done : index + 1]:
                for other in left[passed]:
                    if not low <= place[other] <= high and not (is_dummy(passed) and is_dummy(other)):
                        crossed.add((other, passed))
            low, done = high, index + 1
    return crossed


def _align(walked: Columns, toward: Neighbours, crossed: set[tuple[int, int]], *, rightward: bool) -> dict[int, int]:
    """Join each point to the middle one of its neighbours where nothing crosses. Gives point -> its block."""
    root = {point: point for column in walked for point in column}
    place = {point: index for column in walked for index, point in enumerate(column)}
    has_next: set[int] = set()
    for column in walked[1:]:
        reached = -1
        for point in column:
            near = sorted(toward[point], key=place.__getitem__)
            for middle in sorted({(len(near) - 1) // 2, len(near) // 2}) if near else ():
                other = near[middle]
                line = (other, point) if rightward else (point, other)
                if root[point] == point and line not in crossed and place[other] > reached and other not in has_next:
                    root[point] = root[other]
                    has_next.add(other)
                    reached = place[other]
    return root


def _compact(walked: Columns, root: dict[int, int], height: Callable[[int], float], gap: float) -> Heights:
    """Put the blocks as high as their distances allow; longest path over the graph of blocks."""
    below: dict[int, dict[int, float]] = {block: {} for block in root.values()}
    missing = dict.fromkeys(below, 0)
    for column in walked:
        for upper, lower in itertools.pairwise(column):
            one, two = root[upper], root[lower]
            distance = (height(upper) + height(lower)) / 2 + gap
            if two not in below[one]:
                missing[two] += 1
            below[one][two] = max(below[one].get(two, 0.0), distance)
    y = dict.fromkeys(below, 0.0)
    order = [block for block, count in missing.items() if not count]
    tops = set(order)
    for block in order:  # grows while it is walked
        for other, distance in below[block].items():
            y[other] = max(y[other], y[block] + distance)
            missing[other] -= 1
            if not missing[other]:
                order.append(other)
    for block in reversed(order):  # a block with nothing above it comes down to its neighbours
        if block in tops and below[block]:
            y[block] = max(y[block], min(y[other] - distance for other, distance in below[block].items()))
    return {point: y[block] for point, block in root.items()}


def _balance(passes: list[Heights], columns: Columns, height: Callable[[int], float], gap: float) -> Heights:
    """Move the passes over the narrowest one, take the mean of the middle two, and keep the distances."""
    spans = [(min(found.values()), max(found.values())) for found in passes]
    low, high = min(spans, key=lambda span: span[1] - span[0])
    for number, (found, span) in enumerate(zip(passes, spans, strict=True)):
        shift = low - span[0] if number % 2 == 0 else high - span[1]
        passes[number] = {point: y + shift for point, y in found.items()}
    y = {}
    for point in passes[0]:
        four = sorted(found[point] for found in passes)
        y[point] = (four[1] + four[2]) / 2
    for column in columns:  # the mean of two orders keeps the order; rounding must not eat the gap
        for upper, lower in itertools.pairwise(column):
            y[lower] = max(y[lower], y[upper] + (height(upper) + height(lower)) / 2 + gap)
    return y
