"""German."""

WORDS: dict[str, str] = {
    "and": "und",
    "yes": "ja",
    "no": "nein",
    "nothing": "nichts",
    "unit.day": "d",
    "engine": "Muster",
    "engine.title": "Das Programm selbst",
    "kind.incident": "Vorfallsbericht",
    "kind.runbook": "Bericht über ein Runbook",
    "kind.approval": "Bericht über eine Freigabe",
    "kind.period": "Bericht über einen Zeitraum",
    "kind.person": "Bericht über die Zugriffe einer Person",
    "kind.other": "Bericht",
    "cover.made": "Erstellt {at}",
    "cover.running": "Muster · {title} · Eintrag {entry} · Prüfwert {digest}",
    "cover.contents": "In diesem Dokument",
    "cover.page": "Seite",
    "cover.goes_on": "Fortsetzung",
    "cover.volume": "Band",
    "cover.volume_of": "{number} von {count}",
    "summary.title": "Zusammenfassung",
    "summary.plain": "Dieses Dokument gibt den Verlauf von {title} wieder ({entries}).",
    "summary.audience": "Erstellt für: {audience}. Was nicht gezeigt wird, steht mit Gründen im Kapitel dazu.",
    "summary.more.one": "Eine weitere Feststellung steht in den folgenden Kapiteln.",
    "summary.more.many": "{number} weitere Feststellungen stehen in den folgenden Kapiteln.",
    "proof.entries": "Nachweis",
    "proof.entry.one": "1 Eintrag",
    "proof.entry.many": "{number} Einträge",
    "proof.span": "{first} bis {last}",
    "proof.root": "Wurzel aller Einträge",
    "proof.key": "Logschlüssel, SHA-256",
    "proof.stamped": "Zeitstempel",
    "proof.unstamped": "noch keiner von einer Zeitstempelstelle",
    "proof.hidden": "Nicht gezeigt",
    "proof.fields.one": "1 Feld, mit Begründung aufgeführt",
    "proof.fields.many": "{number} Felder, mit Begründung aufgeführt",
    "timeline.title": "Zeitlicher Ablauf",
    "timeline.of": "Zeitlicher Ablauf: {title}",
    "timeline.lead": (
        "Jeder Eintrag in seiner Reihenfolge. Die Zeit ist die des Servers, als der Eintrag geschrieben wurde."
    ),
    "timeline.empty": "Es gibt keinen Eintrag.",
    "timeline.entry": "Nr.",
    "timeline.time": "Zeit",
    "timeline.what": "Was geschah",
    "timeline.later": "Nachgetragen: Es geschah {at} und wurde {after} später festgehalten.",
    "timeline.corrects": "Berichtigt Eintrag {seq}.",
    "timeline.cut": "[der ganze Text steht in den Dateien des Verzeichnisses ledger]",
    "people.title": "Personen und Rollen",
    "people.name": "Name",
    "people.function": "Funktion",
    "people.acts": "Einträge",
    "people.id": "Kennung im Ledger",
    "people.none": "Es ist niemand genannt.",
    "corrections.title": "Berichtigungen und Nachträge",
    "corrections.lead": (
        "Eine Berichtigung ersetzt nie, was sie berichtigt: Beide Texte bleiben. Nachträge tragen beide Zeiten."
    ),
    "corrections.kind": "Art",
    "corrections.later": "Nachgetragen",
    "corrections.of": "Berichtigt Eintrag {seq}",
    "corrections.at": "Berichtigt {at} von {who}. Es heißt jetzt:",
    "corrections.before": "Zuvor, in Eintrag {seq} von {at}: {text}",
    "hidden.title": "Was nicht gezeigt wird",
    "hidden.none": "Alles wird gezeigt",
    "hidden.none.text": "In diesem Paket ist kein Feld eines Eintrags zurückgehalten oder gelöscht.",
    "hidden.lead.one": (
        "Ein Feld wird nicht gezeigt. Sein Festlegungswert bleibt im Eintrag, also wurde nichts spurlos entfernt."
    ),
    "hidden.lead.many": (
        "{number} Felder werden nicht gezeigt. Ihre Festlegungswerte bleiben in den Einträgen, also wurde nichts "
        "spurlos entfernt."
    ),
    "hidden.others.one": (
        "Ein Eintrag dieser Ströme betrifft etwas anderes. Nichts davon wird gezeigt; sein Hashwert bleibt im Baum."
    ),
    "hidden.others.many": (
        "{number} Einträge dieser Ströme betreffen etwas anderes. Nichts davon wird gezeigt; ihre Hashwerte bleiben "
        "im Baum."
    ),
    "hidden.field": "Feld",
    "hidden.state": "Zustand",
    "hidden.reason": "Grund",
    "hidden.withheld": "zurückgehalten",
    "hidden.erased": "gelöscht",
    "method.title": "Wie man dieses Dokument prüft",
    "method.how": (
        "Jeder Eintrag wurde in dem Augenblick geschrieben, von dem er berichtet, in einer Transaktion mit der "
        "Änderung selbst. Er nennt den Hashwert des Eintrags vor ihm, und jeder Wert darin steht hinter einem "
        "Festlegungswert. Alle Einträge bilden einen Hashbaum, dessen Wurzel signiert ist. Wer die Wurzel kennt, kann "
        "feststellen, ob auch nur ein Byte geändert, hinzugefügt, weggelassen oder verschoben wurde."
    ),
    "method.stream": "Strom",
    "method.size": "Umfang",
    "method.origin": "Signiert im Log",
    "method.heads.one": "Prüfpunkt über 1 Kopf",
    "method.heads.many": "Prüfpunkt über {number} Köpfe",
    "method.certificate": "Zertifikat der Organisation",
    "method.no_certificate": "keines: Das Paket ist nicht von der Organisation signiert",
    "method.witnesses": "Zeugen",
    "method.no_witnesses": "keine",
    "method.made": "Dokument erstellt",
    "method.previous": "Früheres Paket",
    "method.prefix": "mit den ersten {size} Einträgen",
    "method.attachment": "Datei im Paket",
    "method.checkpoint": "Der Prüfpunkt, wie er signiert wurde:",
    "method.step.1": (
        "1. Vergleichen Sie den Fingerabdruck des Logschlüssels oben mit dem, der vorher bei Ihnen hinterlegt wurde. "
        "Ein Schlüssel, der mit dem Paket kommt, beweist für sich allein nichts."
    ),
    "method.step.2": (
        "2. Entpacken Sie das Paket und rufen Sie einen der Prüfer im Verzeichnis „verify“ auf: ein Shell-Skript, "
        "eine einzelne Python-Datei oder eine Seite, die ohne Netz im Browser läuft. VERIFY.txt nennt jeden Befehl "
        "einzeln."
    ),
    "method.step.3": (
        "3. Der Prüfer rechnet jeden Hashwert neu aus, prüft Signatur und Zeitstempel und nennt die erste Stelle, die "
        "nicht stimmt. Er muss dieselbe Wurzel nennen wie dieses Dokument."
    ),
    "method.step.4": (
        "4. Dieses PDF trägt die Einträge, den Kopf und den Prüfpunkt als Anlagen. Sie müssen Byte für Byte den "
        "Dateien im Verzeichnis data/ledger des Pakets gleichen."
    ),
    "method.step.5": (
        "5. Hat die Organisation dieses PDF signiert, zeigt jedes PDF-Programm, wer das wann tat. Im Terminal:"
    ),
    "method.limits": (
        "Was dies nicht beweisen kann: dass eine Aussage wahr war, als sie gemacht wurde, dass nichts verschwiegen "
        "wurde oder dass die Uhr des Servers richtig ging; Zeitstempel sagen nur „nicht später als“. Bis zum nächsten "
        "Prüfpunkt, höchstens eine Minute später, schützt allein die Datenbank einen Eintrag."
    ),
    "glossary.title": "Begriffe",
    "glossary.keys": "entry ledger stream commitment root checkpoint stamp withheld erased utc pack witness",
    "glossary.entry": "Eintrag|Eine Zeile des Verlaufs: wann, was, wer, und die Felder, die mehr sagen.",
    "glossary.ledger": "Ledger|Der Verlauf, an den nur angefügt wird. Kein Eintrag wird geändert oder entfernt.",
    "glossary.stream": "Strom|Die Einträge zu einem Gegenstand, etwa einem Vorfall, von 0 an nummeriert.",
    "glossary.commitment": (
        "Festlegungswert|Ein Hashwert aus einem Wert und einer Zufallszahl. Er bindet den Wert, ohne ihn zu zeigen."
    ),
    "glossary.root": (
        "Wurzel|Ein Hashwert über alle Einträge (RFC 6962). Jedes geänderte Byte ergibt eine andere Wurzel."
    ),
    "glossary.checkpoint": "Prüfpunkt|Ein kurzer signierter Text mit Größe und Wurzel des Logs aller Ströme.",
    "glossary.stamp": (
        "Zeitstempel|Die signierte Aussage einer fremden Stelle, dass etwas zu einer Zeit vorlag (RFC 3161)."
    ),
    "glossary.withheld": "Zurückgehalten|Der Wert besteht und wird diesem Leser nicht gegeben. Der Grund ist genannt.",
    "glossary.erased": "Gelöscht|Der Wert wurde endgültig vernichtet, durch einen Eintrag, der sagt, warum.",
    "glossary.utc": "UTC|Koordinierte Weltzeit, überall dieselbe.",
    "glossary.pack": (
        "Nachweispaket|Dieses Dokument mit den Dateien des Ledgers, Signaturen und Prüfern in einem Archiv."
    ),
    "glossary.witness": (
        "Zeuge|Eine unabhängige Stelle, die einen Prüfpunkt nur signiert, wenn er den vorigen fortsetzt."
    ),
}
