"""German sentences about runs, steps, groups, attempts, locks and watches: (sentence, note, quotation) by kind."""

from collections.abc import Callable, Mapping
from typing import Any

Fields = Mapping[str, Any]
Said = str | Callable[[Fields], str]

ANSWERS = {
    "retry": "lässt es erneut versuchen",
    "skip": "lässt es aus",
    "give_up": "gibt es auf",
    "undo_branch": "nimmt den Zweig zurück",
}
ASSESSED = {
    "retry": "was fehlschlug, erneut versuchen",
    "skip": "auslassen, was fehlschlug",
    "undo_branch": "die fehlgeschlagenen Zweige zurücknehmen",
    "undo_all": "alles zurücknehmen",
    "accept": "so hinnehmen",
}
FOUND = {"happened": "es ist geschehen", "partly": "ein Teil ist geschehen", "not": "nichts davon ist geschehen"}


def _attempt(fields: Fields) -> str:
    check = " der Prüfung" if fields.get("of") == "verify" else ""
    return f"„{fields['title']}“: Versuch {fields['attempt']}{check}"


def _worked(fields: Fields) -> str:
    echo = f", so sagt {fields['echo']}, das auch gehandelt hat" if fields.get("echo") else ""
    return f"{_attempt(fields)} gelang{echo}"


def _handed(fields: Fields) -> str:
    to = fields.get("to")
    if to and to != fields["who"]:
        return f"{fields['who']} gab „{fields['title']}“ an {to}"
    return f"{fields['who']} übernahm „{fields['title']}“"


def _width(fields: Fields) -> str:
    width = fields["width"]
    said = f"lässt höchstens {width} Schritte zugleich laufen" if width else "hob die Begrenzung auf"
    return f"{fields['who']} {said}"


def _undo_list(fields: Fields) -> str:
    stays = f" Es bleibt: {fields['stays']}." if fields.get("stays") else ""
    return (f"In dieser Reihenfolge: {fields['order']}." if fields.get("order") else "Es ist nichts zu tun.") + stays


def _decided(fields: Fields) -> str:
    way = f"geht zurück zu {fields['back']}" if fields.get("back") else f"nimmt den Weg {fields['case']}"
    return f"„{fields['title']}“ {way}" + (", den Ausweg" if fields["by"] == "fallback" else "")


LINES: dict[str, tuple[Said, ...]] = {
    "run.chosen": ("{runbook}, Version {version}, wurde gewählt", "Weil: {because}."),
    "run.refused": ("{runbook} wurde nicht gestartet", "{reason}"),
    "run.started": ("{runbook}, Version {version}, begann",),
    "run.succeeded": ("{runbook} ist abgeschlossen", "{why}"),
    "run.failed": ("{runbook} ist fehlgeschlagen", "{why}"),
    "run.stopped": ("{runbook} wurde angehalten", "{why}"),
    "run.cancelled": ("{who} brach den Lauf ab", "", "{reason}"),
    "run.reopened": ("{who} ließ den Lauf weitergehen", "", "{reason}"),
    "run.input_changed": ("{who} änderte die Eingabe {name} von {was} auf {now}", "", "{reason}"),
    "run.paused": ("{who} unterbrach den Lauf", "", "{reason}"),
    "run.resumed": ("{who} ließ den Lauf weitergehen", "", "{reason}"),
    "run.width_set": (_width, "", "{reason}"),
    "run.undo_asked": ("{who} lässt {what} zurücknehmen", _undo_list, "{reason}"),
    "run.rerun": ("{who} lässt ab „{title}“ erneut laufen", "", "{reason}"),
    "run.migration_asked": ("{who} möchte den Lauf auf Version {version} umstellen", "", "{reason}"),
    "run.migrated": ("{who} stellte den Lauf von Version {was} auf Version {version} um", "", "{reason}"),
    "run.migration_declined": ("{who} lehnte die Umstellung auf Version {version} ab", "", "{reason}"),
    "run.migration_lapsed": ("Hinfällig: die Umstellung auf Version {version}", "{reason}"),
    "run.undone": ("{runbook} wurde zurückgenommen", "{why}"),
    "step.approval": ("„{title}“ wartet auf Freigabe", "{why}"),
    "step.ready": ("„{title}“ ist bereit", "{why}"),
    "step.running": ("„{title}“ begann", "{why}"),
    "step.verifying": ("„{title}“ wird geprüft", "{why}"),
    "step.done": ("„{title}“ ist erledigt", "{why}"),
    "step.failed": ("„{title}“ ist fehlgeschlagen", "{why}"),
    "step.unknown": ("„{title}“ ist vielleicht geschehen, vielleicht nicht", "{why}"),
    "step.skipped": ("„{title}“ wurde ausgelassen", "{why}"),
    "step.cancelled": ("„{title}“ wurde abgebrochen", "{why}"),
    "step.waiting": ("„{title}“ wartet", "{why}"),
    "step.locked": ("„{title}“ wartet auf eine Sperre", "{why}"),
    "step.bypassed": ("„{title}“ wurde nicht genommen", "{why}"),
    "step.undoing": ("„{title}“ wird zurückgenommen", "{why}"),
    "step.undone": ("„{title}“ wurde zurückgenommen", "{why}"),
    "step.stuck": ("„{title}“ ließ sich nicht zurücknehmen", "{why}"),
    "step.reassigned": (_handed, "", "{reason}"),
    "step.items": ("„{title}“ hat {items} Teile, {width} zugleich",),
    "step.undo_planned": ("„{title}“ wird zurückgenommen werden",),
    "step.went_back": ("„{title}“ geht zurück; was dazwischen liegt, wird erneut getan",),
    "step.held": ("{who} stellt „{title}“ zurück", "", "{reason}"),
    "step.released": ("{who} lässt „{title}“ weitergehen", "", "{reason}"),
    "step.answered": (
        lambda f: f"{f['who']} sagt zu „{f['title']}“: {ANSWERS.get(f['choice'], f['choice'])}",
        "",
        "{reason}",
    ),
    "step.replaced": ("{who} tat „{title}“ auf andere Weise", "", "{evidence}"),
    "step.settled": (
        lambda f: f"{f['who']} sagt zu „{f['title']}“: {FOUND.get(f['found'], f['found'])}",
        "",
        "{evidence}",
    ),
    "step.check_asked": ("{who} lässt die Prüfung von „{title}“ fragen",),
    "step.reminded": ("{assignee} wurde an „{title}“ erinnert", "{why}"),
    "step.escalated": ("„{title}“ wurde weitergegeben", "{why}"),
    "step.overdue": ("„{title}“ dauert zu lange", "{why}"),
    "step.preview_asked": ("{who} fragt, was „{title}“ tun würde",),
    "step.previewed": ("„{title}“ wurde vorhergesehen", "{problem}"),
    "step.attached": ("{who} ließ „{title}“ das Ergebnis von „{other}“ verwenden", "{why}"),
    "attempt.succeeded": (_worked,),
    "attempt.failed": (lambda f: f"{_attempt(f)} schlug fehl", "{error}"),
    "attempt.void": ("„{title}“ wurde zurückgezogen, bevor etwas geschah", "{why}"),
    "attempt.late": ("„{title}“ antwortete, nachdem sein Worker aufgegeben war; es änderte nichts",),
    "attempt.lost": (lambda f: f"{_attempt(f)} ging verloren", "{why}"),
    "group.assessed": (
        lambda f: f"{f['who']} sagt zu „{f['title']}“: {ASSESSED.get(f['choice'], f['choice'])}",
        "",
        "{reason}",
    ),
    "group.open": ("„{title}“ geht weiter", "{why}"),
    "group.assessing": ("„{title}“ wartet: Was bedeuten die Fehlschläge?", "{why}"),
    "group.undoing": ("„{title}“ wird zurückgenommen", "{why}"),
    "group.passed": ("„{title}“ ist bestanden", "{why}"),
    "group.accepted": ("„{title}“ wurde mit Fehlschlägen hingenommen", "{why}"),
    "group.failed": ("„{title}“ ist fehlgeschlagen", "{why}"),
    "group.undone": ("„{title}“ wurde zurückgenommen", "{why}"),
    "decision.taken": (_decided, "{why}"),
    "decision.asked": ("„{title}“ fragt einen Menschen nach dem Weg", "{why}"),
    "proposal.made": ("„{title}“ schlägt vor: {does} {steps}", "{why}"),
    "proposal.accepted": ("{who} nahm den Vorschlag an: {does} {steps}", "", "{reason}"),
    "proposal.declined": ("{who} lehnte den Vorschlag ab: {does} {steps}", "", "{reason}"),
    "proposal.lapsed": ("Ein Vorschlag verfiel: {steps} hatte begonnen",),
    "watch.acted": ("„{title}“ handelte: {does} {steps}", "{why}"),
    "watch.late": ("„{title}“ traf ein, als alles Betroffene begonnen hatte", "{why}"),
    "worker.drained": ("{who} gibt dem Worker {name} nichts mehr", "", "{reason}"),
    "worker.opened": ("{who} gibt dem Worker {name} wieder Arbeit", "", "{reason}"),
    "lock.queued": ("„{title}“ wartet: Andere arbeiten dort", "{why}"),
    "lock.held": ("„{title}“ hat die Dienste für sich: {services}",),
    "lock.freed": ("„{title}“ gab frei: {services}", "{why}"),
    "lock.overdue": ("„{title}“ wartet zu lange: übergehen?", "{why}"),
    "lock.overridden": ("{who} ließ „{title}“ neben {over} arbeiten", "", "{reason}"),
}
