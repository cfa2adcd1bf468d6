"""Entries in sentences for the report, in both languages; the English ones are those of the timeline."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from audit.reports.contributions import Sentence
from audit.selectors import EntryRow
from incidents.report import german_incidents, german_regulation, german_runs
from incidents.timeline import LINES, OPTIONAL, readable, view_of

GERMAN = {**german_incidents.LINES, **german_runs.LINES, **german_regulation.LINES}
MARKED = frozenset({"occurred_at", "corrected_by", "it_said"})  # the report says these in its own way
STAMP = re.compile(r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)")

Said = str | Callable[[Mapping[str, Any]], str]


class _Fields(dict[str, Any]):
    """Fields for a sentence; one that the entry doesn't have is a dash."""

    def __missing__(self, name: str) -> str:
        return "–"


def speak(row: EntryRow, names: Mapping[str, str], language: str) -> Sentence | None:
    """An entry of an incident or a run in words; None for kinds of other rooms."""
    if language == "de":
        return _german(row, names)
    if row.kind not in LINES:
        return None
    fields = {name: value for name, value in row.fields.items() if name not in MARKED}
    seen = view_of(replace(row, fields=fields), names)
    return Sentence(_moments(f"{seen.lead} {seen.rest}".strip()), _moments(seen.note), seen.quote)


def _german(row: EntryRow, names: Mapping[str, str]) -> Sentence | None:
    lines = GERMAN.get(row.kind)
    if lines is None:
        return None
    fields = _Fields({name: readable(value, names) for name, value in row.fields.items()})
    for optional in OPTIONAL:
        fields.setdefault(optional, "")
    fields["who"] = names.get(row.actor, row.actor)
    text, note, quote = (_said(each, fields) for each in (*lines, "", "")[:3])
    return Sentence(_moments(text), _moments(note), quote)


def _said(text: Said, fields: Mapping[str, Any]) -> str:
    return text.format_map(fields) if isinstance(text, str) else text(fields)


def _moments(text: str) -> str:
    """2026-11-20T14:05:07Z reads 2026-11-20 14:05:07 UTC in a document."""
    return STAMP.sub(r"\1 \2 UTC", text)
