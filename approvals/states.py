"""States of an approval request and the moves between them."""

from django.db.models import TextChoices


class RequestState(TextChoices):
    PENDING = "pending", "Waiting"  # for one of the people asked
    APPROVED = "approved", "Approved"
    REJECTED = "rejected", "Rejected"
    VOID = "void", "Void"  # what would be done changed, or its run ended


class Verdict(TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


MOVES: dict[str, frozenset[str]] = {
    RequestState.PENDING: frozenset({RequestState.APPROVED, RequestState.REJECTED, RequestState.VOID}),
    RequestState.APPROVED: frozenset({RequestState.VOID}),  # the input changed after the yes, before the act
    RequestState.REJECTED: frozenset(),
    RequestState.VOID: frozenset(),
}
