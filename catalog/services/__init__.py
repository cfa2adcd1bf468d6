"""Writes of the catalog: people and teams, machine tokens, imports, probes. Each in one transaction, each recorded."""

from catalog.services.imports import import_files
from catalog.services.teams import join, leave, make_machine_user, make_person, make_team
from catalog.services.tokens import IssuedToken, issue_token, revoke_token, token_of

__all__ = [
    "IssuedToken",
    "import_files",
    "issue_token",
    "join",
    "leave",
    "make_machine_user",
    "make_person",
    "make_team",
    "revoke_token",
    "token_of",
]
