"""What the demo bank is to its supervisors: the legal entity that owes reports about its services."""

import datetime as dt

from audit.models import LegalEntity
from audit.regimes import entities
from audit.regimes.entities import Said
from catalog.models import User
from config.demo.people import WORKING_TEAMS

NAME = "Musterbank AG"
LEI = "000000MUSTERDEMO0035"  # no issuer of LEIs has the prefix 0000; the check digits are right


def load(users: dict[str, User], now: dt.datetime) -> None:
    """Add the bank, unless there is an entity: one that somebody renamed or put aside is not made anew."""
    if LegalEntity.objects.exists():
        return
    bank = Said(
        name=NAME,
        lei=LEI,
        types=["credit_institution"],
        home_state="DE",
        other_states=["AT", "NL"],
        zone="Europe/Berlin",
        country="DE",
        subdivision="HE",
        days_off=[f"{now.year}-12-24", f"{now.year}-12-31"],  # no public holidays, and the bank is closed
        currency="EUR",
        nis2="essential",
        significant=False,
        teams=list(WORKING_TEAMS),
    )
    entities.make(bank, actor=users["ines"], now=now)
