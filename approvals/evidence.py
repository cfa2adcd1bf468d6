"""What a pack about an approval holds: the stream that its request belongs to, and the entries that name it."""

from approvals.models import ApprovalRequest
from audit.packs.kinds import Subject


def subject_of(uid: str) -> Subject | None:
    """The request as the subject of a pack; None when there is none."""
    request = ApprovalRequest.objects.filter(uid=uid).first() if uid.isalnum() else None
    if request is None:
        return None
    return Subject(f"Approval: {request.question}", (request.stream,), [request.uid])
