"""What approvals announce to the rooms above."""

from django.dispatch import Signal

request_settled = Signal()
"""A request was approved, rejected or voided. Sent inside the transaction. kwargs: request (ApprovalRequest)."""
