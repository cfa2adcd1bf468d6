"""Whether those who agreed are enough, and whose turn it is. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chair:
    """A seat of a request as counting sees it. asked: who was asked for it. covered: a yes in advance fills it."""

    key: str
    count: int
    asked: frozenset[str]
    covered: bool = False


def filled(chairs: Iterable[Chair], agreed: Iterable[str]) -> dict[str, bool]:
    """key -> whether enough of those asked for the seat agreed. Nobody counts twice in one seat."""
    said = frozenset(agreed)
    return {chair.key: chair.covered or len(chair.asked & said) >= chair.count for chair in chairs}


def next_turn(chairs: Iterable[Chair], agreed: Iterable[str]) -> Chair | None:
    """The first seat that isn't filled: whose turn it is where seats decide one after the other."""
    ordered = list(chairs)
    done: Mapping[str, bool] = filled(ordered, agreed)
    return next((chair for chair in ordered if not done[chair.key]), None)
