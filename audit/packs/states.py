"""Which state of a pack that was asked for may follow which."""

from audit.models import PackState
from audit.packs.errors import IllegalPackMove

MOVES: dict[PackState, frozenset[PackState]] = {
    PackState.QUEUED: frozenset({PackState.MAKING, PackState.CANCELLED}),
    PackState.MAKING: frozenset({PackState.MAKING, PackState.DONE, PackState.FAILED, PackState.CANCELLED}),
    PackState.DONE: frozenset(),
    PackState.FAILED: frozenset(),
    PackState.CANCELLED: frozenset(),
}  # from making to making: whoever made it was lost, and another begins anew
OPEN = frozenset(state for state, targets in MOVES.items() if targets)


def check_move(current: str, target: str) -> None:
    """Raises IllegalPackMove unless the table allows current -> target."""
    if PackState(target) not in MOVES[PackState(current)]:
        raise IllegalPackMove(current, target)
