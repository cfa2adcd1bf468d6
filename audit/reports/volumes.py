"""A document of more rows than one PDF may have becomes volumes: tables are cut between rows and go on in the next."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from audit.reports.blocks import Block, Section, Table

MOST_ROWS = 2_500
"""Of one PDF: about 0.4 GB of memory while it is set."""


@dataclass(frozen=True, slots=True)
class Part:
    """A section, or a piece of one. goes_on: it began in the volume before."""

    section: Section
    goes_on: bool = False


def volumes(sections: Sequence[Section], most: int = MOST_ROWS) -> list[list[Part]]:
    """The sections in order, at most `most` rows of tables in each volume; at least one volume."""
    found: list[list[Part]] = [[]]
    room = most
    for section in sections:
        goes_on = False
        for piece, is_new in _pieces(section.blocks, room, most):
            if is_new:
                found.append([])
                room = most
            room -= sum(len(block.rows) for block in piece if isinstance(block, Table))
            if piece:
                found[-1].append(Part(replace(section, blocks=piece), goes_on))
                goes_on = True
    return found


def _pieces(blocks: Iterable[Block], room: int, most: int) -> Iterator[tuple[list[Block], bool]]:
    """The blocks in pieces, and whether a piece begins a volume."""
    piece: list[Block] = []
    is_new = False
    for block in blocks:
        rest = block
        while isinstance(rest, Table) and len(rest.rows) > room:
            if room:
                piece.append(replace(rest, rows=rest.rows[:room]))
            rest = replace(rest, rows=rest.rows[room:])
            yield piece, is_new
            piece, is_new, room = [], True, most
        piece.append(rest)
        if isinstance(rest, Table):
            room -= len(rest.rows)
    yield piece, is_new
