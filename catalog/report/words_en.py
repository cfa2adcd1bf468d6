"""English."""

WORDS = {
    "catalog.lead": (
        "This document tells what {title} had the right to, and what was done with it, as far as the ledger says."
    ),
    "catalog.roles": "Roles, and from when to when",
    "catalog.roles.lead": (
        "Rights follow from roles in teams. A role that was given before these entries is not in this table."
    ),
    "catalog.roles.none": "These entries give nobody a role.",
    "catalog.role": "Role and team",
    "catalog.who": "Who",
    "catalog.given": "Given",
    "catalog.until": "Until",
    "catalog.still": "still held at the last entry",
    "catalog.deeds": "What the person did",
    "catalog.deeds.none": "These entries hold nothing that the person did.",
    "catalog.deed": "What, as it last happened",
    "catalog.count": "Times",
    "catalog.last": "Last",
}
