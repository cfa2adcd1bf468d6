"""Moments as authors write them: `"22:00"` (UTC, the next one), or a date with its zone."""

import datetime as dt
import re

from runbooks.definitions.fields import Fields

CLOCK = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
REMEDY = 'Write "22:00" (UTC, the next one) or "2026-11-21T22:00:00+01:00".'


def check_moment(fields: Fields, name: str) -> str:
    """The moment as it was written, its form checked; one with a `{{ path }}` is judged when its value is known."""
    text = fields.text(name, longest=100)
    if not text or "{{" in text or CLOCK.fullmatch(text):
        return text
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        fields.problem(name, f"Found `{text}`, expected a moment.", REMEDY)
        return ""
    if moment.tzinfo is None:
        fields.problem(name, f"`{text}` is another moment in each time zone.", REMEDY)
    return text
