"""German sentences about reporting: worksheets, clocks, reports, entities and regimes; as german_incidents."""

from collections.abc import Callable, Mapping
from typing import Any

from audit.regimes.shipped import regimes

Fields = Mapping[str, Any]
Said = str | Callable[[Fields], str]


def _report(fields: Fields) -> str:
    """ "DORA: Initial notification": an authority's own name of its report stays as it is."""
    regime = regimes().get(str(fields["regime"]))
    stage = regime.stage(str(fields["stage"])) if regime else None
    name = stage.name if stage else str(fields["stage"]).replace("_", " ")
    return f"{regime.short if regime else fields['regime']}: {name}"


def _clock(said: str) -> Said:
    return lambda fields: f"{said}: {_report(fields)}"


def _filing(did: str) -> Said:
    return lambda fields: f"{fields['who']} {did}: {_report(fields)}"


def _sent(fields: Fields) -> str:
    reference = f" Aktenzeichen {fields['reference']}." if fields["reference"] else ""
    return f"Abgesandt {fields['submitted_at']}, {fields['channel']}.{reference}"


def _acknowledged(fields: Fields) -> str:
    reference = f", Aktenzeichen {fields['reference']}" if fields["reference"] else ""
    return f"Am {fields['acknowledged_at']}{reference}."


def _due(fields: Fields) -> str:
    return f"Fällig {fields['due']}, begonnen durch Eintrag {fields['starts']}." if fields["due"] else ""


def _was(fields: Fields) -> str:
    return f"{_due(fields)} Zuvor fällig {fields['was']}." if fields["was"] else _due(fields)


def _decided(fields: Fields) -> str:
    sheet = str(fields["worksheet"]).replace("_", " ")
    return f"{fields['who']} entschied für {fields['entity_name']}: {fields['words']} ({sheet})"


def _otherwise(fields: Fields) -> str:
    return f"Anders als die Regel, die {fields['rule_says']} ergab." if fields["differs"] is True else ""


def _facts(fields: Fields) -> str:
    return f"{fields['who']} gab Tatsachen an für {str(fields['worksheet']).replace('_', ' ')}"


def _stated(fields: Fields) -> str:
    event = str(fields["event"]).replace("_", " ").replace(":", " ")
    return f"{fields['who']} gab an, wann es geschah: {event}, {fields['at']}"


LINES: dict[str, tuple[Said, ...]] = {
    "classification.stated": (_facts,),
    "classification.decided": (_decided, _otherwise, "{reason}"),
    "regulation.stated": (_stated, "", "{note}"),
    "clock.started": (_clock("Eine Frist begann"), _due),
    "clock.restarted": (_clock("Eine Frist begann neu"), _was),
    "clock.moved": (_clock("Eine Frist verschob sich"), _was),
    "clock.met": (_clock("Fristgerecht"),),
    "clock.met_late": (_clock("Verspätet eingereicht"), _due),
    "clock.late": (_clock("Überfällig"), _due),
    "clock.void": (_clock("Eine Frist endete"), "Was sie begonnen hatte, gilt nicht mehr."),
    "clock.not_needed": (lambda f: f"{f['who']} erklärte für nicht nötig: {_report(f)}", "", "{reason}"),
    "clock.reminded": (_clock("Erinnert an"), _due),
    "clock.escalated": (_clock("Überfällig und weitergegeben"), _due),
    "filing.opened": (_filing("begann die Meldung"), "Für {entity_name}."),
    "filing.filled": ("{who} ließ eine Meldung aus den Einträgen ausfüllen",),
    "filing.changed": ("{who} änderte Angaben einer Meldung", "", "{reason}"),
    "filing.files_set": ("{who} legte fest, wie eine Meldung geschrieben wird: in {scale}",),
    "filing.sent_to_review": (_filing("gab die Meldung zur Prüfung"),),
    "filing.approved": (_clock("Die Meldung ist freigegeben"), "{because}"),
    "filing.returned": (_filing("nahm die Meldung in den Entwurf zurück"), "", "{reason}"),
    "filing.submitted": (_filing("sandte die Meldung an die Behörde"), _sent),
    "filing.acknowledged": (_clock("Die Behörde bestätigte den Eingang"), _acknowledged),
    "filing.rejected": (_clock("Die Behörde wies die Meldung zurück"), "", "{reason}"),
    "filing.withdrawn": (_filing("zog die Meldung zurück"), "", "{reason}"),
    "entity.added": ("{who} fügte das Rechtssubjekt {name} hinzu",),
    "entity.changed": ("{who} änderte ein Rechtssubjekt",),
    "entity.regime_decided": ("{who} entschied, ob {regime} gilt", "", "{reason}"),
    "regime.proposed": ("{who} schlug Version {number} von {regime} vor", "", "{note}"),
    "regime.in_force": ("{who} setzte Version {number} von {regime} in Kraft", "", "{reason}"),
    "regime.refused": ("{who} lehnte Version {number} von {regime} ab", "", "{reason}"),
    "regime.decision_refused": ("{who} darf nicht über eine eigene Version von {regime} entscheiden",),
}
