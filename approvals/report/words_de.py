"""German."""

WORDS = {
    "approvals.title": "Freigaben",
    "approvals.lead": (
        "{asked}; freigegeben: {approved}. Jede Antwort ist an genau das gebunden, was gefragt war: Der Prüfwert "
        "sagt, was."
    ),
    "approvals.asked.one": "Eine Entscheidung wurde erbeten",
    "approvals.asked.many": "{number} Entscheidungen wurden erbeten",
    "approvals.question": "Frage",
    "approvals.when_asked": "Gefragt",
    "approvals.answer": "Antwort",
    "approvals.bound": "Gebunden an, SHA-256",
    "approvals.effect": "Wirkung: {text}",
    "approvals.undo": "Rücknahme: {text}",
    "approvals.before": "vor diesen Einträgen",
    "approvals.of": "{who}, als {because}",
    "approvals.of_nobody": "niemand: Es konnte niemand Verantwortliches gefragt werden",
    "approvals.open": "Noch keine Antwort",
    "approvals.after": "nach {span}",
    "approvals.factor": "mit zweitem Faktor ({factor})",
    "approvals.agreed": "{who} hatte zuvor zugestimmt",
    "approvals.condition": "Bedingung: {text}",
    "approvals.used": "verwendet {at}",
    "approvals.by.decided": "{who} gab frei",
    "approvals.by.approved": "{who} gab frei",
    "approvals.by.standing": "Im Voraus freigegeben von {who}",
    "approvals.by.break_glass": "{who} handelte ohne Freigabe",
    "approvals.by.rejected": "{who} lehnte ab",
    "approvals.by.withdrawn": "{who} zog sie zurück",
    "approvals.by.expired": "Niemand entschied rechtzeitig",
    "approvals.by.voided": "Hinfällig: Was getan würde, hatte sich geändert",
    "approvals.glass": "Notfallzugriff",
    "approvals.glass.by": "Durch",
    "approvals.glass.why": "Warum",
    "approvals.glass.passed": "Übergangen",
    "approvals.glass.review": "Nachprüfung",
    "approvals.review.none": "noch nicht nachgeprüft",
    "approvals.review.justified": "gerechtfertigt, so {who}",
    "approvals.review.unjustified": "nicht gerechtfertigt, so {who}",
    "approvals.finding.glass.title": "Es wurde ohne Freigabe gehandelt: {question}",
    "approvals.finding.glass": "{who} handelte ohne die verantwortliche Person. Die Nachprüfung: {review}.",
    "approvals.finding.refused.one": "Ein Versuch zu entscheiden wurde abgewiesen",
    "approvals.finding.refused.many": "{number} Versuche zu entscheiden wurden abgewiesen",
    "approvals.finding.refused.text": "{who} wollte entscheiden und war nicht befugt. Es blieb ohne Folgen.",
    "approvals.glossary.approval": "Freigabe|Das Ja der verantwortlichen Person, bevor etwas getan wird.",
    "approvals.glossary.digest": (
        "Prüfwert|Ein Hashwert genau dessen, was freigegeben wurde. Ändert es sich, ist die Freigabe hinfällig."
    ),
    "approvals.glossary.glass": (
        "Notfallzugriff|In einer Notlage ohne Freigabe weitergehen. Er verlangt einen Grund und eine unabhängige "
        "Nachprüfung."
    ),
    "approvals.glossary.seat": (
        "Sitz|Eine Stellung, deren Inhaber zustimmen muss, etwa die Verantwortung für einen Dienst."
    ),
    "approvals.glossary.standing": (
        "Freigabe im Voraus|Das Ja einer verantwortlichen Person zu einer Art von Handlung, in Grenzen, bevor es "
        "gebraucht wird."
    ),
}
