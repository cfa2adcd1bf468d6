"""Sentences about reporting: worksheets, decisions, clocks, reports to authorities, entities and regimes."""

from audit.regimes.shipped import regimes
from incidents.timeline.words import D, Fields, G, Line, N, Note, moment


def _report(fields: Fields) -> str:
    """ "DORA: Initial notification"; the ids where the rule isn't a shipped one."""
    regime = regimes().get(str(fields["regime"]))
    stage = regime.stage(str(fields["stage"])) if regime else None
    name = stage.name if stage else str(fields["stage"]).replace("_", " ")
    return f"{regime.short if regime else fields['regime']}: {name}"


def _filing(did: str) -> Note:
    return lambda fields: f"{did}: {_report(fields)}"


def _sent(fields: Fields) -> str:
    reference = f" Reference {fields['reference']}." if fields["reference"] else ""
    return f"Sent {moment(str(fields['submitted_at']))}, {fields['channel']}.{reference}"


def _acknowledged(fields: Fields) -> str:
    reference = f", reference {fields['reference']}" if fields["reference"] else ""
    return f"At {moment(str(fields['acknowledged_at']))}{reference}."


def _due(fields: Fields) -> str:
    return f"Due {moment(str(fields['due']))}, started by entry {fields['starts']}." if fields["due"] else ""


def _not_needed(fields: Fields) -> str:
    return f"said that it isn’t needed: {_report(fields)}"


def _was(fields: Fields) -> str:
    now, was = _due(fields), fields["was"]
    return f"{now} It was due {moment(str(was))}." if was else now


def _decided(fields: Fields) -> str:
    return f"decided for {fields['entity_name']}: {fields['words']} ({fields['worksheet'].replace('_', ' ')})"


def _otherwise(fields: Fields) -> str:
    return f"Otherwise than the rule, which said {fields['rule_says']}." if fields["differs"] is True else ""


def _facts(fields: Fields) -> str:
    said = fields["facts"]
    names = ", ".join(name.replace("_", " ") for name in said) if isinstance(said, dict) else str(said)
    return f"stated facts for {fields['worksheet'].replace('_', ' ')}: {names}"


def _stated(fields: Fields) -> str:
    return f"stated when it happened: {fields['event'].replace('_', ' ').replace(':', ' ')}, {moment(fields['at'])}"


LINES: dict[str, Line] = {
    "classification.stated": Line(D, "wait", "pen", "{who}", _facts),
    "classification.decided": Line(D, "done", "flag", "{who}", _decided, _otherwise, "{reason}"),
    "regulation.stated": Line(D, "wait", "clock", "{who}", _stated, "", "{note}"),
    "clock.started": Line(G, "wait", "clock", "A clock began", _report, _due),
    "clock.restarted": Line(G, "wait", "clock", "A clock began anew", _report, _was),
    "clock.moved": Line(G, "wait", "clock", "A limit moved", _report, _was),
    "clock.met": Line(G, "done", "clock", "In time", _report),
    "clock.met_late": Line(D, "late", "clock", "Submitted late", _report, _due),
    "clock.late": Line(D, "failed", "clock", "Late", _report, _due),
    "clock.void": Line(G, "cancelled", "clock", "A clock ended", _report, "What had started it no longer holds."),
    "clock.not_needed": Line(D, "cancelled", "clock", "{who}", _not_needed, "", "{reason}"),
    "clock.reminded": Line(G, "wait", "clock", "Reminded of", _report, _due),
    "clock.escalated": Line(D, "failed", "clock", "Late, and told", _report, _due),
    "filing.opened": Line(D, "wait", "pen", "{who}", _filing("began the report"), "For {entity_name}."),
    "filing.filled": Line(N, "wait", "pen", "{who}", "had a report filled from the record"),
    "filing.changed": Line(D, "wait", "pen", "{who}", "changed values of a report", "", "{reason}"),
    "filing.files_set": Line(N, "wait", "pen", "{who}", "chose how a report is written: in {scale}"),
    "filing.sent_to_review": Line(D, "wait", "flag", "{who}", _filing("sent to review")),
    "filing.approved": Line(D, "done", "approval", "The report is approved", _report, "{because}"),
    "filing.returned": Line(D, "undone", "pen", "{who}", _filing("took back to draft"), "", "{reason}"),
    "filing.submitted": Line(D, "done", "flag", "{who}", _filing("sent to the authority"), _sent),
    "filing.acknowledged": Line(D, "done", "flag", "The authority confirmed", _report, _acknowledged),
    "filing.rejected": Line(D, "failed", "flag", "The authority rejected", _report, "", "{reason}"),
    "filing.withdrawn": Line(D, "cancelled", "flag", "{who}", _filing("withdrew the report"), "", "{reason}"),
    "entity.added": Line(D, "wait", "people", "{who}", "added the legal entity {name}"),
    "entity.changed": Line(D, "wait", "people", "{who}", "changed a legal entity"),
    "entity.regime_decided": Line(D, "wait", "flag", "{who}", "decided whether {regime} applies", "", "{reason}"),
    "regime.proposed": Line(D, "wait", "flag", "{who}", "proposed version {number} of {regime}", "", "{note}"),
    "regime.in_force": Line(D, "done", "flag", "{who}", "put version {number} of {regime} in force", "", "{reason}"),
    "regime.refused": Line(D, "failed", "flag", "{who}", "refused version {number} of {regime}", "", "{reason}"),
    "regime.decision_refused": Line(D, "failed", "flag", "{who}", "may not decide on a version they wrote of {regime}"),
}  # fmt: skip
