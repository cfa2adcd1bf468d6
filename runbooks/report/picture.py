"""The plan of a run and how far it came: a vector drawing at the page's coordinates, states by shape and word."""

import re

from audit.reports.blocks import Node, Picture
from audit.reports.reading import Reading
from runbooks.engine.layout import layout
from runbooks.engine.model import Definition
from runbooks.report.history import RunTold, title_of

Point = tuple[float, float]

LONGEST_TITLE = 23  # characters in a box, in the width of the letters that we set
MOST_STEPS = 150  # more than that is a carpet, not a picture; the list of steps has them all
COMMAND = re.compile(r"([MHC])([^MHC]*)")


def picture(reading: Reading, run: RunTold, definition: Definition) -> Picture | None:
    """The picture; None for a plan that is too large to be read as one."""
    if len(definition.steps) > MOST_STEPS:
        return None
    placed = layout([s.id for s in definition.steps], [(need, s.id) for s in definition.steps for need in s.needs])
    nodes, steps = [], []
    for step in definition.plan_order:
        box, told = placed.boxes[step.id], run.steps.get(step.id)
        state = told.state if told else "waiting"
        word = reading.words.get(f"runbooks.state.{state}", state)
        title = title_of(reading, run, step)
        steps.append(f"{title}: {word}")
        nodes.append(Node(box.x, box.y, box.w, box.h, _short(title), state, word))
    alt = reading.words("runbooks.picture", steps="; ".join(steps))
    return Picture(placed.width, placed.height, nodes, [points_of(edge.path) for edge in placed.edges], alt)


def _short(title: str) -> str:
    """What of a title fits its box; the table of steps has it whole."""
    return title if len(title) <= LONGEST_TITLE else f"{title[: LONGEST_TITLE - 1].rstrip()}…"


def points_of(path: str) -> list[Point]:
    """The points of an SVG path of M, H and C: a start, then three for every curve; a level line is a flat curve."""
    points: list[Point] = []
    for command, text in COMMAND.findall(path):
        numbers = [float(number) for number in text.split()]
        if command == "M":
            points.append((numbers[0], numbers[1]))
            continue
        x, y = points[-1]
        if command == "H":
            points += [(x, y), (numbers[0], y), (numbers[0], y)]
        else:
            points += list(zip(numbers[0::2], numbers[1::2], strict=True))
    return points
