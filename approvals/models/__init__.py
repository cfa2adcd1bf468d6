"""What approvals keep: requests and decisions, policies and delegations, and the exceptions with their reviews."""

from approvals.models.exceptions import Review, StandingApproval, StandingUse
from approvals.models.policies import Delegation, PolicyVersion
from approvals.models.requests import (
    LONGEST_CONDITION,
    LONGEST_REASON,
    Alarm,
    ApprovalRequest,
    Asked,
    Condition,
    Decision,
    Message,
    Seat,
)

__all__ = [
    "LONGEST_CONDITION",
    "LONGEST_REASON",
    "Alarm",
    "ApprovalRequest",
    "Asked",
    "Condition",
    "Decision",
    "Delegation",
    "Message",
    "PolicyVersion",
    "Review",
    "Seat",
    "StandingApproval",
    "StandingUse",
]
