"""Everything that writes in this room, by what it is about: intake, opening, phases, roles, words, runs."""

from incidents.services.alarms import raise_about_ledger
from incidents.services.intake import Taken, take
from incidents.services.opening import declare
from incidents.services.phases import move, set_severity
from incidents.services.roles import give_role, leave_role, take_role
from incidents.services.runs import start_runbook
from incidents.services.words import (
    add_decision,
    add_earlier,
    add_note,
    correct,
    post_update,
    set_next_update,
    words_of,
)

__all__ = [
    "Taken",
    "add_decision",
    "add_earlier",
    "add_note",
    "correct",
    "declare",
    "give_role",
    "leave_role",
    "move",
    "post_update",
    "raise_about_ledger",
    "set_next_update",
    "set_severity",
    "start_runbook",
    "take",
    "take_role",
    "words_of",
]
