"""Moves between the states of a filing (audit.models.FilingState), and how states are shown."""

from audit.filings.errors import IllegalFilingMove
from audit.models import FilingState

S = FilingState
MOVES: dict[str, frozenset[str]] = {
    S.DRAFT: frozenset({S.LEGAL_REVIEW, S.WITHDRAWN}),
    S.LEGAL_REVIEW: frozenset({S.DRAFT, S.APPROVED, S.WITHDRAWN}),
    S.APPROVED: frozenset({S.DRAFT, S.SUBMITTED, S.WITHDRAWN}),
    S.SUBMITTED: frozenset({S.ACKNOWLEDGED, S.REJECTED, S.WITHDRAWN}),
    S.ACKNOWLEDGED: frozenset({S.REJECTED, S.WITHDRAWN}),
    S.REJECTED: frozenset(),
    S.WITHDRAWN: frozenset(),
}
SENT = (S.SUBMITTED, S.ACKNOWLEDGED)  # with the authority, and not taken back
GLYPHS: dict[str, str] = {
    S.DRAFT: "waiting",
    S.LEGAL_REVIEW: "approval",
    S.APPROVED: "ready",
    S.SUBMITTED: "running",
    S.ACKNOWLEDGED: "done",
    S.REJECTED: "failed",
    S.WITHDRAWN: "cancelled",
}  # state -> state of the house's state grammar


def check_move(current: str, target: str) -> None:
    """Raises IllegalFilingMove unless the table allows current -> target."""
    if target not in MOVES[current]:
        raise IllegalFilingMove(S(current).label.lower(), S(target).label.lower())
