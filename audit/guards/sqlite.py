"""Guards as SQLite triggers. RAISE(ABORT) undoes the statement.

INSERT OR REPLACE deletes without firing delete triggers unless recursive_triggers is on, so inserts over an existing
key are refused as well.
"""

import re
from typing import Any

from audit.guards.rules import ERASABLE, MOVES_FORWARD, TABLES

GENESIS = "0" * 64

CONDITIONS: list[tuple[str, str, str, str]] = [  # name, event, refused when, message
    (
        "ledger_stream_starts_empty",
        "BEFORE INSERT ON ledger_stream",
        f"NEW.size <> 0 OR hex(NEW.head) <> '{GENESIS}' OR NEW.time IS NOT NULL",
        "a ledger stream starts empty",
    ),
    (
        "ledger_stream_moves_forward",
        "BEFORE UPDATE ON ledger_stream",
        "NEW.id <> OLD.id OR NEW.uid <> OLD.uid OR NEW.size <= OLD.size"
        " OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE stream_id = NEW.id AND seq = NEW.size - 1"
        " AND leaf = NEW.head AND time = NEW.time)"
        " OR EXISTS (SELECT 1 FROM ledger_entry WHERE stream_id = NEW.id AND seq = NEW.size)",
        "a ledger stream moves forward to its last recorded entry only",
    ),
    (
        "ledger_entry_follows",
        "BEFORE INSERT ON ledger_entry",
        "NEW.seq <> (SELECT size FROM ledger_stream WHERE id = NEW.stream_id)"
        " AND (NEW.seq < (SELECT size FROM ledger_stream WHERE id = NEW.stream_id)"
        " OR NOT EXISTS (SELECT 1 FROM ledger_entry WHERE stream_id = NEW.stream_id AND seq = NEW.seq - 1))",
        "a ledger entry follows the last one of its stream",
    ),
    (
        "ledger_disclosure_only_erased",
        "BEFORE DELETE ON ledger_disclosure",
        "NOT EXISTS (SELECT 1 FROM ledger_erasure WHERE entry_id = OLD.entry_id AND name = OLD.name)",
        "a disclosure is deleted only after its erasure is recorded",
    ),
    (
        "ledger_disclosure_stays_erased",
        "BEFORE INSERT ON ledger_disclosure",
        "EXISTS (SELECT 1 FROM ledger_erasure WHERE entry_id = NEW.entry_id AND name = NEW.name)",
        "an erased disclosure does not come back",
    ),
    (
        "ledger_head_follows",
        "BEFORE INSERT ON ledger_head",
        "NEW.idx <> 0 AND NOT EXISTS (SELECT 1 FROM ledger_head WHERE idx = NEW.idx - 1)",
        "a head follows the last one of the heads log",
    ),
]


def triggers() -> dict[str, str]:
    """Every trigger by name, as the statement that makes it."""
    made = {
        name: f"CREATE TRIGGER {name} {event} WHEN {refused} BEGIN SELECT RAISE(ABORT, '{message}'); END"
        for name, event, refused, message in CONDITIONS
    }
    for table, keys in TABLES.items():
        if table != MOVES_FORWARD:
            made[f"{table}_no_update"] = _refuse(table, "update", "UPDATE")
        if table != ERASABLE:
            made[f"{table}_no_delete"] = _refuse(table, "delete", "DELETE")
        made[f"{table}_no_replace"] = _refuse(table, "replace", "INSERT", f"WHEN {_taken(table, keys)} ")
    return made


def lifted() -> list[str]:
    """Statements that drop the triggers which look at a second table: with them SQLite can't rename a rebuilt table."""
    return [f"DROP TRIGGER IF EXISTS {name}" for name, _, refused, _ in CONDITIONS if "ledger_" in refused]


def _refuse(table: str, verb: str, event: str, when: str = "") -> str:
    message = f"the ledger is append-only ({verb} on {table})"
    return (
        f"CREATE TRIGGER {table}_no_{verb} BEFORE {event} ON {table} {when}BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _taken(table: str, keys: list[tuple[str, ...]]) -> str:
    same = [" AND ".join(f"{column} = NEW.{column}" for column in key) for key in [("id",), *keys]]
    return f"EXISTS (SELECT 1 FROM {table} WHERE {' OR '.join(f'({test})' for test in same)})"  # noqa: S608 our names


def statements(cursor: Any) -> list[str]:
    """What to execute so that every guard stands as written here."""
    return [text for name, create in triggers().items() for text in (f"DROP TRIGGER IF EXISTS {name}", create)]


def problems(cursor: Any) -> list[str]:
    """Guards that are missing or altered, one sentence each."""
    cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
    found = {name: re.sub(r"\s+", " ", text) for name, text in cursor.fetchall()}
    wrong = []
    for name, create in triggers().items():
        if name not in found:
            wrong.append(f"trigger {name} is missing")
        elif found[name] != create:
            wrong.append(f"trigger {name} is altered")
    return wrong
