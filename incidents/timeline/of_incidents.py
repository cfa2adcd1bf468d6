"""Sentences about incidents, people, signals, approvals and evidence."""

from collections.abc import Callable

from incidents.timeline.words import C, D, Fields, G, Line, moment


def _opened(fields: Fields) -> str:
    services = fields.get("services")
    return f"opened as {fields['severity']}" + (f", for {services}" if services else "")


def _joined(fields: Fields) -> str:
    return ("fires" if fields["state"] == "firing" else "fired") + _on(fields)


def _ended(fields: Fields) -> str:
    return "ended" + _on(fields)


def _attached(fields: Fields) -> str:
    name = fields["file"].get("name", "") if isinstance(fields["file"], dict) else fields["file"]
    return f"attached the file {name}"


def _on(fields: Fields) -> str:
    return f" on {fields['service']}" if fields["service"] else ""


def _update_due(fields: Fields) -> str:
    return f"set the next update for {moment(fields['due'])}" if fields["due"] else "said that no update is owed"


def _next_due(fields: Fields) -> str:
    return f"Next update {moment(fields['next_due'])}." if fields["next_due"] else "No further update is owed."


def _asked(fields: Fields) -> str:
    return f"of {fields['asked']}: {fields['question']}" if fields["asked"] else f"of nobody: {fields['question']}"


def _asked_note(fields: Fields) -> str:
    return f"Asked as {fields['because']}." if fields["asked"] else "Nobody accountable can be asked. Name an owner."


def _approved(fields: Fields) -> str:
    verb = {"break_glass": "went on without", "standing": "had approved in advance"}.get(fields["ground"], "approved")
    return f"{verb}: {fields['question']}"


def _grounded(fields: Fields) -> str:
    return f"With a second factor ({fields['factor']})." if fields["factor"] else ""


def _held(fields: Fields) -> str:
    return "The clock stands still until the answer." if fields["holds_clock"] is True else ""


def _reminded(fields: Fields) -> str:
    return f"{fields['to']}: {fields['question']}" if fields["to"] else f"nobody: {fields['question']}"


def _escalated(fields: Fields) -> str:
    return f"to {fields['asked']}: {fields['question']}" if fields["asked"] else f"to nobody: {fields['question']}"


def _review(fields: Fields) -> str:
    return "An independent person has to review it before the incident can be closed."


def _it_said(fields: Fields) -> str:
    return f"It said: “{fields['it_said']}”" if fields["it_said"] else ""


def _found(what: str) -> Callable[[Fields], str]:
    return lambda fields: f"found the broken glass {what}"


def _moved(fields: Fields) -> str:
    return f"{fields['from'].capitalize()} to {fields['to']}"


def _health(fields: Fields) -> str:
    return {"red": "is failing", "green": "is healthy"}.get(fields["now"], f"is {fields['now']}")


LINES: dict[str, Line] = {
    "incident.opened": Line(D, "wait", "flag", "{who}", _opened, "{because}", "{description}"),
    "incident.retitled": Line(D, "wait", "flag", "{who}", "renamed it to {title}", "It was: {was}; {because}."),
    "incident.moved": Line(D, "wait", "flag", "{who}", lambda f: f"moved the phase: {_moved(f)}", "{reason}"),
    "incident.forced": Line(D, "failed", "failed", "{who}", "resolved although probes are red: {red}", "", "{reason}"),
    "severity.set": Line(D, "wait", "flag", "{who}", "set the severity from {from} to {to}", "{reason}"),
    "role.taken": Line(D, "wait", "people", "{name}", "is {role} now"),
    "role.left": Line(D, "wait", "people", "{name}", "is {role} no more"),
    "note.added": Line(C, "wait", "chat", "{who}", "noted", "", "{text}"),
    "decision.noted": Line(D, "wait", "flag", "{who}", "decided", "", "{text}"),
    "entry.corrected": Line(C, "wait", "pen", "{who}", "corrected entry {corrects}", _it_said, "{text}"),
    "update.posted": Line(C, "wait", "horn", "{who}", "posted an update", _next_due, "{text}"),
    "update.due_set": Line(C, "wait", "clock", "{who}", _update_due),
    "signal.joined": Line(G, "failed", "signal", "{name}", _joined, "{summary}"),
    "signal.ended": Line(G, "done", "signal", "{name}", _ended),
    "health.changed": Line(G, "wait", "probe", "{probe}", _health, "{detail}"),
    "approval.asked": Line(D, "approval", "approval", "Decision asked", _asked, _asked_note),
    "approval.approved": Line(D, "done", "approval", "{who}", _approved, _grounded, "{reason}"),
    "approval.agreed": Line(D, "wait", "approval", "{who}", "agreed: {question}", "Others still decide.", "{reason}"),
    "approval.used": Line(G, "done", "approval", "Used", "the approval of: {question}"),
    "approval.question": Line(D, "wait", "approval", "{who}", "asks first: {question}", _held, "{text}"),
    "approval.answer": Line(D, "wait", "approval", "{who}", "answered: {question}", "", "{text}"),
    "approval.resumed": Line(G, "wait", "clock", "The clock goes on", "{question}", "{because}"),
    "approval.confirmed": Line(D, "done", "approval", "{who}", "confirmed a condition: {question}", "", "{condition}"),
    "approval.withdrawn": Line(
        D, "cancelled", "approval", "{who}", "withdrew: {question}", "It was {was}.", "{reason}"
    ),
    "approval.expired": Line(D, "cancelled", "clock", "Expired", "{question}", "{reason}"),
    "approval.reminded": Line(G, "wait", "clock", "Reminded", _reminded),
    "approval.escalated": Line(D, "wait", "approval", "Escalated", _escalated, "Nobody had decided after {after}."),
    "approval.glass_broken": Line(D, "failed", "approval", "{who}", "broke the glass: {question}", _review, "{reason}"),
    "approval.review_justified": Line(D, "done", "approval", "{who}", _found("justified"), "{question}", "{finding}"),
    "approval.review_unjustified": Line(
        D, "failed", "approval", "{who}", _found("not justified"), "{question}", "{finding}"
    ),
    "approval.standing_given": Line(D, "done", "approval", "{who}", "approved in advance: {question}", "", "{reason}"),
    "approval.standing_used": Line(G, "done", "approval", "Approved in advance", "by {owner}: {question}", "{left}"),
    "approval.standing_ended": Line(D, "cancelled", "approval", "Ended", "an approval in advance", "{because}"),
    "delegation.made": Line(D, "wait", "people", "{taker}", "stands in for {giver}", "", "{reason}"),
    "delegation.ended": Line(D, "wait", "people", "{taker}", "stands in for {giver} no more", "", "{reason}"),
    "policy.proposed": Line(D, "wait", "flag", "{who}", "proposed version {number} of {policy}", "", "{note}"),
    "policy.in_force": Line(D, "done", "flag", "{who}", "put version {number} of {policy} in force", "", "{reason}"),
    "policy.refused": Line(D, "failed", "flag", "{who}", "refused version {number} of {policy}", "", "{reason}"),
    "policy.decision_refused": Line(D, "failed", "flag", "{who}", "may not decide on {policy}", "{because}"),
    "approval.rejected": Line(D, "failed", "approval", "{who}", "rejected: {question}", "", "{reason}"),
    "approval.voided": Line(D, "cancelled", "approval", "Void", "{question}", "{reason}"),
    "approval.covered": Line(D, "wait", "approval", "{who}", "took the decision on, as {because}", "", "{reason}"),
    "approval.refused": Line(D, "failed", "approval", "{who}", "may not decide", "{because}"),
    "notice.sent": Line(C, "wait", "chat", "{user}", "was told over {channel} ({kind})"),
    "notice.failed": Line(C, "failed", "chat", "{user}", "was not reached over {channel}, try {try}", "{error}"),
    "notice.given_up": Line(C, "failed", "chat", "{user}", "could not be reached over {channel}", "{error}"),
    "file.attached": Line(D, "wait", "seal", "{who}", _attached, "", "{note}"),
    "field.erased": Line(D, "wait", "seal", "{who}", "erased a field of entry {seq}", "{reason}"),
    "fields.erased": Line(D, "wait", "seal", "{who}", "erased {count} fields", "{reason}"),
}
