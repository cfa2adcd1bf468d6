"""English."""

WORDS: dict[str, str] = {
    "and": "and",
    "yes": "yes",
    "no": "no",
    "nothing": "nothing",
    "unit.day": "d",
    "engine": "Muster",
    "engine.title": "The engine itself",
    "kind.incident": "Incident report",
    "kind.runbook": "Runbook report",
    "kind.approval": "Report on an approval",
    "kind.period": "Report on a period",
    "kind.person": "Report on a person’s access",
    "kind.other": "Report",
    "cover.made": "Made {at}",
    "cover.running": "Muster · {title} · entry {entry} · digest {digest}",
    "cover.contents": "In this document",
    "cover.page": "Page",
    "cover.goes_on": "continued",
    "cover.volume": "Volume",
    "cover.volume_of": "{number} of {count}",
    "summary.title": "Summary",
    "summary.plain": "This document tells the history of {title} in {entries}.",
    "summary.audience": "Prepared for: {audience}. What is not shown is listed, with reasons, in the chapter on it.",
    "summary.more.one": "One more finding stands in the chapters that follow.",
    "summary.more.many": "{number} more findings stand in the chapters that follow.",
    "proof.entries": "Evidence",
    "proof.entry.one": "1 entry",
    "proof.entry.many": "{number} entries",
    "proof.span": "{first} to {last}",
    "proof.root": "Root of all entries",
    "proof.key": "Log key, SHA-256",
    "proof.stamped": "Time stamp",
    "proof.unstamped": "none from an authority yet",
    "proof.hidden": "Not shown",
    "proof.fields.one": "1 field, listed with its reason",
    "proof.fields.many": "{number} fields, listed with their reasons",
    "timeline.title": "Timeline",
    "timeline.of": "Timeline of {title}",
    "timeline.lead": (
        "Every entry of the ledger in its order. The time is that of the server when the entry was written."
    ),
    "timeline.empty": "There is no entry.",
    "timeline.entry": "No.",
    "timeline.time": "Time",
    "timeline.what": "What happened",
    "timeline.later": "Made later: it happened {at}, and was recorded {after} afterwards.",
    "timeline.corrects": "Corrects entry {seq}.",
    "timeline.cut": "[the whole text is in the ledger files]",
    "people.title": "People and roles",
    "people.name": "Name",
    "people.function": "Function",
    "people.acts": "Entries",
    "people.id": "Id in the ledger",
    "people.none": "Nobody is named.",
    "corrections.title": "Corrections and later entries",
    "corrections.lead": (
        "A correction never replaces what it corrects: both texts stay. What was recorded later carries both times."
    ),
    "corrections.kind": "Kind",
    "corrections.later": "Made later",
    "corrections.of": "Corrects entry {seq}",
    "corrections.at": "Corrected {at} by {who}. It reads now:",
    "corrections.before": "Before, in entry {seq} of {at}: {text}",
    "hidden.title": "What is not shown",
    "hidden.none": "Everything is shown",
    "hidden.none.text": "No field of any entry is withheld or erased in this pack.",
    "hidden.lead.one": (
        "One field is not shown. Its commitment stays in the entry, so nothing was removed without a trace."
    ),
    "hidden.lead.many": (
        "{number} fields are not shown. Their commitments stay in the entries, so nothing was removed without a trace."
    ),
    "hidden.others.one": (
        "One entry of these streams is about something else. Nothing of it is shown; its hash stays in the tree."
    ),
    "hidden.others.many": (
        "{number} entries of these streams are about something else. Nothing of them is shown; their hashes stay in "
        "the tree."
    ),
    "hidden.field": "Field",
    "hidden.state": "State",
    "hidden.reason": "Reason",
    "hidden.withheld": "withheld",
    "hidden.erased": "erased",
    "method.title": "How to check this document",
    "method.how": (
        "Each entry was written at the moment that it tells of, in one transaction with the change itself. It names "
        "the hash of the entry before it, and every value in it stands behind a commitment. All entries form a hash "
        "tree whose root is signed. Whoever knows the root can tell whether any byte of any entry was changed, added, "
        "left out or moved."
    ),
    "method.stream": "Stream",
    "method.size": "Entries",
    "method.origin": "Signed in log",
    "method.heads.one": "checkpoint over 1 head",
    "method.heads.many": "checkpoint over {number} heads",
    "method.certificate": "Organisation’s certificate",
    "method.no_certificate": "none: the pack isn’t signed by the organisation",
    "method.witnesses": "Witnesses",
    "method.no_witnesses": "none",
    "method.made": "Document made",
    "method.previous": "Earlier pack",
    "method.prefix": "of the first {size} entries",
    "method.attachment": "File in the pack",
    "method.checkpoint": "The checkpoint, as it was signed:",
    "method.step.1": (
        "1. Compare the fingerprint of the log key above with the one that was registered with you beforehand. A key "
        "that comes with the pack proves nothing by itself."
    ),
    "method.step.2": (
        "2. Unpack the pack and run one of the verifiers in its folder “verify”: a shell script, one Python file, or "
        "one page that works in a browser without a network. VERIFY.txt gives each command by hand."
    ),
    "method.step.3": (
        "3. The verifier computes every hash anew, checks the signature and the time stamp, and names the first place "
        "that doesn’t fit. It must say the same root as this document."
    ),
    "method.step.4": (
        "4. This PDF carries the entries, the head and the checkpoint as attachments. They must be equal, byte for "
        "byte, to the files in the folder data/ledger of the pack."
    ),
    "method.step.5": (
        "5. Where the organisation signed this PDF, any reader of PDF shows by whom and when. In a terminal:"
    ),
    "method.limits": (
        "What this can’t prove: that a statement was true when it was made, that nothing was left unsaid, or that the "
        "server’s clock was right; time stamps only say “not later than”. Up to the next checkpoint, at most a minute "
        "later, an entry is protected by the database alone."
    ),
    "glossary.title": "Glossary",
    "glossary.keys": "entry ledger stream commitment root checkpoint stamp withheld erased utc pack witness",
    "glossary.entry": "Entry|One line of the history: when, what, who, and the fields that say more.",
    "glossary.ledger": "Ledger|The append-only history. Entries are added; none is changed or removed.",
    "glossary.stream": "Stream|The entries about one subject, such as an incident, numbered from 0.",
    "glossary.commitment": "Commitment|A hash of a value and a random number. It binds the value without showing it.",
    "glossary.root": "Root|One hash over all entries (RFC 6962). A change of any byte gives another root.",
    "glossary.checkpoint": "Checkpoint|A short signed text that names the size and root of the log of all streams.",
    "glossary.stamp": (
        "Time stamp|A signed statement of an outside authority that something existed at a time (RFC 3161)."
    ),
    "glossary.withheld": "Withheld|The value exists, and is not given to this reader. The reason is listed.",
    "glossary.erased": "Erased|The value was destroyed for good, by an entry that says why.",
    "glossary.utc": "UTC|Coordinated universal time, the same everywhere.",
    "glossary.pack": "Evidence pack|This document with the ledger’s files, signatures and verifiers, in one archive.",
    "glossary.witness": (
        "Witness|An independent party that signs a checkpoint only if it extends the one it saw before."
    ),
}
