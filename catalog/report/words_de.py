"""German."""

WORDS = {
    "catalog.lead": (
        "Dieses Dokument sagt, wozu {title} berechtigt war und was damit getan wurde, soweit es im Ledger steht."
    ),
    "catalog.roles": "Rollen, von wann bis wann",
    "catalog.roles.lead": (
        "Rechte folgen aus Rollen in Teams. Eine Rolle, die vor diesen Einträgen gegeben wurde, steht nicht in dieser "
        "Tabelle."
    ),
    "catalog.roles.none": "Diese Einträge geben niemandem eine Rolle.",
    "catalog.role": "Rolle und Team",
    "catalog.who": "Wer",
    "catalog.given": "Gegeben",
    "catalog.until": "Bis",
    "catalog.still": "beim letzten Eintrag noch innegehabt",
    "catalog.deeds": "Was die Person tat",
    "catalog.deeds.none": "Diese Einträge enthalten nichts, was die Person tat.",
    "catalog.deed": "Was, wie es zuletzt geschah",
    "catalog.count": "Anzahl",
    "catalog.last": "Zuletzt",
}
