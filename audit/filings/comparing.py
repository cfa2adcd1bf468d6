"""What a report says otherwise than the one before it, in words. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audit.filings.model import Form, Kind
from audit.filings.values import shown


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. kind: added, removed or changed."""

    field: str
    name: str
    kind: str
    words: str


def changes(form: Form, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """Every field that differs between two reports, in order, said for whoever reads both."""
    found: list[Change] = []
    for one in form.fields:
        was, now = before.get(one.id), after.get(one.id)
        if was == now:
            continue
        if was is None:
            found.append(Change(one.id, one.name, "added", f"New: {_short(shown(form, one, now))}"))
        elif now is None:
            found.append(Change(one.id, one.name, "removed", f"No longer said; it was {_short(shown(form, one, was))}"))
        else:
            found.append(Change(one.id, one.name, "changed", _changed(form, one.id, was, now)))
    return found


def _changed(form: Form, number: str, was: Any, now: Any) -> str:
    one = form.by_id[number]
    if one.kind == Kind.MULTICHOICE:
        came = [form.label(one, code) for code in now if code not in was]
        went = [form.label(one, code) for code in was if code not in now]
        parts = [f"now also {', '.join(came)}" if came else "", f"no longer {', '.join(went)}" if went else ""]
        return "; ".join(part for part in parts if part).capitalize()
    if one.kind == Kind.TEXT:
        grown = len(now) - len(was)
        by = f"{abs(grown)} characters {'longer' if grown > 0 else 'shorter'}" if grown else "as long as before"
        return f"Rewritten, {by}: {_short(now)}"
    return f"{_short(shown(form, one, now))}, before {_short(shown(form, one, was))}"


def _short(text: str, most: int = 160) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
