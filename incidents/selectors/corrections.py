"""Corrections both ways: what the corrected entry said, and by which entry one was corrected."""

from collections.abc import Sequence
from dataclasses import replace

from audit.canonical import Json
from audit.selectors import CORRECTED, EntryRow, corrections, said_at


def with_corrections(stream_uid: str, rows: Sequence[EntryRow]) -> list[EntryRow]:
    """The rows, those that correct one with its text as field `it_said`, those that were corrected with
    `corrected_by`, the sequence of the last correction. Neither field is in the ledger."""
    if not (by := corrections(stream_uid)):
        return list(rows)
    wrong = {row.seq: row.fields.get("corrects") for row in rows if row.kind == CORRECTED}
    said = said_at(stream_uid, [seq for seq in wrong.values() if isinstance(seq, int)])
    return [_marked(row, said.get(_number(wrong.get(row.seq))), by.get(row.seq)) for row in rows]


def _number(found: Json) -> int:
    return found if isinstance(found, int) else -1


def _marked(row: EntryRow, it_said: Json, corrected_by: int | None) -> EntryRow:
    more: dict[str, Json] = {"it_said": it_said} if it_said else {}
    more |= {"corrected_by": corrected_by} if corrected_by is not None else {}
    return replace(row, fields={**row.fields, **more}) if more else row
