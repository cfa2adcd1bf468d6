"""Rows of the catalog, by what they are about: people, the estate of services."""

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

__all__ = [
    "HEX_DIGITS",
    "Absence",
    "Dependency",
    "MachineToken",
    "Membership",
    "Probe",
    "RoleGroup",
    "Service",
    "SignInFailure",
    "Team",
    "User",
    "new_uid",
]
