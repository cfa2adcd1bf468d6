"""German sentences about incidents, people, signals, approvals and evidence: (sentence, note, quotation) by kind.

`{who}` is who did it; every other name is a field of the entry, as in incidents/timeline."""

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]
Said = str | Callable[[Fields], str]

PHASES = {
    "detection": "Erkennung",
    "mobilization": "Mobilisierung",
    "diagnosis": "Diagnose",
    "mitigation": "Eindämmung",
    "resolution": "Behebung",
    "review": "Nachbereitung",
    "closed": "Abschluss",
}
ROLES = {
    "commander": "Einsatzleitung",
    "communications": "Kommunikation",
    "scribe": "Protokoll",
    "responder": "Bearbeitung",
    "observer": "Beobachtung",
}


def _attached(fields: Fields) -> str:
    name = fields["file"].get("name", "") if isinstance(fields["file"], dict) else fields["file"]
    return f"{fields['who']} fügte die Datei {name} bei"


def _opened(fields: Fields) -> str:
    services = fields.get("services")
    return f"{fields['who']} eröffnete als {fields['severity']}" + (f", für {services}" if services else "")


def _joined(fields: Fields) -> str:
    place = f" bei {fields['service']}" if fields["service"] else ""
    return f"{fields['name']} {'schlägt an' if fields['state'] == 'firing' else 'schlug an'}{place}"


def _ended(fields: Fields) -> str:
    return f"{fields['name']} endete" + (f" bei {fields['service']}" if fields["service"] else "")


def _due(fields: Fields) -> str:
    if fields["due"]:
        return f"{fields['who']} setzte die nächste Meldung auf {fields['due']}"
    return f"{fields['who']} legte fest, dass keine Meldung mehr fällig ist"


def _next_due(fields: Fields) -> str:
    due = fields["next_due"]
    return f"Nächste Meldung {due}." if due else "Es ist keine weitere Meldung fällig."


def _asked(fields: Fields) -> str:
    return f"Entscheidung erbeten von {fields['asked'] or 'niemandem'}: {fields['question']}"


def _asked_note(fields: Fields) -> str:
    if fields["asked"]:
        return f"Gefragt als: {fields['because']}."
    return "Es kann niemand Verantwortliches gefragt werden."


def _approved(fields: Fields) -> str:
    verb = {"break_glass": "handelte ohne Freigabe", "standing": "hatte im Voraus freigegeben"}
    return f"{fields['who']} {verb.get(fields['ground'], 'gab frei')}: {fields['question']}"


def _factor(fields: Fields) -> str:
    return f"Mit zweitem Faktor ({fields['factor']})." if fields["factor"] else ""


def _health(fields: Fields) -> str:
    how = {"red": "ist gestört", "green": "ist in Ordnung"}
    return f"{fields['probe']} {how.get(fields['now'], 'ist ' + str(fields['now']))}"


def _moved(fields: Fields) -> str:
    steps = [PHASES.get(fields[name], fields[name]) for name in ("from", "to")]
    return f"{fields['who']} wechselte die Phase: von {steps[0]} zu {steps[1]}"


def _role(fields: Fields) -> str:
    return str(ROLES.get(fields["role"], fields["role"]))


LINES: dict[str, tuple[Said, ...]] = {
    "incident.opened": (_opened, "{because}", "{description}"),
    "incident.retitled": ("{who} benannte ihn um in {title}", "Zuvor: {was}; {because}."),
    "incident.moved": (_moved, "", "{reason}"),
    "incident.forced": ("{who} erklärte ihn für behoben, obwohl Prüfungen rot sind: {red}", "", "{reason}"),
    "severity.set": ("{who} änderte die Schwere von {from} auf {to}", "", "{reason}"),
    "role.taken": (lambda f: f"{f['name']} übernimmt die Rolle {_role(f)}",),
    "role.left": (lambda f: f"{f['name']} gibt die Rolle {_role(f)} ab",),
    "note.added": ("{who} notierte", "", "{text}"),
    "decision.noted": ("{who} entschied", "", "{text}"),
    "entry.corrected": ("{who} berichtigte Eintrag {corrects}", "", "{text}"),
    "update.posted": ("{who} veröffentlichte eine Meldung", _next_due, "{text}"),
    "update.due_set": (_due,),
    "signal.joined": (_joined, "{summary}"),
    "signal.ended": (_ended,),
    "health.changed": (_health, "{detail}"),
    "approval.asked": (_asked, _asked_note),
    "approval.approved": (_approved, _factor, "{reason}"),
    "approval.agreed": ("{who} stimmte zu: {question}", "Andere entscheiden noch.", "{reason}"),
    "approval.used": ("Verwendet: die Freigabe von „{question}“",),
    "approval.question": ("{who} fragt zuerst zurück: {question}", "", "{text}"),
    "approval.answer": ("{who} antwortete: {question}", "", "{text}"),
    "approval.resumed": ("Die Frist läuft weiter: {question}", "{because}"),
    "approval.confirmed": ("{who} bestätigte eine Bedingung: {question}", "", "{condition}"),
    "approval.withdrawn": ("{who} zog zurück: {question}", "", "{reason}"),
    "approval.expired": ("Abgelaufen: {question}", "{reason}"),
    "approval.reminded": ("Erinnert wurde {to}: {question}",),
    "approval.escalated": ("Weitergegeben an {asked}: {question}", "Niemand hatte entschieden, nach {after}."),
    "approval.glass_broken": (
        "{who} handelte im Notfall ohne Freigabe: {question}",
        "Eine unabhängige Person muss es nachprüfen, bevor der Vorfall abgeschlossen werden kann.",
        "{reason}",
    ),
    "approval.review_justified": ("{who} befand den Notfallzugriff für gerechtfertigt", "{question}", "{finding}"),
    "approval.review_unjustified": (
        "{who} befand den Notfallzugriff für nicht gerechtfertigt",
        "{question}",
        "{finding}",
    ),
    "approval.standing_given": ("{who} gab im Voraus frei: {question}", "", "{reason}"),
    "approval.standing_used": ("Im Voraus freigegeben von {owner}: {question}", "{left}"),
    "approval.standing_ended": ("Eine Freigabe im Voraus endete", "{because}"),
    "delegation.made": ("{taker} vertritt {giver}", "", "{reason}"),
    "delegation.ended": ("{taker} vertritt {giver} nicht mehr", "", "{reason}"),
    "policy.proposed": ("{who} schlug Version {number} von {policy} vor", "", "{note}"),
    "policy.in_force": ("{who} setzte Version {number} von {policy} in Kraft", "", "{reason}"),
    "policy.refused": ("{who} lehnte Version {number} von {policy} ab", "", "{reason}"),
    "policy.decision_refused": ("{who} darf nicht über {policy} entscheiden", "{because}"),
    "approval.rejected": ("{who} lehnte ab: {question}", "", "{reason}"),
    "approval.voided": ("Hinfällig: {question}", "{reason}"),
    "approval.covered": ("{who} übernahm die Entscheidung, als {because}", "", "{reason}"),
    "approval.refused": ("{who} darf nicht entscheiden", "{because}"),
    "notice.sent": ("{user} wurde über {channel} benachrichtigt ({kind})",),
    "notice.failed": ("{user} wurde über {channel} nicht erreicht, Versuch {try}", "{error}"),
    "notice.given_up": ("{user} war über {channel} nicht zu erreichen", "{error}"),
    "file.attached": (_attached, "", "{note}"),
    "field.erased": ("{who} löschte ein Feld von Eintrag {seq}", "{reason}"),
    "fields.erased": ("{who} löschte {count} Felder", "{reason}"),
}
