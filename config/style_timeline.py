"""Timeline of the invented war room in style_room.py: one entry of each category and shape."""

from datetime import UTC, datetime, timedelta

from incidents.room_view import Category, TimelineEntry

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def at(clock: str) -> datetime:
    """A moment of the invented day, from "11:45:07" UTC."""
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    return DAY + timedelta(hours=hours, minutes=minutes, seconds=seconds)


Row = tuple[str, str, str, Category, str, str, str, str]
ROWS: tuple[Row, ...] = (  # clock, state, icon, category, lead, rest, note, quote
    ("11:45:07", "approval", "approval", "decisions", "Decision asked", "of Lena Vogt: promote orders-db standby",
     "Goes to Piotr Nowak at 12:51 if unanswered", ""),
    ("11:44:51", "late", "late", "steps", "Vendor call", "past expected 10 min", "", ""),
    ("11:44:02", "wait", "probe", "noise", "Probe", "orders-db primary: no answer in 3 s", "", ""),
    ("11:41:20", "running", "bolt", "steps", "Warm caches", "started in eu-central", "", ""),
    ("11:38:02", "wait", "flag", "decisions", "Amara Diallo", "decided", "",
     "We stop trying to save the volume. Fail over to eu-central; Lena owns the go or no-go."),
    ("11:32:15", "done", "done", "steps", "Verified backup", "found: 02:10, restore tested 3 Oct", "", ""),
    ("11:31:40", "done", "done", "steps", "Standby lag", "4 s, limit 30 s", "", ""),
    ("11:29:33", "failed", "failed", "steps", "Reattach volume", "failed, 2 of 2",
     "Exit 5: volume state error-deleting. Took branch “vendor call”.", ""),
    ("11:24:10", "wait", "signal", "signals", "3 signals", "joined from checkout and refunds", "", ""),
    ("11:18:44", "wait", "horn", "comms", "Status page", "updated: “Card payments in the EU are failing”", "", ""),
    ("11:09:02", "done", "done", "steps", "Contain", "finished, 5 of 5 steps", "", ""),
    ("11:03:18", "wait", "flag", "decisions", "SEV1 declared", "by Amara Diallo", "", ""),
    ("11:01:07", "failed", "signal", "signals", "Card authorisation", "fell to 58 %", "", ""),
)  # fmt: skip
LAST_SEQ = 318


def entries() -> tuple[TimelineEntry, ...]:
    """Newest first; the newest is entry 318."""
    return tuple(
        TimelineEntry(LAST_SEQ - place, at(clock), state, icon, lead, rest, note, quote, category)
        for place, (clock, state, icon, category, lead, rest, note, quote) in enumerate(ROWS)
    )
