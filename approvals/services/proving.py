"""What the ledger itself says of a yes.

A row can be altered behind the ORM, and so can the rows of its conditions. What is carried out rests on the entries:
that the yes was given, for what, until when and under which conditions, and that it came to no end since.
"""

from collections import Counter
from uuid import UUID

from approvals.models import ApprovalRequest, Condition
from approvals.states import ConditionKind
from audit.entries import stamp
from audit.models import Entry
from audit.selectors import EntryRow, row_of
from audit.verify import sound_entry

NO_APPROVAL = "the ledger has no approval of this request"
SOMETHING_ELSE = "the ledger says that something else was approved"
OTHER_CONDITIONS = "the ledger says that it was approved under other conditions"
ENDS = {
    "approval.used": "the ledger says that it was used already, and it holds for one use",
    "approval.voided": "the ledger says that it is void",
    "approval.withdrawn": "the ledger says that it was withdrawn",
    "approval.expired": "the ledger says that it has expired",
}
SAID = ("approval.agreed", "approval.approved", "approval.confirmed", *ENDS)


def why_unproved(request: ApprovalRequest) -> str:
    """Why the ledger doesn't bear out that this yes stands, as the row says; "" when it does."""
    entry = sound_entry(UUID(request.uid))
    history = _history(request)
    if entry is None or entry.kind != "approval.approved" or entry.uid not in {one.uid for one in history}:
        return NO_APPROVAL
    row = {
        "subject": request.subject,
        "digest": request.digest,
        "ground": request.ground,
        "expires_at": stamp(request.expires_at) if request.expires_at else None,
    }
    if any(name not in entry.fields or entry.fields[name] != value for name, value in row.items()):
        return SOMETHING_ELSE
    if ended := next((one.kind for one in history if one.kind in ENDS), ""):
        return ENDS[ended]
    return _unproved_conditions(request, history)


def _history(request: ApprovalRequest) -> list[EntryRow]:
    """What the request's stream says of its yes, in order."""
    found = Entry.objects.filter(stream__uid=request.stream, kind__in=SAID).prefetch_related("disclosures")
    rows = [row_of(entry) for entry in found.order_by("seq")]
    return [row for row in rows if row.fields.get("request") == request.uid]


def _unproved_conditions(request: ApprovalRequest, history: list[EntryRow]) -> str:
    """Conditions that are gone or new, and notes that only the row says are confirmed."""
    rows = list(Condition.objects.filter(decision__request=request).order_by("pk"))
    said = [one for entry in history for one in _list(entry.fields.get("conditions"))]
    if Counter((one["kind"], one["text"]) for one in said) != Counter((row.kind, row.text) for row in rows):
        return OTHER_CONDITIONS
    confirmed = {entry.fields.get("condition") for entry in history if entry.kind == "approval.confirmed"}
    claimed = {row.text for row in rows if row.kind == ConditionKind.NOTE and row.confirmed_at}
    return "" if claimed <= confirmed else OTHER_CONDITIONS


def _list(value: object) -> list[dict[str, str]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
