"""How a filing is approved. This room can't ask upward, so the room of approvals registers itself here."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from audit.filings.errors import NoConsent
from audit.ledger import Actor


@dataclass(frozen=True, slots=True)
class Asked:
    """What consent is bound to: the exact bytes, by digest, and what they are. files: format -> SHA-256."""

    subject: str
    stream: str
    question: str
    effect: str
    services: tuple[str, ...]
    regime: str
    stage: str
    entity: str
    files: Mapping[str, str]
    url: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How it stands. state: pending, approved, used, or ended. because: why it ended, or who decided."""

    state: str
    because: str = ""
    url: str = ""


class Consent(Protocol):
    """What the room of approvals does for filings. Every call is inside the transaction of the change that needs it."""

    def ask(self, asked: Asked, actor: Actor, shapers: set[str], now: dt.datetime) -> None:
        """Ask whoever is accountable. shapers: actor ids of everybody who wrote some of it; they never decide it."""

    def standing(self, subject: str) -> Standing | None:
        """How the latest request stands; None when nobody was asked."""

    def void(self, subject: str, reason: str, actor: Actor, now: dt.datetime) -> None:
        """Take the question, or the yes, back. Does nothing where there is none."""

    def use(self, asked: Asked, actor: Actor, now: dt.datetime) -> str:
        """Use the yes for exactly this. "" when it may be used, else why not."""


_registered: list[Consent] = []


def register(consent: Consent) -> None:
    """Say who approves filings."""
    _registered[:] = [consent]


def approver() -> Consent:
    """Who approves filings. Raises NoConsent where no room does."""
    if not _registered:
        raise NoConsent("nobody approves filings in this portal")
    return _registered[0]
