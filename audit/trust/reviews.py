"""What else the nightly audit looks at: whoever keeps something that attests a checkpoint registers its review here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from audit.inspection import Break


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What one slice of a review came to."""

    breaks: Sequence[Break] = ()
    beyond: int | None = None  # where the next slice goes on; None when all was looked at


Review = Callable[[int], Reviewed]  # it gets `beyond` of its last slice, 0 at first, and takes a second at most

_reviews: dict[str, Review] = {}


def register(name: str, review: Review) -> None:
    """Have the nightly audit call `review` until it says that all was looked at. name: for the place in a finding."""
    _reviews[name] = review


def registered() -> list[tuple[str, Review]]:
    """All reviews, in the order of their names."""
    return sorted(_reviews.items())
