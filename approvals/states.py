"""States of an approval request and the moves between them."""

from django.db.models import TextChoices

from approvals.errors import IllegalTransition


class RequestState(TextChoices):
    PENDING = "pending", "Waiting"  # for one of the people asked
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    VOID = "void", "Void"  # what would be done changed, or its run ended


class Verdict(TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


OUTCOMES: dict[str, RequestState] = {
    Verdict.APPROVE: RequestState.APPROVED,
    Verdict.REJECT: RequestState.REJECTED,
}
MOVES: dict[str, frozenset[str]] = {
    RequestState.PENDING: frozenset({RequestState.APPROVED, RequestState.REJECTED, RequestState.VOID}),
    RequestState.APPROVED: frozenset({RequestState.VOID}),  # the input changed after the yes, before the act
    RequestState.REJECTED: frozenset(),
    RequestState.VOID: frozenset(),
}


def check_move(current: str, target: str) -> None:
    """Raises IllegalTransition unless the table allows current -> target."""
    if target not in MOVES[current]:
        raise IllegalTransition(current, target)
