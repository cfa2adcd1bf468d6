"""States of a request, of a policy's version and of a review, and the moves between them."""

from collections.abc import Mapping

from django.db.models import TextChoices

from approvals.errors import IllegalTransition


class RequestState(TextChoices):
    PENDING = "pending", "Waiting"  # for those who were asked
    APPROVED = "approved", "Approved"  # may be used, once, until it expires
    USED = "used", "Used"  # what was approved was begun
    REJECTED = "rejected", "Rejected"
    WITHDRAWN = "withdrawn", "Withdrawn"  # by who asked, or by who had approved
    EXPIRED = "expired", "Expired"  # nobody decided in time, or nobody used the yes in time
    VOID = "void", "Void"  # what would be done changed, or its run ended


class Ground(TextChoices):
    """On what an approval rests."""

    DECIDED = "decided", "Decided by those accountable"
    STANDING = "standing", "Approved in advance"
    BREAK_GLASS = "break_glass", "Broken glass"


class Verdict(TextChoices):
    APPROVE = "approve", "Approve"
    REJECT = "reject", "Reject"


class ConditionKind(TextChoices):
    EXPRESSION = "expression", "Is checked when it is used"
    NOTE = "note", "Whoever carries it out confirms it"


class AlarmKind(TextChoices):
    REMINDER = "reminder", "Reminder"
    ESCALATION = "escalation", "Escalation"
    DEADLINE = "deadline", "Time to decide is over"
    RESUME = "resume", "The clock goes on"
    EXPIRY = "expiry", "The yes was not used"


class PolicyState(TextChoices):
    PROPOSED = "proposed", "Proposed"  # waits for a second person
    IN_FORCE = "in_force", "In force"
    RETIRED = "retired", "Retired"  # a later version took its place
    REFUSED = "refused", "Refused"


class StandingState(TextChoices):
    ACTIVE = "active", "Active"
    ENDED = "ended", "Ended"


class ReviewState(TextChoices):
    OPEN = "open", "Open"
    JUSTIFIED = "justified", "Justified"
    UNJUSTIFIED = "unjustified", "Not justified"


OUTCOMES: dict[str, RequestState] = {
    Verdict.APPROVE: RequestState.APPROVED,
    Verdict.REJECT: RequestState.REJECTED,
}
R = RequestState
MOVES: dict[str, frozenset[str]] = {
    R.PENDING: frozenset({R.APPROVED, R.REJECTED, R.WITHDRAWN, R.EXPIRED, R.VOID}),
    R.APPROVED: frozenset({R.USED, R.WITHDRAWN, R.EXPIRED, R.VOID}),  # the yes was given; the act is still to come
    R.USED: frozenset(),  # once: another try of the step asks anew
    R.REJECTED: frozenset(),
    R.WITHDRAWN: frozenset(),
    R.EXPIRED: frozenset(),
    R.VOID: frozenset(),
}
POLICY_MOVES: dict[str, frozenset[str]] = {
    PolicyState.PROPOSED: frozenset({PolicyState.IN_FORCE, PolicyState.REFUSED}),
    PolicyState.IN_FORCE: frozenset({PolicyState.RETIRED}),
    PolicyState.RETIRED: frozenset(),
    PolicyState.REFUSED: frozenset(),
}
STANDING_MOVES: dict[str, frozenset[str]] = {
    StandingState.ACTIVE: frozenset({StandingState.ENDED}),
    StandingState.ENDED: frozenset(),
}
REVIEW_MOVES: dict[str, frozenset[str]] = {
    ReviewState.OPEN: frozenset({ReviewState.JUSTIFIED, ReviewState.UNJUSTIFIED}),
    ReviewState.JUSTIFIED: frozenset(),
    ReviewState.UNJUSTIFIED: frozenset(),
}
LIVE = frozenset({R.PENDING, R.APPROVED})  # where something may still happen to it


def check_move(current: str, target: str, moves: Mapping[str, frozenset[str]] = MOVES) -> None:
    """Raises IllegalTransition unless the table allows current -> target."""
    if target not in moves[current]:
        raise IllegalTransition(current, target)
