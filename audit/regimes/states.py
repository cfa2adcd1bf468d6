"""What may become of a clock and of a version of a regime."""

from audit.models import ClockState as C
from audit.models import VersionState as V
from audit.regimes.errors import IllegalTransition

CLOCK_MOVES: dict[str, frozenset[str]] = {
    C.RUNNING: frozenset({C.LATE, C.MET, C.MET_LATE, C.NOT_NEEDED, C.VOID}),
    C.LATE: frozenset({C.RUNNING, C.MET, C.MET_LATE, C.NOT_NEEDED, C.VOID}),  # running: a correction moved the limit
    C.MET: frozenset({C.RUNNING, C.LATE, C.MET_LATE, C.VOID}),  # what starts it happened anew, or was corrected
    C.MET_LATE: frozenset({C.RUNNING, C.LATE, C.MET, C.VOID}),
    C.NOT_NEEDED: frozenset({C.RUNNING, C.LATE, C.MET, C.MET_LATE, C.VOID}),  # started anew, or submitted all the same
    C.VOID: frozenset({C.RUNNING, C.LATE, C.MET, C.MET_LATE}),
}
VERSION_MOVES: dict[str, frozenset[str]] = {
    V.PROPOSED: frozenset({V.IN_FORCE, V.REFUSED}),
    V.IN_FORCE: frozenset({V.RETIRED}),
    V.RETIRED: frozenset(),
    V.REFUSED: frozenset(),
}


def check_move(what: str, moves: dict[str, frozenset[str]], current: str, target: str) -> None:
    """Raises IllegalTransition unless the table allows current -> target."""
    if target not in moves[current]:
        raise IllegalTransition(what, current, target)
