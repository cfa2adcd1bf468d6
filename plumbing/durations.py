"""Lengths of time as people write them: 250ms, 30s, 5m, 1h, or a number of seconds.

Needed by runbooks (waits, limits, deadlines) and approvals (clocks of a policy).
"""

import re

UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
LONGEST_S = 7 * 24 * 3600.0


def duration_s(value: object, *, longest_s: float = LONGEST_S) -> float:
    """The length in seconds. Days (2d) are for lengths that may be longer than a week.

    Raises ValueError, which says what would be right, for anything else and beyond `longest_s`."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    elif isinstance(value, str) and (match := _written(value, longest_s)):
        found = float(match[1]) * UNITS[match[2]]
    else:
        raise ValueError(f"found {value!r}, expected a length of time such as 30s, 5m or 1h")
    if not 0 <= found <= longest_s:
        raise ValueError(f"found {value!r}, expected 0 to {longest_s / 86_400:g} days")
    return found


def in_words(seconds: float) -> str:
    """ "5 min", "1 h 30 min", "45 s", "2 days": whole units, the two largest."""
    left, parts = round(seconds), []
    for size, name in ((86_400, "days"), (3600, "h"), (60, "min"), (1, "s")):
        count, left = divmod(left, size)
        if count:
            parts.append("1 day" if name == "days" and count == 1 else f"{count} {name}")
    return " ".join(parts[:2]) or "0 s"


def _written(text: str, longest_s: float) -> re.Match[str] | None:
    match = DURATION.fullmatch(text.strip())
    return None if match and match[2] == "d" and longest_s <= LONGEST_S else match
