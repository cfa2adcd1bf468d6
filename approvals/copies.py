"""Where this room holds what people asked and answered, beside the ledger: for erasure (audit.redaction.copies).

`binds` is scrubbed too, though a digest is of it: a yes that wasn't used yet is void by that, and has to be asked anew.
"""

from approvals.models import (
    ApprovalRequest,
    Asked,
    Condition,
    Decision,
    Delegation,
    Message,
    PolicyVersion,
    Review,
    Seat,
    StandingApproval,
)
from audit.redaction.copies import Columns, register

ROOM = "Approvals"
POLICIES = "policies"
BOUND = "A digest binds it: put a version without it in force."
OF_REQUEST = ("", "request__stream")
QUESTION = ("question", "effect", "undo", "proof", "binds", "facts", "why", "skipped")
TABLES = (
    Columns(ROOM, "Question, and what it binds", ApprovalRequest, QUESTION, ("", "stream")),
    Columns(ROOM, "Seat of a request", Seat, ("label", "person"), OF_REQUEST),
    Columns(ROOM, "Why somebody was asked", Asked, ("because", "path", "basis"), OF_REQUEST),
    Columns(ROOM, "Reason of a decision", Decision, ("reason",), OF_REQUEST),
    Columns(ROOM, "Condition of a yes", Condition, ("text",), ("", "decision__request__stream")),
    Columns(ROOM, "Question or answer about a request", Message, ("text",), OF_REQUEST),
    Columns(ROOM, "Review of broken glass", Review, ("reason", "finding"), ("", "stream")),
    Columns(
        ROOM, "Approval in advance", StandingApproval, ("reason", "inputs", "ended_because"), ("", "origin__stream")
    ),
    Columns(ROOM, "Why somebody stands in", Delegation, ("reason",), POLICIES),
    Columns(ROOM, "Why a policy was changed", PolicyVersion, ("note", "reason"), POLICIES),
    Columns(ROOM, "Text of a policy", PolicyVersion, ("title", "text"), POLICIES, kept=BOUND),
)


def connect() -> None:
    """Called once, when the app is ready."""
    for table in TABLES:
        register(table)
