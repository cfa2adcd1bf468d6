"""The demo organisation: a small bank whose people, services, runbooks and licence make every page worth a look.

Everything is made once, through the services that a person would use; what somebody changed since stays as it is.
"""

import datetime as dt
from dataclasses import dataclass, field

from catalog.models import Service, User
from config.demo import estate, people, regulation, work

PASSWORD = people.PASSWORD


@dataclass(frozen=True, slots=True)
class SignIn:
    """Somebody to try the portal as; all have the demo's PASSWORD."""

    username: str
    name: str
    title: str


@dataclass(slots=True)
class DemoReport:
    """What the demo consists of."""

    users: dict[str, User]
    services: dict[str, Service]
    made: int = 0  # people and services that weren't there before
    sign_ins: list[SignIn] = field(default_factory=list)


def load(now: dt.datetime) -> DemoReport:
    """Load what is missing of the demo organisation. Safe to call at every start, and quick when nothing is missing."""
    before = User.objects.count() + Service.objects.count()
    users = people.load()
    services = estate.load(users)
    work.load(users, now)
    regulation.load(users, now)
    made = User.objects.count() + Service.objects.count() - before
    sign_ins = [SignIn(user.username, user.name, user.title) for user in users.values()]
    return DemoReport(users, services, made, sign_ins)
