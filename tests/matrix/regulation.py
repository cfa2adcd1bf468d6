"""Doors of deadlines, worksheets, entities and regimes: what they are sent, and what is there to knock at."""

from collections.abc import Callable
from typing import Any

from audit.models import Clock
from audit.regimes import sheets, versions
from audit.regimes.sheets import Verdict
from catalog.models import User
from plumbing import clock
from tests.audit.own_regime import OWN
from tests.matrix.world import MARK, World

Body = dict[str, Any]
REASON = "Because the test says so."
SHEET = "dora_classification"


def begun(stream: str, entity: str, users: dict[str, User]) -> Clock:
    """A decision whose clocks run, and a version of an own regime that waits for a second person."""
    sheet = sheets.current(stream, entity, SHEET)
    verdict = Verdict(True, f"The {MARK} is down.")
    sheets.decide(
        stream, sheet.entity, sheet.worksheet, verdict, seen=sheet.seen, actor=users["compliance"], now=clock.now()
    )
    versions.propose(OWN, note="The board asked.", actor=users["owner"], now=clock.now())
    return Clock.objects.get(stream__uid=stream, stage="initial")


def _seen(world: World) -> int:
    return sheets.current(world.incident.stream, world.filing.entity, SHEET).seen


ENTITY: Body = {"name": "Südbank AG", "zone": "Europe/Berlin", "country": "DE", "currency": "EUR"}
NEW = OWN.replace("own_board", "own_night")
PAGES: dict[str, Callable[[World], Body]] = {
    "regulation:state": lambda world: {"event": "aware", "at": "2026-01-01T10:00"},
    "regulation:classify": lambda world: {"seen": _seen(world), "media_coverage": "yes"},
    "regulation:decide": lambda world: {"seen": _seen(world), "verdict": "yes", "reason": REASON},
    "regulation:not-needed": lambda world: {"reason": REASON},
    "regulation:new-entity": lambda world: {**ENTITY, "seen": 0},
    "regulation:change-entity": lambda world: {**ENTITY, "seen": 1},
    "regulation:applies": lambda world: {"seen": 1, "answer": "yes", "reason": REASON},
    "regulation:new-regime": lambda world: {"text": NEW, "note": REASON},
    "regulation:propose-regime": lambda world: {"text": OWN, "note": REASON},
    "regulation:rule-regime": lambda world: {"verdict": "accept"},
}
API: dict[str, Callable[[World], Body]] = {
    "audit-api:moments": lambda world: {"event": "aware", "at": "2026-01-01T10:00:00Z"},
    "audit-api:worksheet": lambda world: {"seen": _seen(world), "facts": {"media_coverage": {"value": True}}},
    "audit-api:decisions": lambda world: {"seen": _seen(world), "verdict": "yes", "reason": REASON},
    "audit-api:not-needed": lambda world: {"reason": REASON},
    "audit-api:entities": lambda world: ENTITY,
    "audit-api:applies": lambda world: {"seen": 1, "applies": True, "reason": REASON},
    "audit-api:regimes": lambda world: {"text": NEW, "note": REASON},
    "audit-api:rule-regime": lambda world: {"accept": True},
}
