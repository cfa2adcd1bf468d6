"""Rows of the catalog, by what they are about: people, the estate of services, how people are reached."""

from catalog.models.auditors import AuditorAccess
from catalog.models.estate import Dependency, Probe, Service
from catalog.models.people import (
    HEX_DIGITS,
    Absence,
    MachineToken,
    Membership,
    RoleGroup,
    SignInFailure,
    Team,
    User,
    new_uid,
)
from catalog.models.reaching import LONGEST_ADDRESS, LONGEST_PATH, ContactPoint, Notice

__all__ = [
    "HEX_DIGITS",
    "LONGEST_ADDRESS",
    "LONGEST_PATH",
    "Absence",
    "AuditorAccess",
    "ContactPoint",
    "Dependency",
    "MachineToken",
    "Membership",
    "Notice",
    "Probe",
    "RoleGroup",
    "Service",
    "SignInFailure",
    "Team",
    "User",
    "new_uid",
]
