"""Who stands above whom in a column, so that few lines cross: barycentre sweeps and neighbour swaps. Pure."""

import itertools
from bisect import bisect_right

Neighbours = dict[int, list[int]]
SWEEPS = 12
SWAP_ROUNDS = 4


def best_order(columns: list[list[int]], left: Neighbours, right: Neighbours) -> list[list[int]]:
    """The columns, reordered: the best of SWEEPS sweeps, the given order included."""
    current = [column[:] for column in columns]
    best, fewest = [column[:] for column in current], crossings(current, right)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        _sweep(current, left, right, rightward=sweep % 2 == 0)
        _swap(current, left, right)
        count = crossings(current, right)
        if count < fewest:
            best, fewest = [column[:] for column in current], count
    return best


def crossings(columns: list[list[int]], right: Neighbours) -> int:
    """How many pairs of lines cross."""
    count = 0
    for column, following in itertools.pairwise(columns):
        place = {point: index for index, point in enumerate(following)}
        seen: list[int] = []
        for point in column:
            for target in sorted(place[other] for other in right[point]):
                at = bisect_right(seen, target)
                count += len(seen) - at
                seen.insert(at, target)
    return count


def _sweep(columns: list[list[int]], left: Neighbours, right: Neighbours, *, rightward: bool) -> None:
    """Sort each column by the mean place of its neighbours in the column swept before; the old place breaks ties."""
    numbers = range(1, len(columns)) if rightward else range(len(columns) - 2, -1, -1)
    neighbours = left if rightward else right
    for number in numbers:
        fixed = columns[number - 1 if rightward else number + 1]
        place = {point: index for index, point in enumerate(fixed)}
        column = columns[number]
        old = {point: index for index, point in enumerate(column)}
        weight = {
            point: sum(place[other] for other in neighbours[point]) / len(neighbours[point])
            if neighbours[point]
            else float(old[point])
            for point in column
        }
        column.sort(key=lambda point: (weight[point], old[point]))


def _swap(columns: list[list[int]], left: Neighbours, right: Neighbours) -> None:
    """Swap neighbours while that removes crossings."""
    for number, column in enumerate(columns):
        sides = []
        if number:
            sides.append((left, {point: index for index, point in enumerate(columns[number - 1])}))
        if number < len(columns) - 1:
            sides.append((right, {point: index for index, point in enumerate(columns[number + 1])}))
        for _ in range(SWAP_ROUNDS):
            if not _swap_once(column, sides):
                break


def _swap_once(column: list[int], sides: list[tuple[Neighbours, dict[int, int]]]) -> bool:
    swapped = False
    for index in range(len(column) - 1):
        upper, lower = column[index], column[index + 1]
        if sum(_gain(neighbours[upper], neighbours[lower], place) for neighbours, place in sides) > 0:
            column[index], column[index + 1] = lower, upper
            swapped = True
    return swapped


def _gain(of_upper: list[int], of_lower: list[int], place: dict[int, int]) -> int:
    """Crossings that a swap removes, less those that it makes."""
    return sum(
        (place[a] > place[b]) - (place[a] < place[b])  # two lines cross when the upper point aims lower
        for a in of_upper
        for b in of_lower
    )
