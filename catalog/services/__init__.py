"""Writes of the catalog: people, teams, tokens, imports, probes, notices. Each in one transaction, each recorded."""

from catalog.services.estate import connect, make_service
from catalog.services.imports import File, May, import_files
from catalog.services.probes import check_probe, make_probe, pause, resume, switch_probes
from catalog.services.reaching import notify
from catalog.services.sign_in import check_credentials, record_sign_out
from catalog.services.teams import join, leave, make_machine_user, make_person, make_team
from catalog.services.tokens import IssuedToken, issue_token, revoke_token, token_of

__all__ = [
    "File",
    "IssuedToken",
    "May",
    "check_credentials",
    "check_probe",
    "connect",
    "import_files",
    "issue_token",
    "join",
    "leave",
    "make_machine_user",
    "make_person",
    "make_probe",
    "make_service",
    "make_team",
    "notify",
    "pause",
    "record_sign_out",
    "resume",
    "revoke_token",
    "switch_probes",
    "token_of",
]
