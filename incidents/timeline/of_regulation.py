"""Sentences about reporting: worksheets, decisions, clocks, entities and regimes."""

from audit.regimes.shipped import regimes
from incidents.timeline.words import D, Fields, G, Line, moment


def _report(fields: Fields) -> str:
    """ "DORA: Initial notification"; the ids where the rule isn't a shipped one."""
    regime = regimes().get(str(fields["regime"]))
    stage = regime.stage(str(fields["stage"])) if regime else None
    return f"{regime.short}: {stage.name}" if regime and stage else f"{fields['regime']}: {fields['stage']}"


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
    "entity.added": Line(D, "wait", "people", "{who}", "added the legal entity {name}"),
    "entity.changed": Line(D, "wait", "people", "{who}", "changed a legal entity"),
    "entity.regime_decided": Line(D, "wait", "flag", "{who}", "decided whether {regime} applies", "", "{reason}"),
    "regime.proposed": Line(D, "wait", "flag", "{who}", "proposed version {number} of {regime}", "", "{note}"),
    "regime.in_force": Line(D, "done", "flag", "{who}", "put version {number} of {regime} in force", "", "{reason}"),
    "regime.refused": Line(D, "failed", "flag", "{who}", "refused version {number} of {regime}", "", "{reason}"),
    "regime.decision_refused": Line(D, "failed", "flag", "{who}", "may not decide on a version they wrote of {regime}"),
}  # fmt: skip
