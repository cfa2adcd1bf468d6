"""Copies in this room's own tables: what people wrote when they asked for redactions and holds, and in filings.

The exact bytes of a filing that was sent are evidence by their digest, and stay: the page of an erasure says so.
"""

from audit.models import (
    Clock,
    ErasureRequest,
    Filing,
    FilingValue,
    Hold,
    Keeping,
    LegalEntity,
    RedactionSet,
    RegimeVersion,
)
from audit.redaction import rendered, unsent
from audit.redaction.copies import Columns, register

ROOM = "Evidence"
OF_STREAM = ("", "stream__uid")
REGULATION = "regulation"
BOUND = "A digest binds it: put a version without it in force."
TABLES = (
    Columns(ROOM, "Purpose or reasons of a redaction", RedactionSet, ("purpose", "said", "choices"), OF_STREAM),
    Columns(ROOM, "Reasons of a hold", Hold, ("matter", "reason", "why_lift", "said"), OF_STREAM),
    Columns(ROOM, "Why a stream is kept so long", Keeping, ("reason",), OF_STREAM),
    Columns(ROOM, "Reasons of an erasure", ErasureRequest, ("reason", "said", "outcome"), "portal"),
    Columns(ROOM, "Why a report isn't needed", Clock, ("reason",), OF_STREAM),
    Columns(ROOM, "Course of a filing", Filing, ("why", "channel", "reference"), OF_STREAM),
    Columns(ROOM, "Value in a filing", FilingValue, ("value", "reason"), ("", "filing__stream__uid")),
    Columns(ROOM, "Why a rule was changed or refused", RegimeVersion, ("note", "reason"), REGULATION),
    Columns(ROOM, "Text of a rule", RegimeVersion, ("title", "text"), REGULATION, kept=BOUND),
    Columns(ROOM, "Why a regime applies to an entity", LegalEntity, ("decided",), REGULATION),
)


def connect() -> None:
    """Called once, when the app is ready."""
    for table in TABLES:
        register(table)
    unsent.connect()
    rendered.connect()
