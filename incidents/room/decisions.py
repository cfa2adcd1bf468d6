"""The decision that waits in this room, with everything that is read before it is taken."""

from django.urls import reverse

from approvals.models import ApprovalRequest
from approvals.selectors import why_not
from incidents.room.reader import Reader
from incidents.room_view import DecisionView


def decision_of(reader: Reader) -> DecisionView | None:
    """The reader's own decision first, else the most urgent one; None when nothing waits."""
    if not reader.requests:
        return None
    request = reader.requests[0]
    is_yours = reader.is_asked(request) and why_not(request, reader.user) is None
    decide = reverse("approvals:decide", args=[request.uid])
    back = reader.url("room")
    return DecisionView(
        uid=request.uid,
        question=request.question,
        is_yours=is_yours,
        waits_for=_waits_for(request),
        facts=(
            ("Effect", request.effect),
            ("Undo", request.undo),
            ("Proof", request.proof),
            ("Touches", request.service.name if request.service else ""),
        ),
        digest=request.digest,
        page_url=reverse("approvals:page", args=[request.uid]),
        approve_url=f"{decide}?verdict=approve&next={back}" if is_yours else "",
        reject_url=f"{decide}?verdict=reject&next={back}" if is_yours else "",
        asked_at=request.asked_at,
        due=request.due_at,
        more=len(reader.requests) - 1,
    )


def _waits_for(request: ApprovalRequest) -> str:
    names = [str(asked.user) for asked in request.asked.all()]
    return " or ".join(names) if names else "an accountable owner: none can be asked"
