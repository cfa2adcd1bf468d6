"""Writes of the catalog: people, teams, tokens, imports, probes, notices. Each in one transaction, each recorded."""

from catalog.services.absence import come_back, go_away
from catalog.services.contacts import add_contact_point, remove_contact_point, seal_anew, send_test
from catalog.services.estate import connect, make_service
from catalog.services.factors import (
    add_app,
    add_passkey,
    remove_factor,
    renew_recovery_codes,
    reset_factors,
    seal_factors_anew,
    show_recovery_codes,
    use_code,
    use_passkey,
)
from catalog.services.imports import File, May, import_files
from catalog.services.probes import check_probe, make_probe, pause, resume, switch_probes
from catalog.services.reaching import notify
from catalog.services.sign_in import check_credentials, confirm_password, record_sign_out
from catalog.services.teams import join, leave, make_machine_user, make_person, make_team
from catalog.services.tokens import IssuedToken, issue_token, revoke_token, token_of

__all__ = [
    "File",
    "IssuedToken",
    "May",
    "add_app",
    "add_contact_point",
    "add_passkey",
    "check_credentials",
    "check_probe",
    "come_back",
    "confirm_password",
    "connect",
    "go_away",
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
    "remove_contact_point",
    "remove_factor",
    "renew_recovery_codes",
    "reset_factors",
    "resume",
    "revoke_token",
    "seal_anew",
    "seal_factors_anew",
    "send_test",
    "show_recovery_codes",
    "switch_probes",
    "token_of",
    "use_code",
    "use_passkey",
]
